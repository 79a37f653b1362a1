#include "data_prep/dataset_readers.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/celeba.h"
#include "mtcnn/data/wider_lists.h"
#include "mtcnn/eval/fddb_files.h"
#include "mtcnn/labels/labels.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

using Use = std::function<void(ImageAnnotation&&)>;

constexpr const char* kNoArea = "face without width or height";

/// Calls that put faces without area on the list of what was skipped.
auto skip_into(SkipCounts& skipped) {
  return [&skipped](const std::string& where) { skipped.add(kNoArea, where); };
}

OpenedDataset open_wider(const fs::path& folder, const DatasetOptions& options) {
  const WiderSplit split = wider_split(folder, options.split);
  return {
      .name = "wider " + options.split,
      .folder = folder,
      .images = split.images,
      .lists = {split.list},
      .read = [split](const Use& use, SkipCounts& skipped) { read_wider_list(split.list, use, skip_into(skipped)); }};
}

OpenedDataset open_celeba(const fs::path& folder, const DatasetOptions& options, const LandmarkLayout& landmarks) {
  if (landmarks.count() > 0 && landmarks.names != face_landmarks().names) {
    throw Error(ErrorCode::usage, "CelebA has other points than 'landmarks' of the configuration names",
                {.where = folder.string(),
                 .found = shown_names(face_landmarks().names),
                 .expected = shown_names(landmarks.names)});
  }
  refuse_celeba_tables(folder);
  const CelebaSplit split = celeba_split(options.split);
  return {.name = "celeba " + options.split,
          .folder = folder,
          .images = celeba_images(folder),
          .lists = celeba_lists(folder),
          .read = [folder, split](const Use& use, SkipCounts& skipped) {
            const CelebaCounts counts = read_celeba(folder, split, use);
            if (counts.without_area > 0) skipped.add({.reason = kNoArea, .count = counts.without_area});
          }};
}

/// The smallest upright box round an ellipse whose first axis points along (cos t, -sin t).
FaceAnnotation box_round(const FddbEllipse& ellipse) {
  const double c = std::cos(ellipse.angle);
  const double s = std::sin(ellipse.angle);
  const double half_width = std::hypot(ellipse.major * c, ellipse.minor * s);
  const double half_height = std::hypot(ellipse.major * s, ellipse.minor * c);
  return {.x = ellipse.x - half_width, .y = ellipse.y - half_height, .w = 2 * half_width, .h = 2 * half_height};
}

OpenedDataset open_fddb(const fs::path& folder) {
  const fs::path folds = folder / "FDDB-folds";
  const std::vector<fs::path> lists = is_folder(folds) ? folder_entries(folds) : std::vector<fs::path>{};
  return {.name = "fddb",
          .folder = folder,
          .images = folder / "originalPics",
          .lists = lists,
          .read = [folds](const Use& use, SkipCounts& skipped) {
            for (const FddbFold& fold : read_fddb_annotations(folds)) {
              for (const FddbImage& image : fold.images) {
                ImageAnnotation annotation{.image = image.name + ".jpg"};
                for (const FddbEllipse& ellipse : image.faces) {
                  const FaceAnnotation face = box_round(ellipse);
                  if (face.w > 0 && face.h > 0) {
                    annotation.faces.push_back(face);
                  } else {
                    skipped.add(kNoArea, image.name);
                  }
                }
                use(std::move(annotation));
              }
            }
          }};
}

fs::path images_of(const fs::path& folder, const DatasetOptions& options) {
  return options.images.empty() ? own_images_folder(folder) : folder / options.images;
}

std::vector<std::string> classes_of(const DatasetOptions& options) {
  return options.categories.empty() ? std::vector<std::string>{} : split(options.categories, ',');
}

