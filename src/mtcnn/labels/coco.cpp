#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/labels/raw_labels.h"

#include <algorithm>
#include <unordered_map>

namespace mtcnn::labels {
namespace fs = std::filesystem;
namespace {

constexpr size_t kKeypointValues = 3;

std::string entry_where(const fs::path& file, const char* list, size_t index) {
  return concat(file.string(), ": ", list, "[", index, "]");
}

/// The entries of one file by their ids.
struct Ids {
  std::unordered_map<int64_t, size_t> images;           ///< place in RawLabels::images
  std::unordered_map<int64_t, std::string> categories;  ///< names
};

void read_images(const Json& json, const fs::path& file, RawLabels& raw, Ids& ids) {
  const Json& list = JsonFields(file.string()).list(json, "images");
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(entry_where(file, "images", i));
    RawImage image{.where = fields.where()};
    find_image(image, raw.images_folder, fields.name(list[i], "file_name"), "", "");
    image.width = fields.optional_size(list[i], "width");
    image.height = fields.optional_size(list[i], "height");
    if (!ids.images.emplace(fields.whole_number(list[i], "id"), raw.images.size()).second)
      fields.refuse("this id occurs twice", list[i]["id"], "an id of its own");
    raw.images.push_back(std::move(image));
  }
}

void read_categories(const Json& json, const fs::path& file, const LabelOptions& options, RawLabels& raw, Ids& ids) {
  if (!json.contains("categories") && options.classes.empty()) return;
  const Json& list = JsonFields(file.string()).list(json, "categories");
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(entry_where(file, "categories", i));
    const std::string name = fields.name(list[i], "name");
    ids.categories[fields.whole_number(list[i], "id")] = name;
    raw.classes.push_back(name);
    const Json* points = fields.optional_member(list[i], "keypoints");
    if (points == nullptr || points->empty() || !options.counts(name) || !raw.point_names.empty()) continue;
    raw.point_names = read_landmark_names(*points, fields.where(), ErrorCode::bad_format);
  }
  for (const std::string& name : options.classes) {
    if (std::find(raw.classes.begin(), raw.classes.end(), name) != raw.classes.end()) continue;
    throw Error(ErrorCode::usage, "these annotations do not have this category",
                {.where = file.string(), .found = concat("'", name, "'"), .expected = join(raw.classes, ", ")});
  }
}

bool is_crowd(const JsonFields& fields, const Json& value) {
  const Json* crowd = fields.optional_member(value, "iscrowd");
  if (crowd == nullptr) return false;
  if (crowd->is_boolean()) return crowd->get<bool>();
  if (*crowd != 0 && *crowd != 1) fields.refuse("bad 'iscrowd'", *crowd, "0 or 1");
  return *crowd == 1;
}

void read_keypoints(const JsonFields& fields, const Json& value, const LabelOptions& options, RawObject& object) {
  const Json* list = fields.optional_member(value, "keypoints");
  if (list == nullptr || (list->is_array() && list->empty())) return;
  if (!list->is_array() || list->size() % kKeypointValues != 0)
    fields.refuse("bad 'keypoints'", *list, "a list of x, y, visibility");
  if (options.landmarks_required && list->size() != kKeypointValues * options.landmarks.size()) {
    throw Error(ErrorCode::bad_format, "another number of landmarks than expected",
                {.where = fields.where(),
                 .found = concat(list->size(), " numbers in 'keypoints'"),
                 .expected = concat(kKeypointValues, " for each of the ", options.landmarks.size(),
                                    " points that 'landmarks' of the configuration names")});
  }
  size_t labelled = 0;
  std::vector<NamedPoint> points;
  for (size_t at = 0; at < list->size(); at += kKeypointValues) {
    points.push_back({"", fields.number((*list)[at], "keypoints"), fields.number((*list)[at + 1], "keypoints")});
    if (fields.number((*list)[at + 2], "keypoints") > 0) ++labelled;
  }
  set_points(object, std::move(points), labelled);
}

RawObject read_object(const JsonFields& fields, const Json& value, const LabelOptions& options, const Ids& ids) {
  RawObject object{.where = fields.where()};
  if (!ids.categories.empty()) {
    const auto category = ids.categories.find(fields.whole_number(value, "category_id"));
    if (category == ids.categories.end())
      fields.refuse("an unknown category", value["category_id"], "the id of a category");
    object.category = category->second;
  }
  const auto [x, y, w, h] = fields.box(value, "bbox");
  object.x1 = x;
  object.y1 = y;
  object.x2 = x + w;
  object.y2 = y + h;
  object.crowd = is_crowd(fields, value);
  read_keypoints(fields, value, options, object);
  return object;
}

}  // namespace

RawLabels read_coco(const fs::path& path, const LabelOptions& options) {
  RawLabels raw;
  const fs::path file = label_file(path, options.list, "annotations.json", ".json");
  raw.files = {file};
  raw.images_folder = images_folder(path, file, options.images);
  const Json json = parse_json(label_text(file), file.string());
  const JsonFields top(file.string());
  if (!json.is_object()) top.refuse("no COCO annotations", json, "an object with images and annotations");
  Ids ids;
  read_images(json, file, raw, ids);
  read_categories(json, file, options, raw, ids);
  const Json& list = top.list(json, "annotations");
  for (size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(entry_where(file, "annotations", i));
    const auto image = ids.images.find(fields.whole_number(list[i], "image_id"));
    if (image == ids.images.end()) fields.refuse("an unknown image", list[i]["image_id"], "the id of an image");
    raw.images[image->second].objects.push_back(read_object(fields, list[i], options, ids));
  }
  return raw;
}

SkipCounts write_coco(const LabelSet& set, const fs::path& out) {
  Json images = Json::array();
  Json annotations = Json::array();
  for (const ImageAnnotation& image : set.images) {
    const size_t id = images.size() + 1;
    Json item = {{"id", id}, {"file_name", image.image}};
    if (image.width > 0) {
      item["width"] = image.width;
      item["height"] = image.height;
    }
    images.push_back(std::move(item));
    for (const FaceAnnotation& face : image.faces) {
      Json object = {{"id", annotations.size() + 1},
                     {"image_id", id},
                     {"category_id", class_index(set, face) + 1},
                     {"bbox", {face.x, face.y, face.w, face.h}},
                     {"area", face.w * face.h},
                     {"iscrowd", face.ignore ? 1 : 0}};
      if (face.landmarks) {
        Json points = Json::array();
        for (const auto& [x, y] : *face.landmarks) {
          for (const double value : {x, y, 2.0}) points.push_back(value);
        }
        object["num_keypoints"] = face.landmarks->size();
        object["keypoints"] = std::move(points);
      }
      annotations.push_back(std::move(object));
    }
  }
  Json categories = Json::array();
  for (const std::string& name : set.classes) {
    Json category = {{"id", categories.size() + 1}, {"name", name}};
    if (!set.landmark_names.empty()) {
      category["keypoints"] = set.landmark_names;
      category["skeleton"] = Json::array();
    }
    categories.push_back(std::move(category));
  }
  write_unsynced(out / "annotations.json", Json({{"images", std::move(images)},
                                                 {"annotations", std::move(annotations)},
                                                 {"categories", std::move(categories)}})
                                                   .dump() +
                                               "\n");
  return {};
}

}  // namespace mtcnn::labels
