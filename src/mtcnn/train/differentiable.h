#pragma once

#include <ATen/core/Tensor.h>

/// \file
/// PReLU and pooling for training, with gradients. On the CPU, for float32 [N, C, H, W], by own kernels on
/// channels-last memory: LibTorch's cost more than the convolutions around them. Elsewhere LibTorch's own. Results and
/// gradients are those of LibTorch (ties of the maximum, slopes at exactly 0), sums over pixels in another order; they
/// do not depend on the number of threads.
namespace mtcnn {

/// at::prelu() with one slope a channel; also [N, C].
at::Tensor channel_prelu(const at::Tensor& input, const at::Tensor& slopes);

/// at::max_pool2d(at::prelu(input, slopes), kernel, 2, 0, 1, true): stride 2, ceil mode.
at::Tensor prelu_then_max_pool(const at::Tensor& input, const at::Tensor& slopes, int64_t kernel);

}  // namespace mtcnn
