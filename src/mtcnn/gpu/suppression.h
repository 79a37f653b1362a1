#pragma once

#include "mtcnn/geometry/nms.h"

#include <cstdint>

#include <ATen/core/Tensor.h>

/// \file
/// geometry/nms.h for many images at once, on any device and without waiting for it.
namespace mtcnn {

/// What suppress() gives.
struct Suppression {
  at::Tensor kept;     ///< bool [B, N]
  at::Tensor settled;  ///< bool, no dimensions: the rounds were enough
};

/// Greedy non-maximum suppression, as nms(). Whether a box stays depends on stronger ones, whose own fate depends on
/// stronger ones again; each round settles one more link of such chains, in all of them at once.
/// \param boxes      float [B, N, 4], strongest first.
/// \param alive      bool [B, N]: others neither stay nor suppress.
/// \param groups     int [B, N]: boxes of different groups do not touch each other; undefined = all are of one.
/// \param threshold  overlap above which the weaker box goes.
/// \param rounds     of at least 1; N are always enough, and few chains of real windows are longer than ten.
Suppression suppress(const at::Tensor& boxes, const at::Tensor& alive, const at::Tensor& groups, double threshold,
                     Overlap overlap, int64_t rounds);

}  // namespace mtcnn
