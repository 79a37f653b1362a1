#pragma once

#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/core/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn::cli {

/// --dataset and the detector's flags, for verbs that score: where a data set is given they run the detector on it
/// themselves.
struct DatasetFlags {
  DetectorFlags detector;
  std::string dataset;
};

/// \param layout  what the folder must look like, for --help. Adds nothing in a program that was built without
/// LibTorch.
void add_dataset_flags(CLI::App& verb, DatasetFlags& flags, const std::string& layout);

/// Exactly one of --detections and --dataset.
/// \throws Error{usage}.
inline void require_one_source(bool detections_given, const DatasetFlags& flags) {
  if (detections_given != flags.dataset.empty()) {
    throw Error(ErrorCode::usage, "give either --detections or --dataset",
                {.found = detections_given ? "both" : "neither"});
  }
}

/// Runs the detector over the pictures and writes what it finds to OUT/detections.jsonl, and totals to stderr unless
/// `quiet`.
/// \return the name of that file.
/// \throws Error, also where `out` is empty or the user stops it; nothing is written then.
std::string detect_dataset(const DatasetFlags& flags, const std::vector<PictureFile>& pictures, const std::string& out,
                           bool quiet);

/// All pictures below `folder`, named relative to it.
std::vector<PictureFile> pictures_below(const std::filesystem::path& folder);

}  // namespace mtcnn::cli
