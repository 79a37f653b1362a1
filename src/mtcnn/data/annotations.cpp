#include "mtcnn/data/annotations.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/data/text_lines.h"

#include <algorithm>
#include <unordered_map>

namespace mtcnn {
namespace {

/// How many landmarks a face is to have.
struct WantedPoints {
  size_t count = 0;  ///< 0 until the first face with landmarks tells
  std::string from;  ///< who wants so many
};

ExactPoints read_points(const JsonFields& fields, const Json& list, WantedPoints& wanted) {
  if (!list.is_array()) fields.refuse("bad 'landmarks'", list, "a list of points [x, y]");
  ExactPoints points;
  for (size_t i = 0; i < list.size(); ++i)
    points.push_back(fields.point(list[i], concat("landmarks[", i, "]").c_str()));
  if (wanted.count == 0 && !points.empty()) wanted = {points.size(), concat("as in ", fields.where())};
  if (points.size() != wanted.count && !points.empty()) {
    throw Error(ErrorCode::bad_format, "another number of landmarks than expected",
                {.where = fields.where(),
                 .found = concat(points.size(), " points"),
                 .expected = concat(wanted.count, ", ", wanted.from)});
  }
  return points;
}

FaceAnnotation read_face(const JsonFields& fields, const Json& value, WantedPoints& wanted) {
  const auto [x, y, w, h] = fields.box(value, "box");
  if (w <= 0 || h <= 0) fields.refuse("this box has no area", value["box"], "[x, y, w, h] with w and h above 0");
  FaceAnnotation face{x, y, w, h};
  if (const Json* points = fields.optional_member(value, "landmarks")) {
    ExactPoints read = read_points(fields, *points, wanted);
    if (!read.empty()) face.landmarks = std::move(read);
  }
  if (const Json* ignore = fields.optional_member(value, "ignore")) {
    if (!ignore->is_boolean()) fields.refuse("bad 'ignore'", *ignore, "true or false");
    face.ignore = ignore->get<bool>();
  }
  face.category = fields.optional_text(value, "category", "");
  return face;
}

ImageAnnotation read_image(const JsonFields& fields, const Json& value, WantedPoints& wanted) {
  ImageAnnotation image;
  image.image = fields.name(value, "image");
  image.width = fields.optional_size(value, "width");
  image.height = fields.optional_size(value, "height");
  for (const Json& face : fields.list(value, "faces")) image.faces.push_back(read_face(fields, face, wanted));
  return image;
}

}  // namespace

std::filesystem::path own_images_folder(const std::filesystem::path& folder) {
  return is_folder(folder / "images") ? folder / "images" : folder;
}

bool leaves_folder(const std::string& name) {
  const std::filesystem::path path(name);
  return path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
}

std::filesystem::path picture_path(const std::filesystem::path& images, const std::string& name,
                                   const std::filesystem::path& list) {
  if (!leaves_folder(name)) return images / name;
  throw Error(ErrorCode::bad_format, "a file name that leaves the folder of the images",
              {.where = list.string(),
               .found = concat("'", name, "'"),
               .expected = concat("a name relative to ", images.string(), ", without \"..\"")});
}

std::string annotation_line(const ImageAnnotation& image) {
  Json json = {{"image", image.image}};
  if (image.width > 0) {
    json["width"] = image.width;
    json["height"] = image.height;
  }
  Json faces = Json::array();
  for (const FaceAnnotation& face : image.faces) {
    Json item = {{"box", {face.x, face.y, face.w, face.h}}};
    if (face.landmarks) item["landmarks"] = *face.landmarks;
    if (face.ignore) item["ignore"] = true;
    if (!face.category.empty()) item["category"] = face.category;
    faces.push_back(std::move(item));
  }
  json["faces"] = std::move(faces);
  return json.dump();
}

namespace {

/// A file that is JSON, but one value over several lines or a list: what other tools, and json.dump(), write.
void refuse_whole_json(const TextLines& lines) {
  const std::string_view text = trim(lines.text());
  if (lines.number() != 1 || (!text.starts_with('[') && text != "{")) return;
  throw Error(
      ErrorCode::bad_format, "this is JSON, but not JSON lines",
      {.where = lines.where(),
       .found = text.starts_with('[') ? "an array" : "an object over several lines",
       .expected = "one object a line, one line an image",
       .hint = "write each image's object on one line, without brackets and commas between them; labels of other "
               "tools have another kind (`mtcnn convert --help`)"});
}

}  // namespace

void read_annotations(const std::filesystem::path& path, const std::function<void(ImageAnnotation&&)>& use,
                      size_t points) {
  WantedPoints wanted{points, "as 'landmarks' of the configuration says"};
  TextLines lines(path, "annotations file");
  std::unordered_map<std::string, int64_t> first_line;
  while (lines.next()) {
    refuse_whole_json(lines);
    const JsonFields fields(lines.where());
    ImageAnnotation image = read_image(fields, parse_json(lines.text(), fields.where()), wanted);
    const auto [entry, is_new] = first_line.emplace(image.image, lines.number());
    if (!is_new) {
      throw Error(ErrorCode::bad_format, "this image occurs twice",
                  {.where = fields.where(),
                   .found = concat("'", image.image, "', as in line ", entry->second),
                   .expected = "one line an image",
                   .hint = "join the faces of both lines"});
    }
    use(std::move(image));
  }
}

}  // namespace mtcnn
