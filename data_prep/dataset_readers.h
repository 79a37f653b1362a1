#pragma once

#include "mtcnn/data/annotations.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data_prep/options.h"
#include "data_prep/sources.h"

namespace mtcnn {

/// Where a data set's files are and how its lists are read: the layouts of docs/formats.md.
struct OpenedDataset {
  std::string name;              ///< "wider train"
  std::filesystem::path folder;  ///< of the data set
  std::filesystem::path images;  ///< of its images
  std::vector<std::filesystem::path> lists;
  /// Calls `use` for every image, in order.
  /// \throws Error naming file and line.
  std::function<void(const std::function<void(ImageAnnotation&&)>& use, SkipCounts& skipped)> read;
};

/// Finds the files of a data set.
/// \param landmarks  see PrepareOptions; where it names no points, those of the data are left aside.
/// \throws Error naming the folder or list that is missing; Error{usage} on a split that the kind does not have, and
/// where CelebA's points are not those that are named.
OpenedDataset open_dataset(const std::filesystem::path& root, const DatasetOptions& options,
                           const std::optional<LandmarkLayout>& landmarks = {});

}  // namespace mtcnn
