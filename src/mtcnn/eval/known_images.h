#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/eval/detection_files.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>

namespace mtcnn {

/// The images that are scored: name to place in the caller's list.
using ImageIndex = std::unordered_map<std::string, size_t>;

/// How detections fit the images that they are scored on.
struct DetectionFit {
  int64_t images = 0;          ///< scored images
  int64_t detections = 0;      ///< on them
  int64_t missing_images = 0;  ///< scored images that the detections do not mention: scored as without a detection
  int64_t failed_images = 0;   ///< scored images that the detector could not read: likewise
  int64_t unknown_images = 0;  ///< images of the detections that are not scored: left out
  std::string first_missing;   ///< the name of the first missing one
  std::string first_unknown;   ///< … and of the first unknown one
};

/// Calls `use(place, detections, file)` for every line of JSON-lines detections files whose image is in `known`, in the
/// order of the files.
/// \throws Error as read_detections() does, and on negative sizes and images that occur twice, in one file or in two.
DetectionFit read_detections_of(
    const DetectionFiles& files, const ImageIndex& known,
    const std::function<void(size_t place, ImageDetections&& detections, const std::filesystem::path& file)>& use);

/// The counts, for summary.json.
Json fit_json(const DetectionFit& fit);

/// One line that says which images are missing or unknown, for the user; empty where all fits.
std::string fit_warning(const DetectionFit& fit, const DetectionFiles& files);

}  // namespace mtcnn
