#include "mtcnn/train/modules.h"

#include "mtcnn/core/error.h"
#include "mtcnn/train/differentiable.h"
#include "mtcnn/train/first_layer.h"

#include <torch/utils.h>

namespace mtcnn {
namespace {

torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel));
}

/// The same as layer(input). A kernel that covers its whole input is a dense layer: for P-Net's crops, whose maps end
/// in one cell, LibTorch takes longer to prepare a convolution than to compute it.
torch::Tensor convolve(torch::nn::Conv2d& layer, const torch::Tensor& input) {
  const torch::Tensor& weight = layer->weight;
  if (input.size(2) != weight.size(2) || input.size(3) != weight.size(3)) return layer(input);
  const auto by_pixel = [](const torch::Tensor& tensor) { return tensor.permute({0, 2, 3, 1}).flatten(1); };
  return torch::linear(by_pixel(input), by_pixel(weight), layer->bias).unsqueeze(2).unsqueeze(3);
}

}  // namespace

ChannelPReLUImpl::ChannelPReLUImpl(int64_t channels) {
  weight_ = register_parameter("weight", torch::full({channels}, 0.25));
}

torch::Tensor ChannelPReLUImpl::forward(const torch::Tensor& input) { return channel_prelu(input, weight_); }

torch::Tensor ChannelPReLUImpl::forward_and_pool(const torch::Tensor& input, int64_t kernel) {
  return prelu_then_max_pool(input, weight_, kernel);
}

PNetImpl::PNetImpl(int64_t points)
    : conv1_(register_module("conv1", conv(3, 10, 3))),
      conv2_(register_module("conv2", conv(10, 16, 3))),
      conv3_(register_module("conv3", conv(16, 32, 3))),
      conv4_1_(register_module("conv4_1", conv(32, 2, 1))),
      conv4_2_(register_module("conv4_2", conv(32, 4, 1))),
      prelu1_(register_module("prelu1", ChannelPReLU(10))),
      prelu2_(register_module("prelu2", ChannelPReLU(16))),
      prelu3_(register_module("prelu3", ChannelPReLU(32))) {
  if (points > 0) conv4_3_ = register_module("conv4_3", conv(32, 2 * points, 1));
}

NetOutput PNetImpl::forward(const torch::Tensor& input) {
  torch::Tensor x = first_layer(input, conv1_->weight, conv1_->bias, prelu1_->slopes(), 2);
  x = prelu2_(conv2_(x));
  x = prelu3_(convolve(conv3_, x));
  return {convolve(conv4_1_, x), convolve(conv4_2_, x), conv4_3_ ? convolve(conv4_3_, x) : torch::Tensor()};
}

RNetImpl::RNetImpl(int64_t points)
    : conv1_(register_module("conv1", conv(3, 28, 3))),
      conv2_(register_module("conv2", conv(28, 48, 3))),
      conv3_(register_module("conv3", conv(48, 64, 2))),
      dense4_(register_module("dense4", torch::nn::Linear(576, 128))),
      dense5_1_(register_module("dense5_1", torch::nn::Linear(128, 2))),
      dense5_2_(register_module("dense5_2", torch::nn::Linear(128, 4))),
      prelu1_(register_module("prelu1", ChannelPReLU(28))),
      prelu2_(register_module("prelu2", ChannelPReLU(48))),
      prelu3_(register_module("prelu3", ChannelPReLU(64))),
      prelu4_(register_module("prelu4", ChannelPReLU(128))) {
  if (points > 0) dense5_3_ = register_module("dense5_3", torch::nn::Linear(128, 2 * points));
}

NetOutput RNetImpl::forward(const torch::Tensor& input) {
  torch::Tensor x = first_layer(input, conv1_->weight, conv1_->bias, prelu1_->slopes(), 3);
  x = prelu2_->forward_and_pool(conv2_(x), 3);
  x = prelu3_(conv3_(x));
  x = prelu4_(dense4_(x.flatten(1)));
  return {dense5_1_(x), dense5_2_(x), dense5_3_ ? dense5_3_(x) : torch::Tensor()};
}

ONetImpl::ONetImpl(int64_t points)
    : conv1_(register_module("conv1", conv(3, 32, 3))),
      conv2_(register_module("conv2", conv(32, 64, 3))),
      conv3_(register_module("conv3", conv(64, 64, 3))),
      conv4_(register_module("conv4", conv(64, 128, 2))),
      dense5_(register_module("dense5", torch::nn::Linear(1152, 256))),
      dense6_1_(register_module("dense6_1", torch::nn::Linear(256, 2))),
      dense6_2_(register_module("dense6_2", torch::nn::Linear(256, 4))),
      dense6_3_(points > 0 ? register_module("dense6_3", torch::nn::Linear(256, 2 * points)) : nullptr),
      prelu1_(register_module("prelu1", ChannelPReLU(32))),
      prelu2_(register_module("prelu2", ChannelPReLU(64))),
      prelu3_(register_module("prelu3", ChannelPReLU(64))),
      prelu4_(register_module("prelu4", ChannelPReLU(128))),
      prelu5_(register_module("prelu5", ChannelPReLU(256))) {}

NetOutput ONetImpl::forward(const torch::Tensor& input) {
  torch::Tensor x = first_layer(input, conv1_->weight, conv1_->bias, prelu1_->slopes(), 3);
  x = prelu2_->forward_and_pool(conv2_(x), 3);
  x = prelu3_->forward_and_pool(conv3_(x), 2);
  x = prelu4_(conv4_(x));
  x = prelu5_(dense5_(x.flatten(1)));
  return {dense6_1_(x), dense6_2_(x), dense6_3_ ? dense6_3_(x) : torch::Tensor()};
}

void load_weights(torch::nn::Module& module, const NetWeights& weights) {
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : module.named_parameters()) {
    const TensorSpec* spec = find_spec(weights.net, parameter.key());
    const NamedTensor* tensor = weights.find(parameter.key());
    const bool fits = tensor != nullptr && parameter.value().sizes() == at::IntArrayRef(tensor->shape);
    require(spec != nullptr && (fits || spec->landmark_head), "load_weights: weights of another net");
    if (!fits) continue;
    // from_blob has no const form; the copy only reads.
    parameter.value().copy_(at::from_blob(const_cast<float*>(tensor->values.data()), tensor->shape, at::kFloat));
  }
}

NetWeights weights_of(const torch::nn::Module& module, NetKind net) {
  std::vector<NamedTensor> tensors;
  for (const auto& parameter : module.named_parameters()) {
    const torch::Tensor value = parameter.value().detach().to(at::kCPU, at::kFloat).contiguous();
    const auto* first = value.const_data_ptr<float>();
    tensors.push_back({parameter.key(), value.sizes().vec(), {first, first + value.numel()}});
  }
  return checked_weights(net, std::move(tensors), "the module in memory");
}

}  // namespace mtcnn
