#pragma once

#include <ATen/core/Tensor.h>

/// \file
/// PReLU and pooling in training on the CPU, on float32 tensors [N, C, H, W] whose memory is channels-last.
/// LibTorch's max-pool also computes indices and does not vectorise: it costs as much as the convolutions around it.
namespace mtcnn {

/// PReLU, then max-pooling with stride 2 and ceil mode: equal to at::max_pool2d(at::prelu(input, slopes), kernel, 2, 0,
/// 1, true) to the bit.
/// \return channels-last.
at::Tensor prelu_max_pool(const at::Tensor& input, const at::Tensor& slopes, int64_t kernel);

}  // namespace mtcnn
