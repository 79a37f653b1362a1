#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/train/net.h"
#include "mtcnn/train/optimizer.h"

#include <cstdint>
#include <filesystem>
#include <limits>

namespace mtcnn {

/// Sums over the steps of an epoch so far.
struct EpochTotals {
  int64_t steps = 0;
  int64_t samples = 0;
  double loss = 0;
  double face = 0;
  double box = 0;
  double landmark = 0;
  double kept = 0;   ///< face samples that were learnt from
  double faces = 0;  ///< face samples
  double right = 0;  ///< of them, classified rightly
  double found = 0;  ///< positives classified as faces
  double positives = 0;
  double claimed = 0;  ///< face samples classified as faces
  double seconds = 0;
  double waited_s = 0;
};

/// Where a run is. The loader needs nothing but the step.
struct TrainState {
  int64_t step = 0;                                       ///< steps that are done
  int epoch = 0;                                          ///< epochs that are done
  double seconds = 0;                                     ///< of all processes that worked on the run
  double best = std::numeric_limits<double>::infinity();  ///< smaller is better
  int best_epoch = 0;                                     ///< from 1; 0 = none yet
  EpochTotals totals;
};

/// What a checkpoint is made of.
struct TrainParts {
  TrainableNet& net;
  TrainableNet& averaged;  ///< scratch for writing and reading the average
  WeightAverage& average;
  torch::optim::Optimizer& optimizer;
};

/// Writes a checkpoint into an empty folder.
/// \throws Error if a file cannot be written.
void write_checkpoint(const std::filesystem::path& folder, const TrainState& state, const TrainParts& parts);

/// Restores everything to the bit.
/// \throws Error naming the file that is missing, damaged or of another net.
TrainState read_checkpoint(const std::filesystem::path& folder, const TrainParts& parts);

}  // namespace mtcnn
