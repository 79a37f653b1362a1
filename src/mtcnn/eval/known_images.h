#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/data/detections.h"

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
  std::string first_unknown;   ///< the name of the first of these
};

/// Calls `use(place, detections)` for every line of a JSON-lines detections file whose image is in `known`, in the
/// order of the file.
/// \throws Error as read_detections() does, and on negative sizes and images that occur twice.
DetectionFit read_detections_of(const std::filesystem::path& path, const ImageIndex& known,
                                const std::function<void(size_t place, ImageDetections&& detections)>& use);

/// The counts, for summary.json.
Json fit_json(const DetectionFit& fit);

/// One line that says which images are missing or unknown, for the user; empty where all fits.
std::string fit_warning(const DetectionFit& fit, const std::filesystem::path& path);

}  // namespace mtcnn
