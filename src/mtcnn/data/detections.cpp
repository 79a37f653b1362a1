#include "mtcnn/data/detections.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/data/text_lines.h"

namespace mtcnn {
namespace {

/// The names of keypoints in their order in the file, but those of a face in the order of kLandmarkNames.
std::vector<std::string> names_of(const JsonFields& fields, const Json& points) {
  if (!points.is_object()) fields.refuse("bad 'keypoints'", points, "an object of points [x, y] by name");
  std::vector<std::string> names;
  for (const auto& [name, point] : points.items()) names.push_back(name);
  const bool face = names.size() == kLandmarkCount && face_points_among(names);
  return face ? face_landmarks().names : names;
}

/// \param names  of the faces before; empty: this is the first with keypoints, whose names they become.
Detection read_face(const JsonFields& fields, const Json& value, std::vector<std::string>& names) {
  const auto [x, y, w, h] = fields.box(value, "box");
  Detection face{x, y, w, h, fields.number(fields.member(value, "confidence"), "confidence")};
  if (const Json* points = fields.optional_member(value, "keypoints")) {
    std::vector<std::string> own = names_of(fields, *points);
    if (names.empty()) names = own;
    if (own.size() != names.size()) fields.refuse("other keypoints than the face before", *points, shown_names(names));
    ExactPoints read;
    for (const std::string& name : names)
      read.push_back(fields.point(fields.member(*points, name.c_str()), name.c_str()));
    if (!read.empty()) face.landmarks = std::move(read);
  }
  if (const Json* angle = fields.optional_member(value, "angle")) face.angle = fields.number(*angle, "angle");
  return face;
}

ImageDetections read_image(const JsonFields& fields, const Json& value) {
  ImageDetections image;
  image.image = fields.name(value, "image");
  image.width = fields.optional_size(value, "width");
  image.height = fields.optional_size(value, "height");
  if (const Json* error = fields.optional_member(value, "error")) {
    if (!error->is_string()) fields.refuse("bad 'error'", *error, "text");
    image.error = error->get<std::string>();
  }
  std::vector<std::string> names;
  for (const Json& face : fields.list(value, "faces")) image.faces.push_back(read_face(fields, face, names));
  if (!names.empty()) image.landmark_names = std::move(names);
  return image;
}

}  // namespace

Detection to_detection(const Face& face, bool with_angle) {
  Detection detection{shortest_double(face.box.x1), shortest_double(face.box.y1), shortest_double(face.box.width()),
                      shortest_double(face.box.height()), shortest_double(face.confidence)};
  if (with_angle) detection.angle = shortest_double(face.angle);
  if (face.landmarks.empty()) return detection;
  ExactPoints& points = detection.landmarks.emplace();
  for (const Point& point : face.landmarks) points.push_back({shortest_double(point.x), shortest_double(point.y)});
  return detection;
}

Json face_json(const Detection& face, const std::vector<std::string>& names) {
  Json json = {{"box", {face.x, face.y, face.w, face.h}}, {"confidence", face.confidence}};
  if (face.landmarks) {
    require(face.landmarks->size() == names.size(), "face_json: as many names as points are needed");
    Json& points = json["keypoints"];
    for (size_t i = 0; i < names.size(); ++i) points[names[i]] = (*face.landmarks)[i];
  }
  if (face.angle) json["angle"] = *face.angle;
  return json;
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
  for (const Detection& face : detections.faces) faces.push_back(face_json(face, detections.landmark_names));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_detections(const std::filesystem::path& path, const std::function<void(ImageDetections&&)>& use) {
  TextLines lines(path, "detections file");
  while (lines.next()) {
    const JsonFields fields(lines.where());
    use(read_image(fields, parse_json(lines.text(), fields.where())));
  }
}

}  // namespace mtcnn
