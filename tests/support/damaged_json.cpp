#include "support/damaged_json.h"

#include <fstream>
#include <vector>

namespace mtcnn::testing {
namespace {

void add_places(const Json& value, const Json::json_pointer& place, std::vector<Json::json_pointer>& places) {
  places.push_back(place);
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) add_places(member, place / key, places);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) add_places(value[i], place / i, places);
  }
}

}  // namespace

void overwrite(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void for_each_damage(const Json& whole, const std::function<void(const Json& damaged, const std::string& what)>& use) {
  const std::vector<Json> others = {nullptr,
                                    true,
                                    -1,
                                    1e300,
                                    uint64_t{1} << 63U,
                                    3,
                                    2.5,
                                    "text",
                                    "",
                                    Json::array(),
                                    Json::array({1}),
                                    Json::object(),
                                    Json::object({{"a", Json::array({"b"})}})};
  std::vector<Json::json_pointer> places;
  add_places(whole, Json::json_pointer(), places);
  for (const Json::json_pointer& place : places) {
    for (const Json& other : others) {
      Json damaged = whole;
      damaged[place] = other;
      use(damaged, place.to_string() + " = " + other.dump());
    }
    if (place.empty()) continue;
    Json damaged = whole;
    Json& parent = damaged[place.parent_pointer()];
    if (parent.is_object()) {
      parent.erase(place.back());
    } else {
      parent.erase(static_cast<size_t>(std::stoul(place.back())));
    }
    use(damaged, place.to_string() + " removed");
  }
}

}  // namespace mtcnn::testing
