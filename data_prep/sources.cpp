#include "data_prep/sources.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/celeba.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "data_prep/dataset_readers.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr size_t kExamples = 5;

/// A list by its name below `root`, with the checksum of what it holds.
Json input_json(const fs::path& list, const fs::path& root) {
  const MappedFile file(list);
  return {{"file", list.lexically_relative(root).generic_string()}, {"checksum", checksum_text(crc32(file.bytes()))}};
}

}  // namespace

Skipped& SkipCounts::entry(const std::string& reason) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Skipped& s) { return s.reason == reason; });
  return found != all_.end() ? *found : all_.emplace_back(Skipped{.reason = reason});
}

void SkipCounts::add(const std::string& reason, const std::string& example) {
  Skipped& skipped = entry(reason);
  ++skipped.count;
  // Examples may come from file names that are no UTF-8, which JSON cannot hold.
  if (skipped.examples.size() < kExamples)
    skipped.examples.push_back(is_utf8(example) ? example : "(name is no UTF-8)");
}

void SkipCounts::add(const Skipped& skipped) {
  Skipped& sum = entry(skipped.reason);
  sum.count += skipped.count;
  for (const std::string& example : skipped.examples) {
    if (sum.examples.size() < kExamples) sum.examples.push_back(example);
  }
}

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
          sources.pictures.push_back({index, std::move(annotation)});
        },
        skipped);
    if (sources.pictures.size() == first) {
      throw Error(ErrorCode::bad_format, "this data set has no pictures",
                  {.where = opened.lists.front().string(), .hint = concat("data set '", opened.name, "'")});
    }
    Json lists = Json::array();
    for (const fs::path& list : opened.lists) lists.push_back(input_json(list, opened.folder));
    sources.inputs.push_back({{"name", opened.name},
                              {"lists", std::move(lists)},
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
    throw Error(ErrorCode::usage, "a validation picture is among the training pictures",
                {.where = path,
                 .found = concat("in '", validation.datasets[picture.dataset].name, "' of 'validation'"),
                 .hint = "what a net is judged by must not be learnt from: take it out of one of the lists"});
  }
}

}  // namespace mtcnn
