#pragma once

#include "mtcnn/train/peers.h"

#include <functional>

namespace mtcnn::testing {

/// Runs `work` once for each of `world` ranks, each in a thread of its own with peers that talk through memory. Throws
/// on what a rank throws, the lowest one first; the others then stop waiting for it.
void run_ranks(int world, const std::function<void(Peers& peers)>& work);

}  // namespace mtcnn::testing
