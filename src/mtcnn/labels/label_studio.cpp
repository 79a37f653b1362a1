#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/labels/raw_labels.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

namespace mtcnn::labels {
namespace fs = std::filesystem;
namespace {

constexpr double kPercent = 100;
constexpr size_t kUploadPrefix = 9;  ///< "1a2b3c4d-": what Label Studio puts before the name of an uploaded image

/// "%20" and its like put back.
std::string decoded(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// The path of an image in a task's address of it: "/data/local-files/?d=photos/a.jpg" gives "photos/a.jpg".
std::string image_path(const std::string& address, const std::string& where) {
  std::string path = address;
  if (const size_t local = path.find("?d="); local != std::string::npos) {
    path = path.substr(local + 3);
  } else {
    path = path.substr(0, path.find('?'));
    if (const size_t scheme = path.find("://"); scheme != std::string::npos) path = path.substr(scheme + 3);
  }
  return utf8(decoded(path), where);
}

bool is_upload(const std::string& name) {
  return name.size() > kUploadPrefix && name[kUploadPrefix - 1] == '-' &&
         std::all_of(name.begin(), name.begin() + kUploadPrefix - 1,
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// The task's image: the first text in its data, "image" before others.
std::string image_address(const JsonFields& fields, const Json& task) {
  const Json& data = fields.member(task, "data");
  fields.require_object(data, "bad 'data'");
  if (data.contains("image")) return fields.name(data, "image");
  for (const auto& [key, value] : data.items()) {
    if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value.get<std::string>();
  }
  fields.refuse("a task without an image", data, "\"data\": {\"image\": …}");
}

class TaskReader {
 public:
  TaskReader(RawImage& image, SkipCounts& dropped) : image_(image), dropped_(dropped) {}

  void read(const Json& results) {
    for (size_t i = 0; i < results.size(); ++i) {
      const JsonFields fields(concat(image_.where, ": result[", i, "]"));
      fields.require_object(results[i], "a bad result");
      take(fields, results[i]);
    }
    for (auto& [id, points] : points_) {
      const auto relation = relations_.find(id);
      const auto box =
          boxes_.find(points.parent.empty() && relation != relations_.end() ? relation->second : points.parent);
      if (box == boxes_.end()) {
        dropped_.add(kLonePoints, image_.where);
      } else {
        image_.objects[box->second].points.push_back(points.point);
      }
    }
  }

 private:
  struct Point {
    NamedPoint point;
    std::string parent;  ///< id of its box
  };

  void take(const JsonFields& fields, const Json& result) {
    const std::string type = fields.optional_text(result, "type", "");
    if (type == "relation") {
      relations_[fields.name(result, "from_id")] = fields.name(result, "to_id");
      relations_.emplace(fields.name(result, "to_id"), fields.name(result, "from_id"));
      return;
    }
    const bool keypoint = type.starts_with("keypoint");
    if (!keypoint && !type.starts_with("rectangle") && !type.starts_with("polygon") && !type.starts_with("ellipse")) {
      // Choices, texts and ratings are about the image, not about a place in it.
      if (type.starts_with("brush") || type.starts_with("vector")) dropped_.add(kNoBox, fields.where());
      return;
    }
    image_.width = fields.optional_size(result, "original_width");
    image_.height = fields.optional_size(result, "original_height");
    if (image_.width < 1 || image_.height < 1)
      fields.refuse("a result without the image's size", result, "\"original_width\" and \"original_height\"");
    const Json& value = fields.member(result, "value");
    const std::string id = fields.optional_text(result, "id", "");
    const std::string label = label_of(fields, value, type);
    if (keypoint) {
      points_.emplace_back(id, Point{{label, across(fields, value, "x"), down(fields, value, "y")},
                                     fields.optional_text(result, "parentID", "")});
      return;
    }
    const Extent extent = extent_of(fields, value, type);
    if (extent.empty()) return dropped_.add(kNoBox, fields.where());
    RawObject object{.where = fields.where(), .category = label, .difficult = is_marked(fields, result, "difficult")};
    extent.to(object);
    // Label Studio itself writes the upper left corner and sizes; others may be negative.
    if (type.starts_with("rectangle")) {
      if (fields.number(fields.member(value, "width"), "width") < 0) std::swap(object.x1, object.x2);
      if (fields.number(fields.member(value, "height"), "height") < 0) std::swap(object.y1, object.y2);
    }
    if (!id.empty()) boxes_.emplace(id, image_.objects.size());
    image_.objects.push_back(std::move(object));
  }

  double across(const JsonFields& fields, const Json& value, const char* key) const {
    return fields.number(fields.member(value, key), key) * image_.width / kPercent;
  }
  double down(const JsonFields& fields, const Json& value, const char* key) const {
    return fields.number(fields.member(value, key), key) * image_.height / kPercent;
  }

  /// The first of the labels that lie under the name of the result's type, or under "labels"; empty where there is
  /// none.
  static std::string label_of(const JsonFields& fields, const Json& value, const std::string& type) {
    for (const char* key : {type.c_str(), "labels"}) {
      if (!value.contains(key)) continue;
      const Json& labels = fields.list(value, key);
      if (labels.empty() || !labels[0].is_string()) fields.refuse(concat("bad '", key, "'"), labels, "a list of names");
      return labels[0].get<std::string>();
    }
    return {};
  }

  Extent extent_of(const JsonFields& fields, const Json& value, const std::string& type) const {
    Extent extent;
    if (type.starts_with("polygon")) {
      for (const Json& item : fields.list(value, "points")) {
        const auto [x, y] = fields.point(item, "points");
        extent.add(x * image_.width / kPercent, y * image_.height / kPercent);
      }
      return extent;
    }
    const double x = across(fields, value, "x");
    const double y = down(fields, value, "y");
    const double turn = value.contains("rotation") ? fields.number(value["rotation"], "rotation") : 0;
    if (type.starts_with("ellipse")) {
      const double rx = across(fields, value, "radiusX");
      const double ry = down(fields, value, "radiusY");
      return turned_box({x - rx, y - ry, x + rx, y + ry}, turn, x, y);
    }
    return turned_box({x, y, x + across(fields, value, "width"), y + down(fields, value, "height")}, turn, x, y);
  }

  /// Whether the note of a region says so, as write_label_studio() writes it.
  static bool is_marked(const JsonFields& fields, const Json& result, const char* word) {
    const Json* meta = fields.optional_member(result, "meta");
    if (meta == nullptr || !meta->is_object() || !meta->contains("text") || !(*meta)["text"].is_array()) return false;
    const Json& notes = (*meta)["text"];
    return std::find(notes.begin(), notes.end(), Json(word)) != notes.end();
  }

  RawImage& image_;
  SkipCounts& dropped_;
  std::vector<std::pair<std::string, Point>> points_;  ///< with their ids, in the order of the file
  std::map<std::string, size_t> boxes_;                ///< by id
  std::unordered_map<std::string, std::string> relations_;
};

/// The task's annotation that counts: the first that was not cancelled.
const Json* chosen_annotation(const JsonFields& fields, const Json& task, SkipCounts& dropped) {
  const Json* chosen = nullptr;
  for (const Json& annotation : fields.list(task, "annotations")) {
    fields.require_object(annotation, "a bad annotation");
    if (annotation.contains("was_cancelled") && annotation["was_cancelled"] == true) continue;
    if (chosen != nullptr) {
      dropped.add("another annotation of a task that has one already", fields.where());
      continue;
    }
    chosen = &annotation;
  }
  if (chosen == nullptr) dropped.add("task that nobody has annotated", fields.where());
  return chosen;
}

Json result_json(const std::string& id, const char* type, const Json& value, const Size& size) {
  const bool rectangle = std::string_view(type) == "rectanglelabels";
  return {{"id", id},
          {"type", type},
          {"from_name", rectangle ? "label" : "point"},
          {"to_name", "image"},
          {"original_width", size.width},
          {"original_height", size.height},
          {"image_rotation", 0},
          {"value", value}};
}

void write_face(const FaceAnnotation& face, const LabelSet& set, const Size& size, Json& results) {
  const auto x = [&](double value) { return value / size.width * kPercent; };
  const auto y = [&](double value) { return value / size.height * kPercent; };
  const std::string id = concat("object_", results.size());
  Json box = result_json(id, "rectanglelabels",
                         {{"x", x(face.x)},
                          {"y", y(face.y)},
                          {"width", x(face.w)},
                          {"height", y(face.h)},
                          {"rotation", 0},
                          {"rectanglelabels", Json::array({face.category})}},
                         size);
  if (face.ignore) box["meta"] = {{"text", Json::array({"difficult"})}};
  results.push_back(std::move(box));
  if (!face.landmarks) return;
  for (size_t i = 0; i < face.landmarks->size(); ++i) {
    Json point = result_json(concat(id, "_", i), "keypointlabels",
                             {{"x", x((*face.landmarks)[i][0])},
                              {"y", y((*face.landmarks)[i][1])},
                              {"width", 0.5},
                              {"keypointlabels", Json::array({set.landmark_names[i]})}},
                             size);
    point["parentID"] = id;
    results.push_back(std::move(point));
  }
}

}  // namespace

RawLabels read_label_studio(const fs::path& path, const LabelOptions& options) {
  RawLabels raw;
  const fs::path file = label_file(path, options.list, "annotations.json", ".json");
  raw.files = {file};
  raw.images_folder = images_folder(path, file, options.images);
  const Json json = parse_json(label_text(file), file.string());
  if (!json.is_array())
    JsonFields(file.string()).refuse("no labels of Label Studio", json, "a list of tasks: its export \"JSON\"");
  for (size_t i = 0; i < json.size(); ++i) {
    const JsonFields fields(concat(file.string(), ": task ", i + 1));
    if (json[i].is_object() && !json[i].contains("annotations") && !json[i].contains("data"))
      fields.refuse("no task of Label Studio", json[i],
                    "\"data\" and \"annotations\": export as JSON, not as JSON-MIN");
    RawImage image{.where = fields.where()};
    const std::string name = image_path(image_address(fields, json[i]), fields.where());
    const Json* annotation = chosen_annotation(fields, json[i], raw.dropped);
    if (annotation == nullptr) continue;
    find_image(image, raw.images_folder, name, "", "");
    if (const std::string last = fs::path(name).filename().string(); image.missing && is_upload(last)) {
      RawImage original = image;
      original.missing = false;
      find_image(original, raw.images_folder, last.substr(kUploadPrefix), "", "");
      if (!original.missing) image = original;
    }
    if (leaves_folder(image.name)) image.name = fs::path(name).filename().string();
    TaskReader(image, raw.dropped).read(fields.list(*annotation, "result"));
    raw.images.push_back(std::move(image));
  }
  return raw;
}

SkipCounts write_label_studio(const LabelSet& set, const fs::path& out) {
  Json tasks = Json::array();
  for (const ImageAnnotation& image : set.images) {
    Json results = Json::array();
    const Size size = size_of(image, set);
    for (const FaceAnnotation& face : image.faces) write_face(face, set, size, results);
    Json annotation = {{"id", tasks.size() + 1}, {"was_cancelled", false}, {"result", std::move(results)}};
    tasks.push_back({{"id", tasks.size() + 1},
                     {"data", {{"image", image.image}}},
                     {"annotations", Json::array({std::move(annotation)})}});
  }
  write_unsynced(out / "annotations.json", tasks.dump(1) + "\n");
  return {};
}

}  // namespace mtcnn::labels
