#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/raw_labels.h"
#include "mtcnn/labels/xml.h"

#include <map>
#include <string_view>

namespace mtcnn::labels {
namespace fs = std::filesystem;
namespace {

/// The points of a group and the object that they belong to.
struct Group {
  std::vector<NamedPoint> points;
  std::string where;
  bool has_box = false;
};

/// "x,y;x,y" with a name for all points.
std::vector<NamedPoint> point_list(const pugi::xml_node& node, const std::string& name, const std::string& where) {
  std::vector<NamedPoint> points;
  for (const std::string& pair : split(attribute_text(node, "points", where), ';')) {
    const std::vector<std::string> values = split(pair, ',');
    if (values.size() != 2) {
      throw Error(ErrorCode::bad_format, "bad 'points'", {.where = where, .found = pair, .expected = "x,y;x,y"});
    }
    points.push_back({name, number_in(values[0], where, "point"), number_in(values[1], where, "point")});
  }
  return points;
}

bool has_attribute(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& attribute : node.children("attribute")) {
    if (name == attribute.attribute("name").value() && is_set(attribute.child_value())) return true;
  }
  return false;
}

/// The box of a shape; nothing where it has no area.
std::optional<RawObject> read_shape(const pugi::xml_node& node, const std::string& where) {
  const std::string_view shape = node.name();
  RawObject object{.where = where,
                   .category = attribute_text(node, "label", where),
                   .difficult = has_attribute(node, "difficult"),
                   .truncated = has_attribute(node, "truncated"),
                   .occluded = is_set(node.attribute("occluded").value())};
  const auto number = [&](const char* name) { return attribute_number(node, name, where); };
  if (shape == "box") {
    object.x1 = number("xtl");
    object.y1 = number("ytl");
    object.x2 = number("xbr");
    object.y2 = number("ybr");
    if (node.attribute("rotation") && number("rotation") != 0) {
      turned_box({object.x1, object.y1, object.x2, object.y2}, number("rotation"), (object.x1 + object.x2) / 2,
                 (object.y1 + object.y2) / 2)
          .to(object);
    }
    return object;
  }
  Extent extent;
  if (shape == "polygon") {
    for (const NamedPoint& point : point_list(node, "", where)) extent.add(point.x, point.y);
  } else if (shape == "ellipse") {
    extent.add(number("cx") - number("rx"), number("cy") - number("ry"));
    extent.add(number("cx") + number("rx"), number("cy") + number("ry"));
  }
  if (extent.empty()) return {};
  extent.to(object);
  return object;
}

class ImageReader {
 public:
  ImageReader(RawImage& image, SkipCounts& dropped) : image_(image), dropped_(dropped) {}

  void read(const pugi::xml_node& node) {
    size_t number = 0;
    for (const pugi::xml_node& shape : node.children()) {
      if (shape.type() != pugi::node_element || std::string_view(shape.name()) == "tag") continue;
      take(shape, concat(image_.where, ": object ", ++number));
    }
    for (auto& [id, group] : groups_) {
      if (!group.has_box) dropped_.add(kLonePoints, group.where);
    }
    for (const auto& [object, id] : box_of_group_) image_.objects[object].points = groups_[id].points;
  }

 private:
  void take(const pugi::xml_node& shape, const std::string& where) {
    const std::string_view name = shape.name();
    std::string id(trim(shape.attribute("group_id").value()));
    if (id == "0") id.clear();  // CVAT counts groups from 1
    if (name == "points") return add_points(id, where, point_list(shape, attribute_text(shape, "label", where), where));
    if (name == "skeleton") {
      std::vector<NamedPoint> points;
      for (const pugi::xml_node& part : shape.children("points")) {
        if (is_set(part.attribute("outside").value())) continue;
        for (NamedPoint& point : point_list(part, attribute_text(part, "label", where), where))
          points.push_back(std::move(point));
      }
      return add_points(id, where, std::move(points));
    }
    std::optional<RawObject> object = read_shape(shape, where);
    if (!object) return dropped_.add(kNoBox, where);
    if (!id.empty()) {
      Group& group = groups_[id];
      if (group.where.empty()) group.where = where;
      if (!group.has_box) box_of_group_.emplace_back(image_.objects.size(), id);
      group.has_box = true;
    }
    image_.objects.push_back(std::move(*object));
  }

