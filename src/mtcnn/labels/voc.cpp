#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/text_lines.h"
#include "mtcnn/labels/raw_labels.h"
#include "mtcnn/labels/xml.h"

#include <unordered_set>

namespace mtcnn::labels {
namespace fs = std::filesystem;
namespace {

/// The names in ImageSets/Main/<split>.txt; other columns than the first are not read.
std::unordered_set<std::string> split_names(const fs::path& file) {
  std::unordered_set<std::string> names;
  TextLines lines(file, "list of a split");
  while (lines.next()) names.insert(split(std::string(lines.text()), ' ').front());
  return names;
}

RawObject read_object(const pugi::xml_node& node, const std::string& where) {
  const pugi::xml_node box = node.child("bndbox");
  if (!box) {
    throw Error(ErrorCode::bad_format, "an object without 'bndbox'", {.where = where});
  }
  return {.where = where,
          .category = child_text(node, "name", where),
          .x1 = child_number(box, "xmin", where),
          .y1 = child_number(box, "ymin", where),
          .x2 = child_number(box, "xmax", where),
          .y2 = child_number(box, "ymax", where),
          .difficult = is_set(node.child_value("difficult")),
          .truncated = is_set(node.child_value("truncated")),
          .occluded = is_set(node.child_value("occluded"))};
}

RawImage read_file(const fs::path& file, const fs::path& folder, const fs::path& images) {
  pugi::xml_document document;
  load_xml(file, document);
  const pugi::xml_node top = document.document_element();
  const std::string name = file.string();
  if (std::string_view(top.name()) != "annotation") {
    throw Error(ErrorCode::bad_format, "no Pascal VOC labels",
                {.where = name,
                 .found = concat("<", utf8(top.name(), name), ">"),
                 .expected = "<annotation>",
                 .hint = "CVAT's own XML is of kind cvat"});
  }
  RawImage image{.where = name};
  if (const pugi::xml_node size = top.child("size")) {
    image.width = size_in(child_text(size, "width", name), name, "'width'");
    image.height = size_in(child_text(size, "height", name), name, "'height'");
  }
  const fs::path below = file.parent_path().lexically_relative(folder);
  find_image(image, images, utf8(std::string(trim(top.child_value("filename"))), name),
             below == "." ? fs::path() : below, utf8(file.stem().string(), name));
  size_t number = 0;
  for (const pugi::xml_node& node : top.children("object"))
    image.objects.push_back(read_object(node, concat(name, ": object ", ++number)));
  return image;
}

void append(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

void write_object(pugi::xml_node top, const FaceAnnotation& face) {
  pugi::xml_node object = top.append_child("object");
  append(object, "name", face.category);
  append(object, "pose", "Unspecified");
  append(object, "truncated", "0");
  append(object, "difficult", face.ignore ? "1" : "0");
  pugi::xml_node box = object.append_child("bndbox");
  append(box, "xmin", concat(face.x));
  append(box, "ymin", concat(face.y));
  append(box, "xmax", concat(face.x + face.w));
  append(box, "ymax", concat(face.y + face.h));
}

}  // namespace

RawLabels read_voc(const fs::path& path, const LabelOptions& options) {
  RawLabels raw;
  fs::path root = path;
  std::unordered_set<std::string> wanted;
  if (!options.split.empty()) {
    const fs::path list = path / "ImageSets" / "Main" / (options.split + ".txt");
    if (path_exists(list)) {
      wanted = split_names(list);
      raw.files.push_back(list);
    } else {
      root = path / (options.split == "val" && path_exists(path / "valid") ? "valid" : options.split);
    }
  }
  const fs::path folder = label_folder(root, options.list, {"Annotations"}, ".xml");
  raw.images_folder = images_folder(root, folder, options.images);
  for (const fs::path& file : files_below(folder, ".xml")) {
    if (!wanted.empty() && !wanted.contains(file.stem().string())) continue;
    raw.images.push_back(read_file(file, folder, raw.images_folder));
    raw.files.push_back(file);
    if (options.progress) options.progress();
  }
  return raw;
}

SkipCounts write_voc(const LabelSet& set, const fs::path& out) {
  SkipCounts lost;
  LabelFileNames names(out / "Annotations", ".xml");
  for (const ImageAnnotation& image : set.images) {
    const fs::path file = names.of(image);
    pugi::xml_document document;
    pugi::xml_node top = document.append_child("annotation");
    append(top, "folder", "JPEGImages");
    append(top, "filename", fs::path(image.image).filename().string());
    const Size pixels = size_of(image, set);
    pugi::xml_node size = top.append_child("size");
    append(size, "width", concat(pixels.width));
    append(size, "height", concat(pixels.height));
    append(size, "depth", "3");
    append(top, "segmented", "0");
    for (const FaceAnnotation& face : image.faces) {
      write_object(top, face);
      if (face.landmarks) lost.add("object whose points this format has no place for", image.image);
    }
    save_xml(file, document);
  }
  return lost;
}

}  // namespace mtcnn::labels
