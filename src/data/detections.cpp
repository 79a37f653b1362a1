#include "mtcnn/data/detections.h"

#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/data/text_lines.h"

namespace mtcnn {
namespace {

Detection read_face(const JsonFields& fields, const Json& value) {
  const auto [x, y, w, h] = fields.box(value, "box");
  Detection face{x, y, w, h, fields.number(fields.member(value, "confidence"), "confidence")};
  if (const Json* points = fields.optional_member(value, "keypoints")) {
    face.landmarks.emplace();
    for (size_t i = 0; i < kLandmarkNames.size(); ++i) {
      (*face.landmarks)[i] = fields.point(fields.member(*points, kLandmarkNames[i]), kLandmarkNames[i]);
    }
  }
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
  for (const Json& face : fields.list(value, "faces")) image.faces.push_back(read_face(fields, face));
  return image;
}

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
  TextLines lines(path, "detections file");
  while (lines.next()) {
    const JsonFields fields(lines.where());
    use(read_image(fields, parse_json(lines.text(), fields.where())));
  }
}

}  // namespace mtcnn
