#include "mtcnn/gpu/torch_nets.h"

#include "mtcnn/core/error.h"
#include "mtcnn/engine/runner.h"

#include <algorithm>
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

  /// A dense layer behind a [channels, side, side] map: its columns go from C,H,W to the H,W,C of channels-last memory.
  Layer dense(const std::string& name, int64_t channels, int64_t side) const {
    const at::Tensor weight = tensor(name + ".weight");
    const at::Tensor moved =
        weight.view({-1, channels, side, side}).permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
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

at::Tensor prelu_pool(const at::Tensor& input, const at::Tensor& slopes, int64_t kernel) {
  return at::max_pool2d(at::prelu(input, slopes), kernel, 2, 0, 1, true);
}

/// [N, C, H, W] in channels-last memory as the matrix [N * H * W, C], without a copy.
at::Tensor as_rows(const at::Tensor& map) { return map.permute({0, 2, 3, 1}).contiguous().view({-1, map.size(1)}); }

/// The same as [N, H * W * C].
at::Tensor flat(const at::Tensor& map) { return map.permute({0, 2, 3, 1}).contiguous().view({map.size(0), -1}); }

struct PreparedPNet {
  Layer conv1, conv2, conv3, heads;
  at::Tensor prelu1, prelu2, prelu3;

  explicit PreparedPNet(const LayerReader& read)
      : conv1(read.conv("conv1")),
        conv2(read.conv("conv2")),
        conv3(read.conv("conv3")),
        heads(read.heads({"conv4_1", "conv4_2"})),
        prelu1(read.slopes("prelu1")),
        prelu2(read.slopes("prelu2")),
        prelu3(read.slopes("prelu3")) {}

  at::Tensor forward(const at::Tensor& input) const {
    at::Tensor x = prelu_pool(conv2d(input, conv1), prelu1, 2);
    x = at::prelu(conv2d(x, conv2), prelu2);
    x = at::prelu(conv2d(x, conv3), prelu3);
    return at::linear(as_rows(x), heads.weight, heads.bias);
  }
};

struct PreparedRNet {
  Layer conv1, conv2, conv3, dense4, heads;
  at::Tensor prelu1, prelu2, prelu3, prelu4;

  explicit PreparedRNet(const LayerReader& read)
      : conv1(read.conv("conv1")),
        conv2(read.conv("conv2")),
        conv3(read.conv("conv3")),
        dense4(read.dense("dense4", 64, 3)),
        heads(read.heads({"dense5_1", "dense5_2"})),
        prelu1(read.slopes("prelu1")),
        prelu2(read.slopes("prelu2")),
        prelu3(read.slopes("prelu3")),
        prelu4(read.slopes("prelu4")) {}

  at::Tensor forward(const at::Tensor& input) const {
    at::Tensor x = prelu_pool(conv2d(input, conv1), prelu1, 3);
    x = prelu_pool(conv2d(x, conv2), prelu2, 3);
    x = at::prelu(conv2d(x, conv3), prelu3);
    x = at::prelu(at::linear(flat(x), dense4.weight, dense4.bias), prelu4);
    return at::linear(x, heads.weight, heads.bias);
  }
};

struct PreparedONet {
  Layer conv1, conv2, conv3, conv4, dense5, heads;
  at::Tensor prelu1, prelu2, prelu3, prelu4, prelu5;

  explicit PreparedONet(const LayerReader& read)
      : conv1(read.conv("conv1")),
        conv2(read.conv("conv2")),
        conv3(read.conv("conv3")),
        conv4(read.conv("conv4")),
        dense5(read.dense("dense5", 128, 3)),
        heads(read.heads({"dense6_1", "dense6_2", "dense6_3"})),
        prelu1(read.slopes("prelu1")),
        prelu2(read.slopes("prelu2")),
        prelu3(read.slopes("prelu3")),
        prelu4(read.slopes("prelu4")),
        prelu5(read.slopes("prelu5")) {}

  at::Tensor forward(const at::Tensor& input) const {
    at::Tensor x = prelu_pool(conv2d(input, conv1), prelu1, 3);
    x = prelu_pool(conv2d(x, conv2), prelu2, 3);
    x = prelu_pool(conv2d(x, conv3), prelu3, 2);
    x = at::prelu(conv2d(x, conv4), prelu4);
    x = at::prelu(at::linear(flat(x), dense5.weight, dense5.bias), prelu5);
    return at::linear(x, heads.weight, heads.bias);
  }
};

}  // namespace

struct TorchNets::Impl {
  Impl(std::span<const NetWeights, 3> weights, const at::TensorOptions& where) : kept(where) {
    const c10::InferenceMode no_gradients;
    prepare(pnet, weights[0]);
    prepare(rnet, weights[1]);
    prepare(onet, weights[2]);
  }

  template <class Net>
  void prepare(std::optional<Net>& net, const NetWeights& weights) const {
    if (!weights.tensors.empty()) net.emplace(LayerReader(weights, kept));
  }

  at::TensorOptions kept;
  std::optional<PreparedPNet> pnet;
  std::optional<PreparedRNet> rnet;
  std::optional<PreparedONet> onet;

  /// Runs `net` on the input filled up with zeros to `batch`.
  template <class Net>
  at::Tensor run(const std::optional<Net>& net, const at::Tensor& input, int64_t batch) const {
    require(net.has_value(), "TorchNets: this net has no weights");
    const c10::InferenceMode no_gradients;
    at::Tensor ready = input.to(kept).contiguous(at::MemoryFormat::ChannelsLast);
    if (batch > input.size(0)) ready = at::constant_pad_nd(ready, {0, 0, 0, 0, 0, 0, 0, batch - input.size(0)});
    return net->forward(ready).to(at::kFloat);
  }
};

TorchNets::TorchNets(std::span<const NetWeights, 3> weights, c10::Device device, at::ScalarType precision)
    : impl_(std::make_unique<Impl>(weights, at::TensorOptions(device).dtype(precision))) {}
TorchNets::~TorchNets() = default;

at::Tensor TorchNets::run_pnet(const at::Tensor& pictures) const {
  const int64_t batch = pictures.size(0);
  return impl_->run(impl_->pnet, pictures, batch)
      .view({batch, pictures.size(2) / 2 - 5, pictures.size(3) / 2 - 5, kFaceValues});
}

at::Tensor TorchNets::run_crops(NetKind net, const at::Tensor& crops) const {
  const int64_t count = crops.size(0);
  const int64_t batch = padded_batch(count);
  return (net == NetKind::rnet ? impl_->run(impl_->rnet, crops, batch) : impl_->run(impl_->onet, crops, batch))
      .narrow(0, 0, count);
}

}  // namespace mtcnn
