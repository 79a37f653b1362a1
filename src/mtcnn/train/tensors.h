#pragma once

#include "mtcnn/train/batch.h"
#include "mtcnn/train/loss.h"

#include <torch/types.h>

namespace mtcnn {

/// The batch's pixels as [N, 3, S, S] in channels-last memory; on the CPU they share the batch's memory.
inline torch::Tensor input_tensor(const Batch& batch, torch::Device device) {
  // from_blob has no const form; nobody writes through it.
  return torch::from_blob(const_cast<float*>(batch.pixels.data()), {batch.counts.total(), batch.size, batch.size, 3},
                          torch::kFloat)
      .permute({0, 3, 1, 2})
      .to(device);
}

/// The labels of a batch as tensors.
inline BatchTargets target_tensors(const Batch& batch, torch::Device device) {
  const auto tensor = [&](const std::vector<float>& values, int64_t rows, int64_t columns) {
    return torch::from_blob(const_cast<float*>(values.data()), {rows, columns}, torch::kFloat).to(device);
  };
  return {batch.counts, tensor(batch.offsets, batch.counts.boxes(), 4),
          tensor(batch.landmarks, batch.counts.landmarks, 2 * batch.points)};
}

}  // namespace mtcnn
