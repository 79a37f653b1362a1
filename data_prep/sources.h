#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/data/annotations.h"
#include "mtcnn/data/skip_counts.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data_prep/options.h"

namespace mtcnn {

/// One data set, opened.
struct SourceDataset {
  std::string name;              ///< "wider train"
  std::filesystem::path images;  ///< folder of its images
  float weight = 1;              ///< multiplies the numbers of samples
};

/// One image with its labels.
struct SourcePicture {
  size_t dataset = 0;
  ImageAnnotation annotation;
};

/// All images of some data sets, in the order of their lists; memory is about 200 bytes per image and 140 per face.
struct Sources {
  std::vector<SourceDataset> datasets;
  std::vector<SourcePicture> pictures;
  std::vector<Skipped> skipped;  ///< labels that the lists hold but that mean nothing
  Json inputs;                   ///< each data set's lists with their checksums, for the manifest

  std::filesystem::path path(const SourcePicture& picture) const {
    return datasets[picture.dataset].images / picture.annotation.image;
  }
};

/// Reads the lists of the data sets; no image is opened.
/// \param root       what relative paths in `datasets` are relative to.
/// \param landmarks  see PrepareOptions.
/// \throws Error naming file and line on a missing or damaged list or another number of points, or naming the data set
/// where it has no such split or no image.
Sources read_sources(const std::filesystem::path& root, const std::vector<DatasetOptions>& datasets,
                     const std::optional<LandmarkLayout>& landmarks = {});

/// Writes sources.jsonl: one line per image, in the annotation format with the data set's name.
/// \throws Error if the file cannot be written.
void write_sources(const std::filesystem::path& path, const Sources& sources);

/// \throws Error{usage} naming the first image that is in both: what is judged by must not be learnt from.
void require_disjoint(const Sources& training, const Sources& validation);

}  // namespace mtcnn
