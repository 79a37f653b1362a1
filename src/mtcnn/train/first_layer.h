#pragma once

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// A net's first layer for training: prelu_then_max_pool(conv2d(input, weight, bias), slopes, kernel) with gradients of
/// the parameters. Three channels leave a general convolution mostly idle, and what it writes costs more than what it
/// computes: so on the CPU, for crops in channels-last float32, own kernels that keep the layer's inside in the cache
/// and compute it again on the way back. Elsewhere, and where the input wants a gradient, the composition itself.
/// Does not depend on the number of threads.
/// \param input   [N, 3, H, W]
/// \param weight  [C, 3, 3, 3]
/// \param bias,slopes  [C]
/// \param kernel  of the pooling: stride 2, ceil mode
at::Tensor first_layer(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                       const at::Tensor& slopes, int64_t kernel);

}  // namespace mtcnn
