#pragma once

#include "mtcnn/data/detections.h"
#include "mtcnn/eval/detection_files.h"
#include "mtcnn/eval/wider_ground_truth.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// What one detector found on the images of a ground truth, and what of its files could not be used.
struct WiderRun {
  std::string name;                           ///< for tables and legends
  std::vector<std::vector<Detection>> faces;  ///< per image of the ground truth; order as in the file
  int64_t listed_images = 0;                  ///< images that the input lists, known or not
  int64_t detections = 0;                     ///< on known images
  int64_t missing_images = 0;     ///< in the ground truth but not listed: they count as images without detection
  int64_t unreadable_images = 0;  ///< known, but the detector could not read them: no detections
  int64_t unknown_images = 0;     ///< listed but not in the ground truth: left out of the score
  int64_t unknown_detections = 0;
  std::vector<std::string> unknown_names;  ///< the first five of them, as the input writes them
  /// Boxes with negative width or height on known images. They are scored like others, as the official evaluator does:
  /// they match no face (unless less than 1 pixel is missing) and are false positives.
  int64_t negative_sizes = 0;
};

/// Reads the detections of one run and puts them beside the images of `truth`. Each of `files` is
/// - a file: JSON lines as read_detections() takes; an image is known by the last folder and the name without extension
/// of
///   its path, so that ".../0--Parade/0_Parade_marchingband_1_465.jpg" is found whatever stands before;
/// - a folder in the official layout, `EVENT/NAME.txt`: a line with the image's name (not used: the file's own name
/// says
///   it), a line with the number of faces, and per face "x y w h score". Other files are passed over.
/// An empty file, or a folder with result files that hold no faces, gives a run without detections.
/// \throws Error naming file and line (or image) if it cannot be read, on values that are not finite, on a wrong number
/// of rows or columns, if an image occurs twice, if a folder holds no result file, or if images are listed but none is
/// known.
WiderRun read_wider_run(const DetectionFiles& files, const WiderGroundTruth& truth);

/// Writes the official layout into `folder`, one file per image of `truth` (the official evaluator needs each), faces
/// by falling score, as evaluators that do not sort need them; numbers read back as the same doubles. The folder
/// appears whole or not at all.
/// \throws Error if that fails, or if it is there already and not empty.
/// \throws ContractError if run and truth differ in their number of images.
void write_wider_results(const std::filesystem::path& folder, const WiderRun& run, const WiderGroundTruth& truth);

/// The faces of one image by falling score, ties in input order.
std::vector<Detection> by_falling_score(std::vector<Detection> faces);

}  // namespace mtcnn
