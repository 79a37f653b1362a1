#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/train/checkpoint.h"
#include "mtcnn/train/job_crops.h"
#include "mtcnn/train/metrics_lines.h"
#include "mtcnn/train/peers.h"
#include "mtcnn/train/run_folder.h"
#include "mtcnn/train/trainer.h"

#include <filesystem>
#include <optional>
#include <string>

namespace mtcnn {

/// What a run of training leaves in its folder. Rank 0 writes; in other ranks nothing happens but that all learn of an
/// error, so all must call the functions that say so.
class RunRecord {
 public:
  /// Everything must outlive this.
  /// \param config  see config_json().
  RunRecord(const TrainJob& job, const CropSets& crops, const Json& config, Peers& peers);

  /// Opens the folder; before any other function. In rank 0.
  /// \throws Error as RunFolder's constructor.
  void open(const Json& environment);
  /// Takes the newest checkpoint, and drops the metrics of what came after it. In rank 0.
  /// \throws Error as restore_newest().
  void restore(const RunLength& length, const TrainParts& parts, TrainState& state);

  /// A line with the time in log.txt.
  void log(const std::string& text);
  /// The epoch's metrics; and if it is the best so far, its weights and answers. All ranks call it.
  /// \param net  what was validated.
  void add_epoch(const EpochRecord& epoch, const NetModule& net, const ValidationAnswers& answers);
  /// All ranks call it.
  void save(const TrainState& state, const TrainParts& parts);
  /// Exports the best weights and says that the run has ended. All ranks call it.
  /// \return the exported file.
  std::filesystem::path finish(const TrainState& state);

 private:
  void write_best(const EpochRecord& epoch, const NetModule& net, const ValidationAnswers& answers);
  std::filesystem::path best_path() const;

  const TrainJob& job_;
  const CropSets& crops_;
  const Json& config_;
  Peers& peers_;
  std::optional<RunFolder> folder_;  ///< rank 0's
};

}  // namespace mtcnn
