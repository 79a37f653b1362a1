#include "mtcnn/data/coco_annotations.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace mtcnn {
namespace {

constexpr size_t kKeypointValues = 3;

/// The parts of the file that annotations refer to.
struct CocoFile {
  std::vector<ImageAnnotation> images;
  std::unordered_map<int64_t, size_t> image_of;       ///< by id
  std::optional<std::unordered_set<int64_t>> wanted;  ///< ids of categories; nothing: all
};

std::string entry_where(const std::filesystem::path& path, const char* list, size_t index) {
  return concat(path.string(), ": ", list, "[", index, "]");
}

void read_images(const Json& json, const std::filesystem::path& path, CocoFile& file) {
  const JsonFields whole(path.string());
  const Json& list = whole.list(json, "images");
  std::unordered_set<std::string> names;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(entry_where(path, "images", i));
    ImageAnnotation image;
    image.image = fields.name(list[i], "file_name");
    image.width = fields.optional_size(list[i], "width");
    image.height = fields.optional_size(list[i], "height");
    if (!names.insert(image.image).second) fields.refuse("this image occurs twice", list[i]["file_name"], "one entry");
    if (!file.image_of.emplace(fields.whole_number(list[i], "id"), file.images.size()).second)
      fields.refuse("this id occurs twice", list[i]["id"], "an id of its own");
    file.images.push_back(std::move(image));
  }
}

void read_categories(const Json& json, const std::filesystem::path& path, const std::vector<std::string>& names,
                     CocoFile& file) {
  if (names.empty()) return;
  file.wanted.emplace();
  const JsonFields whole(path.string());
  const Json& list = whole.list(json, "categories");
  std::vector<std::string> known;
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(entry_where(path, "categories", i));
    known.push_back(fields.name(list[i], "name"));
    if (std::find(names.begin(), names.end(), known.back()) != names.end())
      file.wanted->insert(fields.whole_number(list[i], "id"));
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorCode::usage, "these annotations do not have this category",
                {.where = path.string(), .found = concat("'", name, "'"), .expected = join(known, ", ")});
  }
}

bool is_crowd(const JsonFields& fields, const Json& value) {
  const Json* crowd = fields.optional_member(value, "iscrowd");
  if (crowd == nullptr) return false;
  if (crowd->is_boolean()) return crowd->get<bool>();
  if (*crowd != 0 && *crowd != 1) fields.refuse("bad 'iscrowd'", *crowd, "0 or 1");
  return *crowd == 1;
}

void read_keypoints(const JsonFields& fields, const Json& value, const WantedKeypoints& wanted, FaceAnnotation& face) {
  const Json* points = fields.optional_member(value, "keypoints");
  if (points == nullptr || wanted.count == 0) return;
  if (!points->is_array() || points->size() != kKeypointValues * wanted.count) {
    if (!wanted.required) return;
    throw Error(ErrorCode::bad_format, "another number of landmarks than expected",
                {.where = fields.where(),
                 .found = points->is_array() ? concat(points->size(), " numbers in 'keypoints'") : shown(*points),
                 .expected = concat(kKeypointValues, " for each of the ", wanted.count,
                                    " points that 'landmarks' of the configuration names")});
  }
  ExactPoints landmarks;
  for (size_t at = 0; at < points->size(); at += kKeypointValues) {
    landmarks.push_back({fields.number((*points)[at], "keypoints"), fields.number((*points)[at + 1], "keypoints")});
    if (fields.number((*points)[at + 2], "keypoints") <= 0) return;
  }
  face.landmarks = std::move(landmarks);
}

}  // namespace

void read_coco_annotations(const std::filesystem::path& path, const std::vector<std::string>& categories,
                           const WantedKeypoints& points, const std::function<void(ImageAnnotation&&)>& use,
                           const std::function<void(const std::string& where)>& skip) {
  const Json json = read_json(path, kLargestData);
  const JsonFields top(path.string());
  if (!json.is_object()) top.refuse("no COCO annotations", json, "an object with images and annotations");
  CocoFile file;
  read_images(json, path, file);
  read_categories(json, path, categories, file);
  const Json& list = top.list(json, "annotations");
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(entry_where(path, "annotations", i));
    const auto image = file.image_of.find(fields.whole_number(list[i], "image_id"));
    if (image == file.image_of.end()) fields.refuse("an unknown image", list[i]["image_id"], "the id of an image");
    if (file.wanted && !file.wanted->contains(fields.whole_number(list[i], "category_id"))) continue;
    const auto [x, y, w, h] = fields.box(list[i], "bbox");
    if (w <= 0 || h <= 0) {
      skip(fields.where());
      continue;
    }
    FaceAnnotation face{.x = x, .y = y, .w = w, .h = h, .ignore = is_crowd(fields, list[i])};
    read_keypoints(fields, list[i], points, face);
    file.images[image->second].faces.push_back(face);
  }
  for (ImageAnnotation& image : file.images) use(std::move(image));
}

}  // namespace mtcnn