OpenedDataset open_own(const fs::path& folder, const DatasetOptions& options, size_t points) {
  const fs::path list = folder / (options.list.empty() ? "annotations.jsonl" : options.list);
  const LabelOptions wanted{.classes = classes_of(options)};
  return {.name = concat("own ", options.path, options.list.empty() ? "" : "/" + options.list),
          .folder = folder,
          .images = images_of(folder, options),
          .lists = {list},
          .read = [list, points, wanted](const Use& use, SkipCounts& skipped) {
            const auto of_these_classes = [&](ImageAnnotation&& image) {
              std::erase_if(image.faces, [&](const FaceAnnotation& face) {
                if (wanted.counts(face.category)) return false;
                skipped.add(concat("object of another class ('", face.category, "')"), image.image);
                return true;
              });
              use(std::move(image));
            };
            read_annotations(list, of_these_classes, points);
          }};
}

/// Label files of other tools: read at once, as what they are is only known then.
OpenedDataset open_labels(const fs::path& folder, const DatasetOptions& options,
                          const std::optional<LandmarkLayout>& landmarks) {
  const std::string name = concat(options.kind, " ", options.path, options.list.empty() ? "" : "/" + options.list);
  const LandmarkLayout& layout = landmarks ? *landmarks : face_landmarks();
  const auto set = std::make_shared<LabelSet>(read_labels(options.kind, folder,
                                                          {.classes = classes_of(options),
                                                           .list = options.list,
                                                           .images = options.images,
                                                           .split = options.split,
                                                           .landmarks = layout.names,
                                                           .landmarks_required = landmarks && layout.count() > 0,
                                                           .strict = options.strict}));
  for (const Skipped& item : set->kept.all()) log::warning(concat(name, ": ", shown(item)));
  return {.name = name,
          .folder = folder,
          .images = set->images_folder,
          .lists = set->files,
          .read = [set](const Use& use, SkipCounts& skipped) {
            for (const Skipped& item : set->dropped.all()) skipped.add(item);
            for (ImageAnnotation& image : set->images) use(std::move(image));
          }};
}

OpenedDataset open_kind(const fs::path& folder, const DatasetOptions& options,
                        const std::optional<LandmarkLayout>& landmarks) {
  const LandmarkLayout& layout = landmarks ? *landmarks : face_landmarks();
  if (options.kind == "wider") return open_wider(folder, options);
  if (options.kind == "celeba") return open_celeba(folder, options, layout);
  if (options.kind == "fddb") return open_fddb(folder);
  if (options.kind == "own") return open_own(folder, options, layout.count());
  return open_labels(folder, options, landmarks);
}

/// The same without the points of its faces.
OpenedDataset without_points(OpenedDataset opened) {
  opened.read = [read = std::move(opened.read)](const Use& use, SkipCounts& skipped) {
    read(
        [&use](ImageAnnotation&& image) {
          for (FaceAnnotation& face : image.faces) face.landmarks.reset();
          use(std::move(image));
        },
        skipped);
  };
  return opened;
}

}  // namespace

OpenedDataset open_dataset(const fs::path& root, const DatasetOptions& options,
                           const std::optional<LandmarkLayout>& landmarks) {
  const fs::path folder = (root / options.path).lexically_normal();
  const auto require_there = [&](const fs::path& path, const char* what) {
    if (path_exists(path)) return;
    throw Error(ErrorCode::not_found, concat("data set '", options.kind, " ", options.path, "': ", what, " is missing"),
                {.where = path.string(),
                 .hint = "the data sets lie below 'root' of the configuration; --data DIR names another folder"});
  };
  require_there(folder, "its folder");
  OpenedDataset opened = open_kind(folder, options, landmarks);
  if (landmarks && landmarks->count() == 0) opened = without_points(std::move(opened));
  for (const fs::path& list : opened.lists) require_there(list, "its list");
  require_there(opened.images, "the folder of its images");
  if (opened.lists.empty()) require_there(folder / "FDDB-folds" / "FDDB-fold-01.txt", "its list");
  return opened;
}

}  // namespace mtcnn
