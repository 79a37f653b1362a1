#include "mtcnn/labels/labels.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/raw_labels.h"

#include <algorithm>

namespace mtcnn {
namespace {

struct Entry {
  LabelFormat format;
  labels::ReadLabels* read;
  labels::WriteLabels* write;
};

/// The one list of formats: everything else that names them asks here.
const std::vector<Entry>& entries() {
  using namespace labels;
  static const std::vector<Entry> all = {
      {{"own", "own data", "annotations.jsonl, one JSON line an image", true, "images"}, read_own, write_own},
      {{"coco", "COCO", "annotations.json", true, "images"}, read_coco, write_coco},
      {{"voc", "Pascal VOC", "Annotations/*.xml, images in JPEGImages/", false, "JPEGImages"}, read_voc, write_voc},
      {{"yolo", "YOLO", "data.yaml, labels/*.txt, images in images/", true, "images"}, read_yolo, write_yolo},
      {{"labelme", "LabelMe", "a .json for each image, beside it", true, ""}, read_labelme, write_labelme},
      {{"cvat", "CVAT for images 1.1", "annotations.xml", true, "images"}, read_cvat, write_cvat},
      {{"labelstudio", "Label Studio", "annotations.json, the JSON export", true, "images"},
       read_label_studio,
       write_label_studio}};
  return all;
}

const Entry& entry(const std::string& name) {
  for (const Entry& candidate : entries()) {
    if (name == candidate.format.name) return candidate;
  }
  throw Error(ErrorCode::usage, "an unknown kind of labels",
              {.found = concat("'", name, "'"), .expected = label_format_names()});
}

void refuse_reported(const LabelSet& set, const std::filesystem::path& path) {
  std::vector<std::string> all;
  for (const SkipCounts* counts : {&set.dropped, &set.kept}) {
    for (const Skipped& item : counts->all()) all.push_back(shown(item));
  }
  if (all.empty()) return;
  throw Error(ErrorCode::bad_format, "labels that are refused as strict was asked for",
              {.where = path.string(), .found = join(all, "; "), .hint = "correct them, or do without strict"});
}

}  // namespace

const std::vector<LabelFormat>& label_formats() {
  static const std::vector<LabelFormat> formats = [] {
    std::vector<LabelFormat> list;
    for (const Entry& item : entries()) list.push_back(item.format);
    return list;
  }();
  return formats;
}

std::string label_format_names() {
  std::vector<std::string> names;
  for (const LabelFormat& format : label_formats()) names.emplace_back(format.name);
  return join(names, ", ");
}

const LabelFormat& label_format(const std::string& name) { return entry(name).format; }

LabelSet read_labels(const std::string& kind, const std::filesystem::path& path, const LabelOptions& options) {
  const Entry& format = entry(kind);
  LabelSet set = labels::checked(format.read(path, options), options);
  set.kind = kind;
  if (set.images.empty()) {
    const auto& dropped = set.dropped.all();
    throw Error(ErrorCode::bad_format, "no labelled images here",
                {.where = path.string(),
                 .found = dropped.empty() ? "" : shown(dropped.front()),
                 .expected = concat(format.format.title, ": ", format.format.layout)});
  }
  if (options.strict) refuse_reported(set, path);
  return set;
}

SkipCounts write_labels(const LabelSet& set, const std::string& kind, const std::filesystem::path& out,
                        const std::string& object) {
  LabelSet named = set;
  for (ImageAnnotation& image : named.images) {
    for (FaceAnnotation& face : image.faces) {
      if (face.category.empty()) face.category = object;
      if (labels::class_index(named, face) == named.classes.size()) named.classes.push_back(face.category);
    }
  }
  if (named.classes.empty()) named.classes.push_back(object);
  return entry(kind).write(named, out);
}

}  // namespace mtcnn
