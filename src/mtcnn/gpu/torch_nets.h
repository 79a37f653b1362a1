#pragma once

#include "mtcnn/weights/weights.h"

#include <memory>
#include <span>

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// The three nets for inference with LibTorch, on any of its devices: heads merged into one, everything channels-last,
/// nothing recorded for gradients. What they give is what NetRunner gives. Safe to use from several threads.
class TorchNets {
 public:
  /// \param weights    P-Net, R-Net and O-Net, in this order. Nets without tensors must not be run.
  /// \param precision  in which they compute: float, or half for GPUs that are quicker with it.
  TorchNets(std::span<const NetWeights, 3> weights, c10::Device device, at::ScalarType precision = at::kFloat);
  ~TorchNets();
  TorchNets(const TorchNets&) = delete;
  TorchNets& operator=(const TorchNets&) = delete;

  /// P-Net over whole images.
  /// \param images  float [B, 3, H, W] on the device, even sides of at least 12.
  /// \return float [B, H / 2 - 5, W / 2 - 5, 5], see kFaceValues.
  at::Tensor run_pnet(const at::Tensor& images) const;

  /// R-Net or O-Net over windows.
  /// \param crops  float [N, 3, S, S] on the device, S = net_input_size(net), N at least 1.
  /// \return float [N, 5], for O-Net with two landmark targets a point behind.
  at::Tensor run_crops(NetKind net, const at::Tensor& crops) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mtcnn
