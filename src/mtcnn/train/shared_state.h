#pragma once

#include "mtcnn/train/checkpoint.h"
#include "mtcnn/train/peers.h"

namespace mtcnn {

/// Gives all processes what rank 0 has: as a checkpoint in bytes, so that the others need not see its folder.
/// \throws Error in all processes where one cannot write or read its temporary files.
void share_state(Peers& peers, const RunLength& length, const TrainParts& parts, TrainState& state);

/// Whether all processes hold the same weights, to the bit. They do, unless CPUs differ.
bool same_weights(Peers& peers, const TrainParts& parts);

}  // namespace mtcnn
