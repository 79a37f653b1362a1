#include "mtcnn/train/modules.h"

#include "mtcnn/core/error.h"
#include "mtcnn/train/differentiable.h"
#include "mtcnn/train/first_layer.h"

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

namespace mtcnn {
namespace {

constexpr int64_t kColours = 3;

/// The slopes of a PReLU, one a channel.
class SlopesModule : public torch::nn::Module {
 public:
  explicit SlopesModule(int64_t channels) {
    constexpr double kFirstSlope = 0.25;
    weight = register_parameter("weight", torch::full({channels}, kFirstSlope));
  }
  torch::Tensor weight;
};

/// A kernel that covers its whole input is a dense layer: for P-Net's crops, whose maps end in one cell, LibTorch takes
/// longer to prepare a convolution than to compute it.
torch::Tensor convolve(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& bias) {
  if (input.size(2) != weight.size(2) || input.size(3) != weight.size(3)) return torch::conv2d(input, weight, bias);
  const auto by_pixel = [](const torch::Tensor& tensor) { return tensor.permute({0, 2, 3, 1}).flatten(1); };
  return torch::linear(by_pixel(input), by_pixel(weight), bias).unsqueeze(2).unsqueeze(3);
}

}  // namespace

torch::Tensor& NetOutput::of(HeadKind kind) {
  if (kind == HeadKind::face) return face_logits;
  if (kind == HeadKind::box) return offsets;
  return kind == HeadKind::landmarks ? landmarks : others[kind];
}

torch::Tensor NetOutput::of(HeadKind kind) const { return NetOutput(*this).of(kind); }

std::vector<HeadKind> NetOutput::heads() const {
  std::vector<HeadKind> kinds;
  for (const HeadKind kind : {HeadKind::face, HeadKind::box, HeadKind::landmarks}) {
    if (of(kind).defined()) kinds.push_back(kind);
  }
  for (const auto& [kind, values] : others) kinds.push_back(kind);
  return kinds;
}

NetModule::NetModule(NetKind kind, int64_t points, const Channels& channels)
    : spec_(net_spec(kind)), points_(points), channels_(channels) {
  require(channels.size() == spec_.layers.size(), "NetModule: the net has another number of layers");
  int64_t inputs = kColours;
  for (size_t i = 0; i < spec_.layers.size(); ++i) {
    const LayerSpec& layer = spec_.layers[i];
    const int64_t side = layer.kernel > 0 ? 1 : spec_.side_behind(i);
    layers_.push_back(add_layer(layer.name, inputs * side * side, channels[i], layer.kernel));
    slopes_.push_back(register_module(layer.prelu, std::make_shared<SlopesModule>(channels[i]))->weight);
    inputs = channels[i];
  }
  for (const HeadSpec& head : spec_.heads) {
    const int64_t outputs = head.values(points);
    if (outputs == 0) continue;
    heads_.emplace_back(head.kind, add_layer(head.name, inputs, outputs, spec_.is_convolutional() ? 1 : 0));
  }
}

NetModule::Layer NetModule::add_layer(const std::string& name, int64_t inputs, int64_t outputs, int64_t kernel) {
  if (kernel > 0) {
    const auto layer = register_module(name, torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, outputs, kernel)));
    return {layer->weight, layer->bias};
  }
  const auto layer = register_module(name, torch::nn::Linear(inputs, outputs));
  return {layer->weight, layer->bias};
}

NetOutput NetModule::forward(const torch::Tensor& input) const {
  torch::Tensor x = first_layer(input, layers_[0].weight, layers_[0].bias, slopes_[0], spec_.layers[0].pool);
  for (size_t i = 1; i < layers_.size(); ++i) {
    const auto& [weight, bias] = layers_[i];
    const LayerSpec& layer = spec_.layers[i];
    x = layer.kernel > 0 ? convolve(x, weight, bias) : torch::linear(x.flatten(1), weight, bias);
    x = layer.pool > 0 ? prelu_then_max_pool(x, slopes_[i], layer.pool) : channel_prelu(x, slopes_[i]);
  }
  NetOutput output;
  for (const auto& [kind, layer] : heads_) {
    output.of(kind) =
        spec_.is_convolutional() ? convolve(x, layer.weight, layer.bias) : torch::linear(x, layer.weight, layer.bias);
  }
  return output;
}

NetPointer make_net(NetKind kind, int64_t points, const Channels& channels) {
  return std::make_shared<NetModule>(kind, points, channels);
}

NetPointer make_net(NetKind kind, int64_t points) { return make_net(kind, points, channels_for(kind)); }

void load_weights(torch::nn::Module& module, const NetWeights& weights) {
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : module.named_parameters()) {
    const TensorSpec* spec = find_spec(tensor_specs(weights.net), parameter.key());
    const NamedTensor* tensor = weights.find(parameter.key());
    const bool fits = tensor != nullptr && parameter.value().sizes() == at::IntArrayRef(tensor->shape);
    require(spec != nullptr && (fits || spec->optional), "load_weights: weights of another net");
    if (!fits) continue;
    // from_blob has no const form; the copy only reads.
    parameter.value().copy_(at::from_blob(const_cast<float*>(tensor->values.data()), tensor->shape, at::kFloat));
  }
}

NetWeights weights_of(const NetModule& module) {
  std::vector<NamedTensor> tensors;
  for (const auto& parameter : module.named_parameters()) {
    const torch::Tensor value = parameter.value().detach().to(at::kCPU, at::kFloat).contiguous();
    const auto* first = value.const_data_ptr<float>();
    tensors.push_back({parameter.key(), value.sizes().vec(), {first, first + value.numel()}});
  }
  return checked_weights(module.kind(), std::move(tensors), "the module in memory", module.channels());
}

}  // namespace mtcnn
