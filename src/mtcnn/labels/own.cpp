#include "mtcnn/core/file.h"
#include "mtcnn/labels/raw_labels.h"

namespace mtcnn::labels {

RawLabels read_own(const std::filesystem::path& path, const LabelOptions& options) {
  RawLabels raw;
  const std::filesystem::path file = label_file(path, options.list, "annotations.jsonl", ".jsonl");
  raw.files = {file};
  raw.images_folder = images_folder(path, file, options.images);
  read_annotations(file, [&](ImageAnnotation&& image) {
    RawImage item{.where = file.string(), .width = image.width, .height = image.height};
    find_image(item, raw.images_folder, image.image, "", "");
    if (item.missing) item.name = image.image;
    picture_path(raw.images_folder, item.name, file);
    size_t number = 0;
    for (const FaceAnnotation& face : image.faces) {
      RawObject object{.where = file.string() + ": '" + image.image + "' object " + std::to_string(++number),
                       .category = face.category,
                       .x1 = face.x,
                       .y1 = face.y,
                       .x2 = face.x + face.w,
                       .y2 = face.y + face.h,
                       .difficult = face.ignore};
      if (face.landmarks) {
        for (const auto& [x, y] : *face.landmarks) object.points.push_back({"", x, y});
      }
      item.objects.push_back(std::move(object));
    }
    raw.images.push_back(std::move(item));
  });
  return raw;
}

SkipCounts write_own(const LabelSet& set, const std::filesystem::path& out) {
  std::string lines;
  for (const ImageAnnotation& image : set.images) lines += annotation_line(image) + "\n";
  write_unsynced(out / "annotations.jsonl", lines);
  return {};
}

}  // namespace mtcnn::labels
