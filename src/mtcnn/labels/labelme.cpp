#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/labels/raw_labels.h"

#include <cmath>
#include <map>

namespace mtcnn::labels {
namespace fs = std::filesystem;
namespace {

bool flag(const JsonFields& fields, const Json& shape, const char* name) {
  const Json* flags = fields.optional_member(shape, "flags");
  if (flags != nullptr && flags->is_object() && flags->contains(name) && (*flags)[name] == true) return true;
  return shape.contains(name) && shape[name] == true;  // as X-AnyLabeling writes it
}

/// The box round a shape; empty where it has none.
Extent shape_extent(const std::string& type, const std::vector<std::array<double, 2>>& points) {
  Extent extent;
  if (type == "circle") {
    if (points.size() != 2) return extent;
    const double radius = std::hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
    extent.add(points[0][0] - radius, points[0][1] - radius);
    extent.add(points[0][0] + radius, points[0][1] + radius);
  } else if (type == "rectangle" || type == "polygon" || type == "rotation" || type == "mask") {
    for (const auto& [x, y] : points) extent.add(x, y);
  }
  return extent;
}

class FileReader {
 public:
  FileReader(RawImage& image, SkipCounts& dropped) : image_(image), dropped_(dropped) {}

  void read(const Json& shapes) {
    for (size_t i = 0; i < shapes.size(); ++i) take(JsonFields(concat(image_.where, ": shapes[", i, "]")), shapes[i]);
    for (auto& [group, points] : points_) {
      const auto box = boxes_.find(group);
      if (group.empty() || box == boxes_.end()) {
        for (size_t i = 0; i < points.size(); ++i) dropped_.add(kLonePoints, image_.where);
      } else {
        image_.objects[box->second].points = std::move(points);
      }
    }
  }

 private:
  void take(const JsonFields& fields, const Json& shape) {
    fields.require_object(shape, "a bad shape");
    const std::string label = fields.name(shape, "label");
    const std::string type = fields.optional_text(shape, "shape_type", "polygon");
    const Json* id = fields.optional_member(shape, "group_id");
    const std::string group = id == nullptr ? std::string() : id->dump();
    std::vector<std::array<double, 2>> points;
    for (const Json& point : fields.list(shape, "points")) points.push_back(fields.point(point, "points"));
    if (type == "point") {
      if (points.size() != 1) fields.refuse("bad 'points'", shape["points"], "one point");
      points_[group].push_back({label, points[0][0], points[0][1]});
      return;
    }
    const Extent extent = shape_extent(type, points);
    if (extent.empty()) return dropped_.add(kNoBox, fields.where());
    RawObject object{.where = fields.where(),
                     .category = label,
                     .difficult = flag(fields, shape, "difficult"),
                     .truncated = flag(fields, shape, "truncated"),
                     .occluded = flag(fields, shape, "occluded")};
    extent.to(object);
    boxes_.emplace(group, image_.objects.size());
    image_.objects.push_back(std::move(object));
  }

  RawImage& image_;
  SkipCounts& dropped_;
  std::map<std::string, std::vector<NamedPoint>> points_;  ///< by group
  std::map<std::string, size_t> boxes_;                    ///< the first box of a group
};

RawImage read_file(const fs::path& file, const fs::path& folder, RawLabels& raw) {
  const Json json = parse_json(label_text(file), file.string());
  const JsonFields fields(file.string());
  fields.require_object(json, "no LabelMe labels");
  const Json& shapes = fields.list(json, "shapes");
  RawImage image{.where = file.string(),
                 .width = fields.optional_size(json, "imageWidth"),
                 .height = fields.optional_size(json, "imageHeight")};
  const fs::path below = file.parent_path().lexically_relative(folder);
  find_image(image, raw.images_folder, fields.name(json, "imagePath"), below == "." ? fs::path() : below,
             utf8(file.stem().string(), file.string()));
  FileReader(image, raw.dropped).read(shapes);
  return image;
}

Json shape_json(const std::string& label, const char* type, const Json& points, const Json& group, bool difficult) {
  Json flags = Json::object();
  if (difficult) flags["difficult"] = true;
  return {{"label", label}, {"points", points}, {"group_id", group}, {"shape_type", type}, {"flags", flags}};
}

}  // namespace

RawLabels read_labelme(const fs::path& path, const LabelOptions& options) {
  RawLabels raw;
  const fs::path folder = label_folder(path, options.list, {}, ".json");
  raw.images_folder = images_folder(path, folder, options.images);
  raw.files = files_below(folder, ".json");
  for (const fs::path& file : raw.files) {
    raw.images.push_back(read_file(file, folder, raw));
    if (options.progress) options.progress();
  }
  return raw;
}

SkipCounts write_labelme(const LabelSet& set, const fs::path& out) {
  LabelFileNames names(out, ".json");
  for (const ImageAnnotation& image : set.images) {
    const Size size = size_of(image, set);
    Json shapes = Json::array();
    size_t group = 0;
    for (const FaceAnnotation& face : image.faces) {
      const Json id = face.landmarks ? Json(++group) : Json();
      const Json corners = {{face.x, face.y}, {face.x + face.w, face.y + face.h}};
      shapes.push_back(shape_json(face.category, "rectangle", corners, id, face.ignore));
      if (!face.landmarks) continue;
      for (size_t i = 0; i < face.landmarks->size(); ++i) {
        Json point = Json::array();
        point.push_back((*face.landmarks)[i]);
        shapes.push_back(shape_json(set.landmark_names[i], "point", point, id, false));
      }
    }
    write_unsynced(names.of(image), Json({{"version", "5.2.1"},
                                          {"flags", Json::object()},
                                          {"shapes", std::move(shapes)},
                                          {"imagePath", fs::path(image.image).filename().string()},
                                          {"imageData", nullptr},
                                          {"imageHeight", size.height},
                                          {"imageWidth", size.width}})
                                            .dump(1) +
                                        "\n");
  }
  return {};
}

}  // namespace mtcnn::labels
