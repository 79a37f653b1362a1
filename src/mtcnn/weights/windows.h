#pragma once

#include "mtcnn/weights/weights.h"

namespace mtcnn {

/// P-Net's weights with their offsets moved to windows of 12 level pixels that begin at their cell's corner, which is
/// how crops are made here: the same boxes come out to the bit of rounding. Weights of other nets stay as they are.
/// \param first,size  where the windows begin that the weights were trained for, and their side; see InputOptions. The
/// public weights have 1 and 12.
NetWeights with_plain_windows(NetWeights weights, double first, double size);

}  // namespace mtcnn
