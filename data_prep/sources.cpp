#include "data_prep/sources.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/celeba.h"

#include <algorithm>
#include <functional>
#include <span>
#include <unordered_set>

#include "data_prep/dataset_readers.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// A list by its name below `root`, with the checksum of what it holds.
Json input_json(const fs::path& list, const fs::path& root) {
  const MappedFile file(list);
  return {{"file", list.lexically_relative(root).generic_string()}, {"checksum", checksum_text(crc32(file.bytes()))}};
}

/// All lists; those of data sets with a file for each image as one.
Json inputs_json(const OpenedDataset& opened) {
  constexpr size_t kMostListed = 100;
  Json lists = Json::array();
  for (const fs::path& list : opened.lists) lists.push_back(input_json(list, opened.folder));
  if (lists.size() <= kMostListed) return lists;
  const std::string all = lists.dump();
  return Json::array({{{"file", concat(lists[0]["file"].get<std::string>(), " and ", lists.size() - 1, " others")},
                       {"checksum", checksum_text(crc32(std::as_bytes(std::span(all))))}}});
}

}  // namespace

Sources read_sources(const fs::path& root, const std::vector<DatasetOptions>& datasets,
                     const std::optional<LandmarkLayout>& landmarks) {
  Sources sources{.inputs = Json::array()};
  SkipCounts skipped;
  for (const DatasetOptions& options : datasets) {
    const OpenedDataset opened = open_dataset(root, options, landmarks);
    const size_t index = sources.datasets.size();
    const size_t first = sources.pictures.size();
    sources.datasets.push_back({.name = opened.name, .images = opened.images, .weight = options.weight});
    opened.read(
        [&](ImageAnnotation&& annotation) {
          picture_path(opened.images, annotation.image, opened.lists.front());
          for (FaceAnnotation& face : annotation.faces) face.category.clear();  // all that are left are alike
          sources.pictures.push_back({index, std::move(annotation)});
        },
        skipped);
    if (sources.pictures.size() == first) {
      throw Error(ErrorCode::bad_format, "this data set has no images",
                  {.where = opened.lists.front().string(), .hint = concat("data set '", opened.name, "'")});
    }
    sources.inputs.push_back({{"name", opened.name},
                              {"lists", inputs_json(opened)},
                              {"images", static_cast<int64_t>(sources.pictures.size() - first)}});
  }
  sources.skipped = skipped.all();
  return sources;
}

void write_sources(const fs::path& path, const Sources& sources) {
  AtomicFile file(path);
  for (const SourcePicture& picture : sources.pictures) {
    // The data set's name in front of what own data have.
    const std::string line = annotation_line(picture.annotation);
    file.write(concat("{\"dataset\":", Json(sources.datasets[picture.dataset].name).dump(), ",", line.substr(1), "\n"));
  }
  file.commit();
}

void require_disjoint(const Sources& training, const Sources& validation) {
  std::unordered_set<std::string> learnt;
  for (const SourcePicture& picture : training.pictures)
    learnt.insert(training.path(picture).lexically_normal().string());
  for (const SourcePicture& picture : validation.pictures) {
    const std::string path = validation.path(picture).lexically_normal().string();
    if (!learnt.contains(path)) continue;
    throw Error(ErrorCode::usage, "a validation image is among the training images",
                {.where = path,
                 .found = concat("in '", validation.datasets[picture.dataset].name, "' of 'validation'"),
                 .hint = "what a net is judged by must not be learnt from: take it out of one of the lists"});
  }
}

}  // namespace mtcnn
