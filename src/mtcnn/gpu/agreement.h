#pragma once

#include <ATen/core/Tensor.h>

/// \file
/// What windows of one image that overlap say together. Boxes are float [B, N, 4], weights float [B, N].
namespace mtcnn {

/// Each window's mean with those that overlap it by an IoU of `least`, weighted; itself where weights are 0.
/// \param shapes  float [B, N, k]: what the mean is taken of.
at::Tensor means_of_agreeing(const at::Tensor& boxes, const at::Tensor& weights, const at::Tensor& shapes,
                             double least);

/// The summed weight of the other windows that agree on each face.
/// \param faces        float [B, N, 4]: where each window's face is in the end.
/// \param confidences  float [B, N]: of the windows themselves, which do not count.
/// \return float [B, N], never negative.
at::Tensor agreement_on(const at::Tensor& faces, const at::Tensor& boxes, const at::Tensor& weights,
                        const at::Tensor& confidences);

}  // namespace mtcnn
