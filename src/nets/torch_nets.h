#pragma once

#include "mtcnn/weights/weights.h"

#include <memory>
#include <span>
#include <vector>

#include <c10/core/Device.h>

namespace mtcnn {

/// The three nets for inference with LibTorch, on any of its devices: heads merged into one, everything channels-last,
/// nothing recorded for gradients. NetRunner uses it on the GPU. Safe to use from several threads.
class TorchNets {
 public:
  /// \param weights  P-Net, R-Net and O-Net, in this order. Nets without tensors must not be run.
  TorchNets(std::span<const NetWeights, 3> weights, c10::Device device);
  ~TorchNets();
  TorchNets(const TorchNets&) = delete;
  TorchNets& operator=(const TorchNets&) = delete;

  /// Inputs, outputs and errors as NetRunner's; for P-Net, all cells of the canvas.
  void run_pnet(std::span<const float> canvas, int height, int width, std::vector<float>& values) const;
  void run_crops(NetKind net, std::span<const float> crops, int count, std::vector<float>& values) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mtcnn
