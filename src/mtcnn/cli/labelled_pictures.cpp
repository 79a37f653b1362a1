#include "mtcnn/cli/labelled_pictures.h"

#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/wider_ground_truth.h"

namespace mtcnn::cli {
namespace fs = std::filesystem;
namespace {

LabelledPictures read_wider(const fs::path& dataset) {
  LabelledPictures labelled;
  for (const WiderImage& image : read_wider_ground_truth(wider_ground_truth_folder(dataset)).images) {
    const std::string name = concat(image.event, "/", image.name, ".jpg");
    labelled.pictures.push_back({wider_images_folder(dataset) / name, name});
    std::vector<FaceAnnotation>& faces = labelled.faces.emplace_back();
    for (const WiderFace& face : image.faces) {
      faces.push_back({.x = face.x, .y = face.y, .w = face.w, .h = face.h, .ignore = !face.kept.back()});
    }
  }
  return labelled;
}

LabelledPictures read_own(const fs::path& file, const fs::path& images) {
  LabelledPictures labelled;
  read_annotations(file, [&](ImageAnnotation&& image) {
    labelled.pictures.push_back({picture_path(images, image.image, file), image.image});
    labelled.faces.push_back(std::move(image.faces));
  });
  return labelled;
}

LabelledPictures read_kind(const LabelledFlags& flags) {
  LabelOptions options = label_options(flags.labels);
  options.images = flags.images;
  LabelSet set = read_labels(flags.labels.kind, flags.dataset, options);
  report_labels(set);
  LabelledPictures labelled;
  for (ImageAnnotation& image : set.images) {
    labelled.pictures.push_back({set.images_folder / image.image, image.image});
    labelled.faces.push_back(std::move(image.faces));
  }
  return labelled;
}

}  // namespace

void add_labelled_flags(CLI::App& verb, LabelledFlags& flags) {
  verb.add_option("--dataset", flags.dataset,
                  "Folder in WIDER FACE's layout (its validation part is used), or annotations as JSON lines; with "
                  "--kind labels of that kind")
      ->required()
      ->type_name("DIR|FILE");
  verb.add_option("--images", flags.images,
                  "Folder of the images named in JSON lines [images/ beside the file, or the file's own folder], or in "
                  "labels of --kind")
      ->type_name("DIR");
  add_kind_flags(verb, flags.labels, "WIDER FACE for a folder, own for a file");
}

LabelledPictures read_labelled_pictures(const LabelledFlags& flags) {
  if (!flags.labels.kind.empty()) return read_kind(flags);
  require_kind(flags.labels);
  const fs::path dataset = flags.dataset;
  if (is_folder(dataset)) return read_wider(dataset);
  return read_own(dataset, flags.images.empty() ? own_images_folder(dataset.parent_path()) : fs::path(flags.images));
}

}  // namespace mtcnn::cli