  void add_points(const std::string& id, const std::string& where, std::vector<NamedPoint>&& points) {
    if (id.empty()) return dropped_.add(kLonePoints, where);
    Group& group = groups_[id];
    group.where = where;
    for (NamedPoint& point : points) group.points.push_back(std::move(point));
  }

  RawImage& image_;
  SkipCounts& dropped_;
  std::map<std::string, Group> groups_;
  std::vector<std::pair<size_t, std::string>> box_of_group_;
};

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

/// A box, and each of its points, tied by a group.
void write_object(pugi::xml_node image, const FaceAnnotation& face, const LabelSet& labels, size_t group) {
  pugi::xml_node box = image.append_child("box");
  set(box, "label", face.category);
  set(box, "source", "manual");
  set(box, "occluded", "0");
  set(box, "xtl", concat(face.x));
  set(box, "ytl", concat(face.y));
  set(box, "xbr", concat(face.x + face.w));
  set(box, "ybr", concat(face.y + face.h));
  set(box, "z_order", "0");
  if (face.landmarks) set(box, "group_id", concat(group));
  if (face.ignore) {
    pugi::xml_node attribute = box.append_child("attribute");
    set(attribute, "name", "difficult");
    attribute.text().set("true");
  }
  if (!face.landmarks) return;
  for (size_t i = 0; i < face.landmarks->size(); ++i) {
    pugi::xml_node point = image.append_child("points");
    set(point, "label", labels.landmark_names[i]);
    set(point, "source", "manual");
    set(point, "occluded", "0");
    set(point, "points", concat((*face.landmarks)[i][0], ",", (*face.landmarks)[i][1]));
    set(point, "z_order", "0");
    set(point, "group_id", concat(group));
  }
}

}  // namespace

RawLabels read_cvat(const fs::path& path, const LabelOptions& options) {
  RawLabels raw;
  const fs::path file = label_file(path, options.list, "annotations.xml", ".xml");
  raw.files = {file};
  raw.images_folder = images_folder(path, file, options.images);
  pugi::xml_document document;
  load_xml(file, document);
  const pugi::xml_node top = document.document_element();
  if (std::string_view(top.name()) != "annotations") {
    throw Error(ErrorCode::bad_format, "no labels of CVAT",
                {.where = file.string(),
                 .found = concat("<", utf8(top.name(), file.string()), ">"),
                 .expected = "<annotations>",
                 .hint = "<annotation> is of kind voc"});
  }
  if (top.child("track")) {
    throw Error(ErrorCode::unsupported, "labels of a video",
                {.where = file.string(), .found = "<track>", .hint = "export as \"CVAT for images 1.1\""});
  }
  size_t number = 0;
  for (const pugi::xml_node& node : top.children("image")) {
    const std::string where = concat(file.string(), ": image ", ++number);
    RawImage image{.where = where};
    const std::string name = attribute_text(node, "name", where);
    image.where = concat(file.string(), ": '", name, "'");
    image.width = size_in(attribute_text(node, "width", where), where, "'width'");
    image.height = size_in(attribute_text(node, "height", where), where, "'height'");
    find_image(image, raw.images_folder, name, "", "");
    ImageReader(image, raw.dropped).read(node);
    raw.images.push_back(std::move(image));
  }
  return raw;
}

SkipCounts write_cvat(const LabelSet& labels, const fs::path& out) {
  pugi::xml_document document;
  pugi::xml_node top = document.append_child("annotations");
  top.append_child("version").text().set("1.1");
  size_t group = 0;
  size_t id = 0;
  for (const ImageAnnotation& image : labels.images) {
    const Size size = size_of(image, labels);
    pugi::xml_node node = top.append_child("image");
    set(node, "id", concat(id++));
    set(node, "name", image.image);
    set(node, "width", concat(size.width));
    set(node, "height", concat(size.height));
    for (const FaceAnnotation& face : image.faces) write_object(node, face, labels, ++group);
  }
  save_xml(out / "annotations.xml", document);
  return {};
}

}  // namespace mtcnn::labels
