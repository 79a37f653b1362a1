#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"
#include "mtcnn/labels/raw_labels.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace mtcnn::labels {
namespace {

constexpr double kSame = 0.01;  ///< pixels: boxes that differ by less are the same
constexpr size_t kMostClasses = 10000;
constexpr size_t kMostNamed = 100;    ///< classes that are counted each by itself
constexpr size_t kMostPoints = 1000;  ///< as LandmarkLayout has them
constexpr double kRounded = 1;        ///< pixels by which tools that round leave the image

/// What is counted of an image whose labels are all fine but for this.
void count_flags(const RawObject& object, SkipCounts& kept) {
  if (object.difficult) kept.add("object marked difficult: ignored in training and scoring", object.where);
  if (object.crowd) kept.add("crowd: ignored in training and scoring", object.where);
  if (object.truncated) kept.add("object marked truncated: used like others", object.where);
  if (object.occluded) kept.add("object marked occluded: used like others", object.where);
}

/// Equal for boxes of one class that are the same but for rounding.
using BoxKey = std::tuple<std::string, int64_t, int64_t, int64_t, int64_t>;

BoxKey key_of(const FaceAnnotation& face) {
  const auto steps = [](double value) { return std::llround(std::clamp(value / kSame, -1e15, 1e15)); };
  return {face.category, steps(face.x), steps(face.y), steps(face.w), steps(face.h)};
}

/// Names of points in the order in which objects are to have them.
std::vector<std::string> names_of_points(const RawLabels& raw, const LabelOptions& options) {
  if (!options.landmarks.empty()) return options.landmarks;
  if (!raw.point_names.empty()) return raw.point_names;
  std::vector<std::string> names;
  size_t most = 0;
  for (const RawImage& image : raw.images) {
    for (const RawObject& object : image.objects) {
      most = std::max(most, object.points.size());
      for (const NamedPoint& point : object.points) {
        if (std::find(names.begin(), names.end(), point.name) == names.end()) names.push_back(point.name);
        if (names.size() > kMostPoints) {
          throw Error(ErrorCode::unsupported, "points of more names than an object has",
                      {.where = object.where, .expected = concat("at most ", kMostPoints)});
        }
      }
    }
  }
  if (names.size() == 1 && most != 1) return default_landmark_names(most);  // no names, or one name for all
  // Sets of ours and of faces keep their order, whichever object comes first.
  const std::vector<std::string> usual = default_landmark_names(names.size());
  return std::is_permutation(names.begin(), names.end(), usual.begin(), usual.end()) ? usual : names;
}

/// Puts an object's points into the order of `names`; nothing where one is missing or there are others.
std::optional<ExactPoints> ordered(const std::vector<NamedPoint>& points, const std::vector<std::string>& names) {
  if (points.empty() || points.size() != names.size()) return {};
  ExactPoints result;
  const bool one_name =
      std::all_of(points.begin(), points.end(), [&](const NamedPoint& p) { return p.name == points.front().name; });
  if (one_name && (points.size() > 1 || points.front().name.empty())) {
    for (const NamedPoint& point : points) result.push_back({point.x, point.y});
    return result;
  }
  for (const std::string& name : names) {
    const auto found = std::find_if(points.begin(), points.end(), [&](const NamedPoint& p) { return p.name == name; });
    if (found == points.end()) return {};
    result.push_back({found->x, found->y});
  }
  return result;
}

class Checker {
 public:
  Checker(RawLabels&& raw, const LabelOptions& options) : raw_(std::move(raw)), options_(options) {
    set_.landmark_names = names_of_points(raw_, options);
  }

  LabelSet run() {
    std::unordered_map<std::string, std::string> first;
    for (RawImage& image : raw_.images) {
      const auto [earlier, is_new] = first.emplace(image.name, image.where);
      if (!is_new) {
        throw Error(ErrorCode::bad_format, "this image occurs twice",
                    {.where = image.where, .found = concat("'", image.name, "', as in ", earlier->second)});
      }
      take(image);
    }
    if (!any_points_) set_.landmark_names.clear();
    set_.images_folder = std::move(raw_.images_folder);
    set_.files = std::move(raw_.files);
    set_.dropped = std::move(dropped_);
    for (const Skipped& item : raw_.dropped.all()) set_.dropped.add(item);
    // Classes in the order of the file's own list, then as they occur.
    std::vector<std::string> classes;
    for (const std::string& name : raw_.classes) {
      if (options_.counts(name)) classes.push_back(name);
    }
    for (const std::string& name : set_.classes) {
      if (std::find(classes.begin(), classes.end(), name) == classes.end()) classes.push_back(name);
    }
    set_.classes = std::move(classes);
    return std::move(set_);
  }

