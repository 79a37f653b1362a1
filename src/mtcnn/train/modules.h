#pragma once

#include "mtcnn/weights/weights.h"

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

/// \file
/// The three nets as LibTorch modules: what training uses, and the reference that faster paths are tested
/// against. Parameter names are those of net_spec().
namespace mtcnn {

/// One PReLU slope a channel; works on [N, C] and [N, C, H, W].
class ChannelPReLUImpl : public torch::nn::Module {
 public:
  explicit ChannelPReLUImpl(int64_t channels);
  torch::Tensor forward(const torch::Tensor& input);
  /// Then max-pooling with stride 2 and ceil mode: a last, partial window counts.
  torch::Tensor forward_and_pool(const torch::Tensor& input, int64_t kernel);
  const torch::Tensor& slopes() const { return weight_; }

 private:
  torch::Tensor weight_;
};
TORCH_MODULE(ChannelPReLU);

/// What every net returns. N samples; for P-Net each tensor has two more dimensions [.., h, w], one value a cell.
struct NetOutput {
  torch::Tensor face_logits;  ///< [N, 2]: no face, face; softmax over dimension 1 gives probabilities
  torch::Tensor offsets;      ///< [N, 4]: see encode_offsets()
  torch::Tensor landmarks;  ///< [N, 2 K] for K points: see encode_landmarks(); undefined where the net has no such head
};

/// Input of all nets: float32 RGB [N, 3, H, W], (x - 127.5) / 128.
/// P-Net: H, W >= 12, output cells ceil((H - 2) / 2) - 4 by ceil((W - 2) / 2) - 4.
class PNetImpl : public torch::nn::Module {
 public:
  /// \param points  of its landmark head; 0: it has none.
  explicit PNetImpl(int64_t points = 0);
  NetOutput forward(const torch::Tensor& input);

 private:
  torch::nn::Conv2d conv1_, conv2_, conv3_, conv4_1_, conv4_2_, conv4_3_{nullptr};
  ChannelPReLU prelu1_, prelu2_, prelu3_;
};
TORCH_MODULE(PNet);

/// R-Net: H = W = 24.
class RNetImpl : public torch::nn::Module {
 public:
  explicit RNetImpl(int64_t points = 0);
  NetOutput forward(const torch::Tensor& input);

 private:
  torch::nn::Conv2d conv1_, conv2_, conv3_;
  torch::nn::Linear dense4_, dense5_1_, dense5_2_, dense5_3_{nullptr};
  ChannelPReLU prelu1_, prelu2_, prelu3_, prelu4_;
};
TORCH_MODULE(RNet);

/// O-Net: H = W = 48.
class ONetImpl : public torch::nn::Module {
 public:
  explicit ONetImpl(int64_t points = 5);
  NetOutput forward(const torch::Tensor& input);

 private:
  torch::nn::Conv2d conv1_, conv2_, conv3_, conv4_;
  torch::nn::Linear dense5_, dense6_1_, dense6_2_, dense6_3_{nullptr};
  ChannelPReLU prelu1_, prelu2_, prelu3_, prelu4_, prelu5_;
};
TORCH_MODULE(ONet);

/// Copies weights into a module.
/// \throws ContractError where the weights are of another net. A landmark head that the weights lack, or have for
/// another number of points, stays as it is; one that the module lacks is left out.
void load_weights(torch::nn::Module& module, const NetWeights& weights);

/// The module's parameters as weights of `net`.
NetWeights weights_of(const torch::nn::Module& module, NetKind net);

}  // namespace mtcnn
