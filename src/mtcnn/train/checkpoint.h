#pragma once

#include "mtcnn/train/modules.h"
#include "mtcnn/train/optimizer.h"
#include "mtcnn/train/run_folder.h"
#include "mtcnn/train/train_state.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// What a checkpoint is made of.
struct TrainParts {
  NetModule& net;
  NetModule& averaged;  ///< scratch for writing and reading the average
  WeightAverage& average;
  torch::optim::Optimizer& optimizer;
  const std::string& optimizer_kind;  ///< as in OptimizerOptions
};

/// How long the whole run is: what a checkpoint's numbers are held against.
struct RunLength {
  int64_t steps_per_epoch;
  int epochs;
};

/// The names of the files that write_checkpoint() writes.
std::vector<std::string> checkpoint_files();

/// Writes a checkpoint into an empty folder.
/// \throws Error if a file cannot be written.
void write_checkpoint(const std::filesystem::path& folder, const TrainState& state, const TrainParts& parts);

/// Restores everything to the bit; nothing in the files is run. Those of older versions, with an optimizer.pt, are read
/// too.
/// \throws Error naming the file that is missing, damaged, of another net, or says what no such run comes to; `parts`
/// are then as they were.
TrainState read_checkpoint(const std::filesystem::path& folder, const RunLength& length, const TrainParts& parts);

/// Restores the newest checkpoint of the run. One that is damaged is set aside, with a warning, where an older one is
/// whole. A run without checkpoints stays at its start.
/// \throws Error if none of them can be read.
TrainState restore_newest(RunFolder& folder, const RunLength& length, const TrainParts& parts);

}  // namespace mtcnn
