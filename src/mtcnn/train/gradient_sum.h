#pragma once

#include "mtcnn/train/peers.h"

#include <vector>

#include <torch/types.h>

namespace mtcnn {

/// Sums as a balanced tree: neighbours first, then the sums of neighbours, and so on. So the sum of all has the same
/// bits where processes with 1, 2, 4, … terms each sum their own ones first.
/// \param terms  of equal shape; all defined, or none. Their memory is used.
/// \return the sum; undefined where there is nothing to sum.
torch::Tensor tree_sum(std::vector<torch::Tensor> terms);

/// Replaces each parameter's gradient, where it has one, by the sum over all processes, in which the same parameters
/// have gradients.
void sum_gradients(Peers& peers, const std::vector<torch::Tensor>& parameters);

}  // namespace mtcnn
