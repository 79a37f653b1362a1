#pragma once

#include "mtcnn/train/net.h"
#include "mtcnn/train/optimizer.h"
#include "mtcnn/train/train_state.h"

#include <filesystem>

namespace mtcnn {

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
