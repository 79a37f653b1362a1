#include "mtcnn/data/detections.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"

#include <cmath>
#include <fstream>
#include <limits>

namespace mtcnn {
namespace {

/// One line being read: knows what to say when something is wrong with it.
class LineReader {
 public:
  LineReader(const std::filesystem::path& path, int64_t line) : path_(path), line_(line) {}

  std::string where() const { return concat(path_.string(), ":", line_); }

  [[noreturn]] void refuse(const std::string& what, const Json& found, const std::string& expected) const {
    throw Error(ErrorCode::bad_format, what, {.where = where(), .found = shown(found), .expected = expected});
  }

  const Json& member(const Json& object, const char* key) const {
    if (!object.is_object() || !object.contains(key))
      refuse(concat("'", key, "' is missing"), object, concat("an object with \"", key, "\""));
    return object[key];
  }

  double number(const Json& value, const char* key) const {
    if (!value.is_number() || !std::isfinite(value.get<double>()))
      refuse(concat("bad '", key, "'"), value, "a finite number");
    return value.get<double>();
  }

  int whole_number(const Json& value, const char* key) const {
    const double found = number(value, key);
    using Limits = std::numeric_limits<int>;
    if (found != std::floor(found) || found < Limits::min() || found > Limits::max())
      refuse(concat("bad '", key, "'"), value, "a whole number");
    return static_cast<int>(found);
  }

  std::array<double, 2> point(const Json& value, const char* key) const {
    if (!value.is_array() || value.size() != 2) refuse(concat("bad point '", key, "'"), value, "[x, y]");
    return {number(value[0], key), number(value[1], key)};
  }

  Detection face(const Json& value) const {
    const Json& box = member(value, "box");
    if (!box.is_array() || box.size() != 4) refuse("bad 'box'", box, "[x, y, w, h]");
    Detection face{number(box[0], "box"), number(box[1], "box"), number(box[2], "box"), number(box[3], "box"),
                   number(member(value, "confidence"), "confidence")};
    if (value.contains("keypoints") && !value["keypoints"].is_null()) {
      face.landmarks.emplace();
      for (size_t i = 0; i < kLandmarkNames.size(); ++i) {
        (*face.landmarks)[i] = point(member(value["keypoints"], kLandmarkNames[i]), kLandmarkNames[i]);
      }
    }
    return face;
  }

  ImageDetections image(const Json& value) const {
    ImageDetections image;
    const Json& name = member(value, "image");
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) refuse("bad 'image'", name, "a file name");
    image.image = name.get<std::string>();
    if (value.contains("width")) image.width = whole_number(value["width"], "width");
    if (value.contains("height")) image.height = whole_number(value["height"], "height");
    if (value.contains("error") && !value["error"].is_null()) {
      if (!value["error"].is_string()) refuse("bad 'error'", value["error"], "text");
      image.error = value["error"].get<std::string>();
    }
    const Json& faces = member(value, "faces");
    if (!faces.is_array()) refuse("bad 'faces'", faces, "a list");
    for (const Json& item : faces) image.faces.push_back(face(item));
    return image;
  }

 private:
  const std::filesystem::path& path_;
  int64_t line_;
};

Json face_json(const Detection& face) {
  Json json = {{"box", {face.x, face.y, face.w, face.h}}, {"confidence", face.confidence}};
  if (face.landmarks) {
    Json& points = json["keypoints"];
    for (size_t i = 0; i < kLandmarkNames.size(); ++i) points[kLandmarkNames[i]] = (*face.landmarks)[i];
  }
  return json;
}

}  // namespace

Detection to_detection(const Face& face) {
  Detection detection{shortest_double(face.box.x1), shortest_double(face.box.y1), shortest_double(face.box.width()),
                      shortest_double(face.box.height()), shortest_double(face.confidence)};
  detection.landmarks.emplace();
  for (size_t i = 0; i < face.landmarks.size(); ++i) {
    (*detection.landmarks)[i] = {shortest_double(face.landmarks[i].x), shortest_double(face.landmarks[i].y)};
  }
  return detection;
}

std::string detections_line(const ImageDetections& detections) {
  Json json = {{"image", detections.image}};
  if (!detections.error.empty()) {
    json["error"] = detections.error;
  } else {
    json["width"] = detections.width;
    json["height"] = detections.height;
  }
  Json& faces = json["faces"] = Json::array();
  for (const Detection& face : detections.faces) faces.push_back(face_json(face));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_detections(const std::filesystem::path& path, const std::function<void(ImageDetections&&)>& use) {
  std::ifstream file(path);
  if (!file) throw system_error(ErrorCode::not_found, "cannot open this detections file", path);
  std::string text;
  for (int64_t line = 1; std::getline(file, text); ++line) {
    if (trim(text).empty()) continue;
    const LineReader reader(path, line);
    use(reader.image(parse_json(text, reader.where())));
  }
  if (file.bad()) throw system_error(ErrorCode::unreadable, "cannot read this detections file", path);
}

}  // namespace mtcnn
