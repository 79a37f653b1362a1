#pragma once

#include "mtcnn/data/shard.h"
#include "mtcnn/image/image.h"
#include "mtcnn/weights/input.h"

#include <cstdint>
#include <span>
#include <utility>

namespace mtcnn {

/// Crops side by side, enlarged, with what their labels say drawn in: the face's box with the IoU, and the points.
/// Negatives are shown bare.
/// \param crops  pairs of shard and row; at least one.
/// \param input  what the crops are like.
Image draw_mosaic(std::span<const std::pair<const Shard*, int64_t>> crops, const InputOptions& input = {});

}  // namespace mtcnn
