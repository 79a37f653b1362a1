#include "mtcnn/gpu/torch_nets.h"

#include "mtcnn/core/error.h"
#include "mtcnn/engine/runner.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace mtcnn {
namespace {

/// Batch sizes that the nets are run with; a batch is filled up with zeros to the next one, and a larger one to a
/// multiple of the last. Few shapes keep the caches of LibTorch's backends small.
constexpr int64_t kBatchSizes[] = {4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};

int64_t padded_batch(int64_t count) {
  const int64_t* found = std::lower_bound(std::begin(kBatchSizes), std::end(kBatchSizes), count);
  constexpr int64_t kLargest = kBatchSizes[std::size(kBatchSizes) - 1];
  return found != std::end(kBatchSizes) ? *found : (count + kLargest - 1) / kLargest * kLargest;
}

at::Tensor to_tensor(const NamedTensor& tensor) {
  // from_blob has no const form; clone() only reads.
  return at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, at::kFloat).clone();
}

/// A layer's parameters on the device.
struct Layer {
  at::Tensor weight;
  at::Tensor bias;
};

class LayerReader {
 public:
  LayerReader(const NetWeights& weights, const at::TensorOptions& kept) : weights_(weights), kept_(kept) {}

  Layer conv(const std::string& name) const {
    return {tensor(name + ".weight").to(kept_).contiguous(at::MemoryFormat::ChannelsLast),
            tensor(name + ".bias").to(kept_)};
  }

  /// A dense layer behind a map of this side: its columns go from C,H,W to the H,W,C of channels-last memory.
  Layer dense(const std::string& name, int64_t side) const {
    const at::Tensor weight = tensor(name + ".weight");
    const at::Tensor moved =
        weight.view({weight.size(0), -1, side, side}).permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
    return {moved.contiguous().to(kept_), tensor(name + ".bias").to(kept_)};
  }

  at::Tensor slopes(const std::string& name) const { return tensor(name + ".weight").to(kept_); }

  /// All heads as one layer. The two face logits become their difference: softmax of two is the sigmoid of it.
  Layer heads(const std::vector<std::string>& names) const {
    std::vector<at::Tensor> weights;
    std::vector<at::Tensor> biases;
    for (const std::string& name : names) {
      if (weights_.find(name + ".weight") == nullptr) continue;  // a net without points
      at::Tensor weight = tensor(name + ".weight").flatten(1);
      at::Tensor bias = tensor(name + ".bias");
      if (weights.empty()) {
        weight = weight.slice(0, 1, 2) - weight.slice(0, 0, 1);
        bias = bias.slice(0, 1, 2) - bias.slice(0, 0, 1);
      }
      weights.push_back(weight);
      biases.push_back(bias);
    }
    return {at::cat(weights).contiguous().to(kept_), at::cat(biases).to(kept_)};
  }

 private:
  at::Tensor tensor(const std::string& name) const { return to_tensor(weights_.at(name)); }

  const NetWeights& weights_;
  at::TensorOptions kept_;  ///< device and precision
};

/// As at::conv2d, but never in NVIDIA's TF32, which LibTorch allows in convolutions by default: its ten bits of
/// mantissa move scores by more than half precision's own rounding would excuse.
at::Tensor conv2d(const at::Tensor& input, const Layer& layer) {
  constexpr bool kAllowTf32 = false;
  return at::_convolution(input, layer.weight, layer.bias, {1, 1}, {0, 0}, {1, 1}, false, {0, 0}, 1, false, true, true,
                          kAllowTf32);
}

/// [N, C, H, W] in channels-last memory as the matrix [N * H * W, C], without a copy.
at::Tensor as_rows(const at::Tensor& map) { return map.permute({0, 2, 3, 1}).contiguous().view({-1, map.size(1)}); }

/// The same as [N, H * W * C].
at::Tensor flat(const at::Tensor& map) { return map.permute({0, 2, 3, 1}).contiguous().view({map.size(0), -1}); }

/// One net on the device.
class PreparedNet {
 public:
  PreparedNet(const NetWeights& weights, const LayerReader& read)
      : spec_(net_spec(weights.net)), heads_(read.heads(detection_heads(weights.net))) {
    for (size_t i = 0; i < spec_.layers.size(); ++i) {
      const LayerSpec& layer = spec_.layers[i];
      layers_.push_back(layer.kernel > 0 ? read.conv(layer.name) : read.dense(layer.name, spec_.side_behind(i)));
      slopes_.push_back(read.slopes(layer.prelu));
    }
  }

  at::Tensor forward(at::Tensor x) const {
    for (size_t i = 0; i < layers_.size(); ++i) {
      const LayerSpec& layer = spec_.layers[i];
      x = layer.kernel > 0 ? conv2d(x, layers_[i]) : at::linear(flat(x), layers_[i].weight, layers_[i].bias);
      x = at::prelu(x, slopes_[i]);
      if (layer.pool > 0) x = at::max_pool2d(x, layer.pool, 2, 0, 1, true);
    }
    return at::linear(spec_.is_convolutional() ? as_rows(x) : x, heads_.weight, heads_.bias);
  }

 private:
  const NetSpec& spec_;
  Layer heads_;
  std::vector<Layer> layers_;
  std::vector<at::Tensor> slopes_;
};

}  // namespace

struct TorchNets::Impl {
  Impl(std::span<const NetWeights, 3> weights, const at::TensorOptions& where) : kept(where) {
    const c10::InferenceMode no_gradients;
    for (size_t i = 0; i < nets.size(); ++i) {
      if (!weights[i].tensors.empty()) nets[i].emplace(weights[i], LayerReader(weights[i], kept));
    }
  }

  at::TensorOptions kept;
  std::array<std::optional<PreparedNet>, 3> nets;  ///< by NetKind

  /// Runs a net on the input filled up with zeros to `batch`.
  at::Tensor run(NetKind net, const at::Tensor& input, int64_t batch) const {
    const std::optional<PreparedNet>& prepared = nets[static_cast<size_t>(net)];
    require(prepared.has_value(), "TorchNets: this net has no weights");
    const c10::InferenceMode no_gradients;
    at::Tensor ready = input.to(kept).contiguous(at::MemoryFormat::ChannelsLast);
    if (batch > input.size(0)) ready = at::constant_pad_nd(ready, {0, 0, 0, 0, 0, 0, 0, batch - input.size(0)});
    return prepared->forward(ready).to(at::kFloat);
  }
};

TorchNets::TorchNets(std::span<const NetWeights, 3> weights, c10::Device device, at::ScalarType precision)
    : impl_(std::make_unique<Impl>(weights, at::TensorOptions(device).dtype(precision))) {}
TorchNets::~TorchNets() = default;

at::Tensor TorchNets::run_pnet(const at::Tensor& images) const {
  const int64_t batch = images.size(0);
  return impl_->run(NetKind::pnet, images, batch)
      .view({batch, images.size(2) / 2 - 5, images.size(3) / 2 - 5, kFaceValues});
}

at::Tensor TorchNets::run_crops(NetKind net, const at::Tensor& crops) const {
  const int64_t count = crops.size(0);
  return impl_->run(net, crops, padded_batch(count)).narrow(0, 0, count);
}

}  // namespace mtcnn
