#pragma once

#include "mtcnn/cli/common.h"
#include "mtcnn/core/outputs.h"
#include "mtcnn/detect/picture_run.h"
#include "mtcnn/model/model_folder.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn::cli {

/// The flags of every command that runs the detector. Dedicated flags win over the config file, so they are kept apart
/// until that has been read.
struct DetectorFlags {
  Common common;
  std::string model;
  std::optional<float> min_face, max_face, factor;
  std::optional<float> third_threshold;  ///< in place of the model's; without a flag of its own
  std::optional<int> max_side, rotate;
  std::vector<float> thresholds;
  bool clip = false, plain = false;
  int batch = 8;
};

void add_detector_flags(CLI::App& verb, DetectorFlags& flags);

/// --model, or else the folder that MTCNN_MODEL names, or else the model that comes with the program.
Model chosen_model(const DetectorFlags& flags);

/// The files that these flags have read: the configuration and those of the model folder.
std::vector<std::filesystem::path> files_read(const DetectorFlags& flags);

/// The files of a model folder that a command writes, and the folder itself.
std::vector<Output> model_outputs(const std::string& out);

/// Sets the threads, reads the model and resolves the options.
/// \throws Error.
Detector make_detector(const DetectorFlags& flags);

/// Searches the images with progress on stderr and, unless quiet, a line of totals at the end; Ctrl-C stops between
/// batches. `use` is called for every image, in order.
/// \return what happened; see RunTotals::interrupted.
RunTotals run_detector(const Detector& detector, const DetectorFlags& flags, std::span<const PictureFile> pictures,
                       const std::function<void(const PictureResult&)>& use);

/// The same for images that come bit by bit.
/// \param count  of all, for the progress.
/// \param next   gives the next images, which last until it is called again; none at the end.
RunTotals run_detector(const Detector& detector, const DetectorFlags& flags, int64_t count,
                       const std::function<std::span<const PictureFile>()>& next,
                       const std::function<void(const PictureResult&)>& use);

/// For commands that score: there is no score of a part.
/// \throws Error{interrupted} where the user stopped the run.
void require_whole_run(const RunTotals& totals);

/// Ends a command whose results are written.
/// \throws Error{unreadable} where images could not be read.
void report_unreadable(const RunTotals& totals);

/// The result as a line of a detections file.
std::string result_line(const PictureResult& result, const Detector& detector);

}  // namespace mtcnn::cli
