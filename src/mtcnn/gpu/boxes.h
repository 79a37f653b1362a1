#pragma once

#include "mtcnn/geometry/nms.h"

#include <cstdint>

#include <ATen/core/Tensor.h>

/// \file
/// Boxes of many images at once: float [B, N, 4], x1 y1 x2 y2, on any device.
namespace mtcnn {

/// As decode_offsets(). \param offsets  float [B, N, 4].
at::Tensor regressed(const at::Tensor& boxes, const at::Tensor& offsets);

/// As square().
at::Tensor squared(const at::Tensor& boxes);

/// Never negative, as Box::area(): float [B, N].
at::Tensor areas_of(const at::Tensor& boxes);

/// \param a  float [B, M, 4]. \param b  float [B, N, 4].
/// \return float [B, M, N]: overlaps in [0, 1], 0 where a box has no area; the numbers of iou() and iom().
at::Tensor overlaps(const at::Tensor& a, const at::Tensor& b, Overlap overlap);

/// Rows of the matrix of overlaps with `boxes` that are worked on at a time, which bounds the memory of temporaries.
int64_t rows_at_once(const at::Tensor& boxes);

/// Items of [B, N] or [B, N, k] at places [B, M].
at::Tensor at_places(const at::Tensor& items, const at::Tensor& places);

/// The places of `keys` [B, N] by falling key, equal ones in their order.
at::Tensor strongest_first(const at::Tensor& keys);

}  // namespace mtcnn