 private:
  void take(RawImage& raw) {
    ImageAnnotation image{.image = raw.name, .width = raw.width, .height = raw.height};
    if (raw.missing) set_.kept.add("image that is not there", concat(raw.where, ": '", raw.name, "'"));
    std::set<BoxKey> boxes;
    for (const RawObject& object : raw.objects) {
      std::optional<FaceAnnotation> face = box_of(object, image);
      if (!face) continue;
      if (!boxes.insert(key_of(*face)).second) {
        dropped_.add("box that is there twice", object.where);
        continue;
      }
      take_points(object, *face);
      count_flags(object, set_.kept);
      if (!face->category.empty() && seen_.insert(face->category).second) set_.classes.push_back(face->category);
      if (seen_.size() > kMostClasses) {
        throw Error(ErrorCode::unsupported, "more classes than labels have",
                    {.where = object.where, .expected = concat("at most ", kMostClasses)});
      }
      image.faces.push_back(std::move(*face));
    }
    set_.images.push_back(std::move(image));
  }

  std::optional<FaceAnnotation> box_of(const RawObject& object, const ImageAnnotation& image) {
    if (!options_.counts(object.category)) {
      if (others_.size() < kMostNamed) others_.insert(object.category);
      dropped_.add(others_.contains(object.category) ? concat("object of another class ('", object.category, "')")
                                                     : "object of still another class",
                   object.where);
      return {};
    }
    FaceAnnotation face{.x = std::min(object.x1, object.x2),
                        .y = std::min(object.y1, object.y2),
                        .w = std::abs(object.x2 - object.x1),
                        .h = std::abs(object.y2 - object.y1),
                        .ignore = object.difficult || object.crowd,
                        .category = object.category};
    if (!(face.w > 0 && face.h > 0)) {
      dropped_.add("face without width or height", object.where);
      return {};
    }
    if (!std::isfinite(face.w) || !std::isfinite(face.h)) {
      throw Error(ErrorCode::bad_format, "a box too large for numbers", {.where = object.where});
    }
    if (image.width > 0 && image.height > 0) {
      const double right = face.x + face.w - image.width;
      const double bottom = face.y + face.h - image.height;
      if (face.x >= image.width || face.y >= image.height || face.x + face.w <= 0 || face.y + face.h <= 0) {
        dropped_.add("box outside its image", object.where);
        return {};
      }
      if (std::max({-face.x, -face.y, right, bottom}) > kRounded)
        set_.kept.add("box that reaches beyond its image: used as it is", object.where);
    }
    if (object.ordered_corners && (object.x2 < object.x1 || object.y2 < object.y1))
      set_.kept.add("corners in the wrong order: put right", object.where);
    return face;
  }

  void take_points(const RawObject& object, FaceAnnotation& face) {
    if (object.points.empty() && !object.some_points) return;
    if (std::optional<ExactPoints> points = ordered(object.points, set_.landmark_names)) {
      any_points_ = true;
      face.landmarks = std::move(points);
      return;
    }
    if (options_.landmarks_required && !options_.landmarks.empty() &&
        object.points.size() > options_.landmarks.size()) {
      throw Error(ErrorCode::bad_format, "another number of landmarks than expected",
                  {.where = object.where,
                   .found = concat(object.points.size(), " points"),
                   .expected = concat(options_.landmarks.size(), ", as 'landmarks' of the configuration says")});
    }
    set_.kept.add("object without all of its points: used without any", object.where);
  }

  RawLabels raw_;
  const LabelOptions& options_;
  LabelSet set_;
  SkipCounts dropped_;
  std::unordered_set<std::string> seen_;    ///< the classes of what is used
  std::unordered_set<std::string> others_;  ///< classes of what is not, the first ones
  bool any_points_ = false;
};

}  // namespace

LabelSet checked(RawLabels&& raw, const LabelOptions& options) { return Checker(std::move(raw), options).run(); }

}  // namespace mtcnn::labels
