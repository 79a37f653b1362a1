#pragma once

#include "mtcnn/weights/weights.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <torch/nn/module.h>

/// \file
/// The three nets as LibTorch modules: what training uses, and the reference that faster paths are tested
/// against. Layers and parameter names are those of net_spec().
namespace mtcnn {

/// What every net returns. N samples; for P-Net each tensor has two more dimensions [.., h, w], one value a cell.
struct NetOutput {
  torch::Tensor face_logits;  ///< [N, 2]: no face, face; softmax over dimension 1 gives probabilities
  torch::Tensor offsets;      ///< [N, 4]: see encode_offsets()
  torch::Tensor landmarks;  ///< [N, 2 K] for K points: see encode_landmarks(); undefined where the net has no such head
  std::map<HeadKind, torch::Tensor> others;  ///< of heads that the cascade does not read

  /// The values of a head.
  torch::Tensor& of(HeadKind kind);
  /// The same; undefined where the net has no such head.
  torch::Tensor of(HeadKind kind) const;
  /// The heads that the net has, in the order of HeadKind.
  std::vector<HeadKind> heads() const;
};

/// One of the three nets, with LibTorch's first weights, which follow torch::manual_seed(), and slopes of 0.25.
class NetModule : public torch::nn::Module {
 public:
  /// \param points    of its landmark head; 0: it has none.
  /// \param channels  of its layers.
  NetModule(NetKind kind, int64_t points, const Channels& channels);

  /// \param input  float32 RGB [N, 3, S, S], (x - 127.5) / 128, with S = net_input_size(kind()). P-Net also takes
  /// [N, 3, H, W] of at least 12: output cells ceil((H - 2) / 2) - 4 by ceil((W - 2) / 2) - 4.
  NetOutput forward(const torch::Tensor& input) const;

  NetKind kind() const { return spec_.net; }
  int64_t points() const { return points_; }
  const Channels& channels() const { return channels_; }

 private:
  /// Weight and bias of a convolution or dense layer.
  struct Layer {
    torch::Tensor weight;
    torch::Tensor bias;
  };
  Layer add_layer(const std::string& name, int64_t inputs, int64_t outputs, int64_t kernel);

  const NetSpec& spec_;
  int64_t points_;
  Channels channels_;
  std::vector<Layer> layers_;
  std::vector<torch::Tensor> slopes_;  ///< of the layers' PReLU, one a channel
  std::vector<std::pair<HeadKind, Layer>> heads_;
};

/// A net that others may hold, too.
using NetPointer = std::shared_ptr<NetModule>;
NetPointer make_net(NetKind kind, int64_t points, const Channels& channels);
/// With the paper's channels.
NetPointer make_net(NetKind kind, int64_t points);

/// Copies weights into a module.
/// \throws ContractError where the weights are of another net or have other channels. A landmark head that the weights
/// lack, or have for another number of points, stays as it is; one that the module lacks is left out.
void load_weights(torch::nn::Module& module, const NetWeights& weights);

/// The module's parameters.
NetWeights weights_of(const NetModule& module);

}  // namespace mtcnn
