#pragma once

#include "mtcnn/train/device_lists.h"

#include <torch/types.h>

namespace mtcnn {

/// Augmenter for many crops at once, as operations on a device's tensors. What chance decides is drawn on the host, by
/// draw_changes(), and is the same on every device. The values, on a scale of 0 … 255, are those of Augmenter to 1e-3;
/// but JPEG noise rounds coefficients, of which one in thousands lies so near to the middle of two steps that it comes
/// out as the other one; and noise has the same distribution, drawn from other numbers: those of splitmix64 from a key
/// of the crop, which need no order. Constant after construction.
class DeviceAugmenter {
 public:
  DeviceAugmenter(int crop_size, torch::Device device);

  /// \param crops    uint8 [N, 3, S, S], on the device, as in shards.
  /// \param changes  of these N rows.
  /// \return float32 [N, 3, S, S] in channels-last memory, (value - 127.5) / 128.
  torch::Tensor apply(const torch::Tensor& crops, const PackedLists::OnDevice& changes) const;

 private:
  torch::Tensor resampled(const torch::Tensor& crops, const PackedLists::OnDevice& changes) const;
  torch::Tensor noisy(const torch::Tensor& crops, const PackedLists::OnDevice& changes) const;
  torch::Tensor as_jpeg(const torch::Tensor& crops, const PackedLists::OnDevice& changes) const;
  torch::Tensor covered(const torch::Tensor& crops, const PackedLists::OnDevice& changes) const;

  int64_t size_;
  torch::Tensor gammas_;        ///< float [16 * 256]
  torch::Tensor resamplings_;   ///< float [2 (S + 1), S, S]: from the pixels of a line to those of the changed line
  torch::Tensor noise_places_;  ///< int64 [2, 3 S S]: numbers of the values, for grey noise and for coloured
  torch::Tensor cosines_;       ///< float [8, 8]
  torch::Tensor jpeg_steps_;    ///< float [101, 3, 8, 8]: of qualities, for brightness and two colours
  torch::Tensor line_;          ///< int64 [S]: 0 … S - 1
  torch::Tensor blocks_line_;   ///< int64: pixels of a line of whole blocks, wherever the first begins
};

}  // namespace mtcnn
