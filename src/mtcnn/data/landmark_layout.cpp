#include "mtcnn/data/landmark_layout.h"

#include "mtcnn/core/text.h"
#include "mtcnn/geometry/box.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace mtcnn {
namespace {

constexpr size_t kMostNames = 1000;

std::vector<size_t> unmoved(size_t count) {
  std::vector<size_t> mirror(count);
  std::iota(mirror.begin(), mirror.end(), size_t{0});
  return mirror;
}

/// Takes one layout out of JSON.
class LayoutReader {
 public:
  LayoutReader(const std::string& where, ErrorCode code) : where_(where), code_(code) {}

  LandmarkLayout read(const Json& json) const {
    if (!json.is_object()) refuse("bad landmarks", json, "{\"names\": [...], \"mirror\": [...]}");
    for (const auto& [key, value] : json.items()) {
      if (key != "names" && key != "count" && key != "mirror")
        refuse(concat("unknown key '", key, "'"), value, "names or count, and mirror");
    }
    if (json.contains("names") == json.contains("count")) refuse("bad landmarks", json, "either names or count");
    LandmarkLayout layout;
    layout.names = json.contains("names") ? names(json["names"]) : numbered(json["count"]);
    layout.mirror = unmoved(layout.count());
    if (json.contains("mirror")) {
      add_pairs(json["mirror"], layout);
    } else if (layout.count() > 1) {
      refuse("these landmarks lack 'mirror'", json,
             "\"mirror\": pairs of points that change places in a mirror image; [] = none do");
    }
    return layout;
  }

  std::vector<std::string> names(const Json& list) const {
    if (!list.is_array() || list.size() > kMostNames)
      refuse("bad names of landmarks", list, concat("a list of at most ", kMostNames, " names"));
    std::set<std::string> seen;
    std::vector<std::string> names;
    for (const Json& name : list) {
      if (!name.is_string() || name.get_ref<const std::string&>().empty())
        refuse("bad name of a landmark", name, "text, not empty");
      names.push_back(name.get<std::string>());
      if (!seen.insert(names.back()).second) refuse("two landmarks of one name", name, "a name of its own for each");
    }
    return names;
  }

 private:
  [[noreturn]] void refuse(const std::string& what, const Json& found, const std::string& expected) const {
    throw Error(code_, what, {.where = where_, .found = shown(found), .expected = expected});
  }

  std::vector<std::string> numbered(const Json& count) const {
    if (!count.is_number_unsigned() || count.get<uint64_t>() > kMostNames)
      refuse("bad count of landmarks", count, concat("a whole number from 0 to ", kMostNames));
    return default_landmark_names(count.get<size_t>());
  }

  size_t point(const Json& value, const Json& pair, const LandmarkLayout& layout) const {
    const auto place = value.is_string() ? std::find(layout.names.begin(), layout.names.end(), value.get<std::string>())
                                         : layout.names.end();
    if (place != layout.names.end()) return static_cast<size_t>(place - layout.names.begin());
    if (value.is_number_unsigned() && value.get<uint64_t>() < layout.count()) return value.get<size_t>();
    refuse("a mirror pair of points that are not there", pair,
           layout.count() == 0
               ? std::string("no pairs: there are no points")
               : concat("two of ", shown_names(layout.names), ", or numbers from 0 to ", layout.count() - 1));
  }

  void add_pairs(const Json& pairs, LandmarkLayout& layout) const {
    if (!pairs.is_array()) refuse("bad 'mirror' of landmarks", pairs, "a list of pairs, as [[0, 1], [3, 4]]");
    for (const Json& pair : pairs) {
      if (!pair.is_array() || pair.size() != 2) refuse("bad mirror pair of landmarks", pair, "two points");
      const size_t a = point(pair[0], pair, layout);
      const size_t b = point(pair[1], pair, layout);
      if (a == b || layout.mirror[a] != a || layout.mirror[b] != b)
        refuse("a landmark that is in two mirror pairs", pair, "each point in one pair at most");
      std::swap(layout.mirror[a], layout.mirror[b]);
    }
  }

  const std::string& where_;
  ErrorCode code_;
};

}  // namespace

const LandmarkLayout& face_landmarks() {
  static const LandmarkLayout layout{.names = {kLandmarkNames.begin(), kLandmarkNames.end()},
                                     .mirror = {1, 0, 2, 4, 3}};
  return layout;
}

std::vector<std::string> default_landmark_names(size_t count) {
  if (count == face_landmarks().count()) return face_landmarks().names;
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(concat("point_", i));
  return names;
}

std::optional<std::array<size_t, 5>> face_points_among(std::span<const std::string> names) {
  std::array<size_t, 5> places{};
  for (size_t i = 0; i < places.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), kLandmarkNames[i]);
    if (found == names.end()) return std::nullopt;
    places[i] = static_cast<size_t>(found - names.begin());
  }
  return places;
}

Json landmark_layout_json(const LandmarkLayout& layout) {
  Json pairs = Json::array();
  for (size_t i = 0; i < layout.count(); ++i) {
    if (layout.mirror[i] > i) pairs.push_back({i, layout.mirror[i]});
  }
  return {{"names", layout.names}, {"mirror", std::move(pairs)}};
}

LandmarkLayout read_landmark_layout(const Json& json, const std::string& where, ErrorCode code) {
  return LayoutReader(where, code).read(json);
}

std::vector<std::string> read_landmark_names(const Json& json, const std::string& where, ErrorCode code) {
  return LayoutReader(where, code).names(json);
}

std::string shown_names(std::span<const std::string> names) {
  constexpr size_t kMost = 6;
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<ptrdiff_t>(std::min(kMost, names.size())));
  return join(first, ", ") + (names.size() > kMost ? concat(", … (", names.size(), " points)") : "");
}

}  // namespace mtcnn
