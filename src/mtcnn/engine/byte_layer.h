#pragma once

#include "mtcnn/engine/byte_kernels.h"
#include "mtcnn/engine/layer.h"

#include <span>
#include <vector>

namespace mtcnn::engine {

/// Values that a channel takes. Its byte b stands for low + b * step(); what lies outside is clipped.
struct ChannelRange {
  float low = 0;
  float high = 0;

  float step() const { return (high - low) / 255; }
};

/// A layer in 8-bit arithmetic: weights and inputs are bytes, sums are exact.
struct ByteLayer {
  int channels = 0;
  int input_channels = 0;
  int kernel = 1;
  int groups = 0;  ///< of four inputs in a kernel's row
  int vectors = 0;
  int blocks = 0;
  std::vector<int8_t> weights;
  std::vector<float> scales, offsets, slopes, zeros;  ///< [padded()], see ByteMeaning

  ptrdiff_t padded() const { return ptrdiff_t{blocks} * vectors * kByteLanes; }
  ByteMeaning meaning() const { return {scales.data(), offsets.data(), slopes.data(), zeros.data()}; }

  /// A job of these parameters; input and output are left to the caller.
  ByteConvolution job(ByteOutput kind) const;
};

/// \param inputs   of each input channel (a dense layer's repeat from pixel to pixel)
/// \param outputs  of each channel; empty where the answers are floats
/// \param windows  [count, taps] inputs that the layer sees: its weights are rounded so that the sums over these are
///                 nearest to the exact ones. Empty: each weight is rounded to the nearest
ByteLayer byte_layer(const Taps& taps, std::span<const ChannelRange> inputs, std::span<const ChannelRange> outputs,
                     std::span<const float> windows = {});

}  // namespace mtcnn::engine
