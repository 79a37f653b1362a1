#pragma once

#include "mtcnn/engine/kernels.h"
#include "mtcnn/weights/weights.h"

#include <span>
#include <string>
#include <vector>

namespace mtcnn::engine {

/// A layer's parameters as the kernels read them: blocks of output channels, each
/// [2 + taps, vectors * lanes] = biases, PReLU slopes, then one tap after the other (kernel row, column, input
/// channel). Channels beyond the last are 0.
struct Layer {
  int channels = 0;
  int input_channels = 0;
  int kernel = 1;      ///< its side; 1 for dense layers
  int row_length = 0;  ///< input floats of one kernel row
  int vectors = 0;     ///< of a block
  int blocks = 0;
  int lanes = 0;
  bool activated = false;
  bool rising = false;  ///< no slope is negative
  std::vector<float> parameters;
  std::vector<float> slopes;  ///< [padded()]

  ptrdiff_t padded() const { return ptrdiff_t{blocks} * vectors * lanes; }

  /// A job of these parameters; input and output are left to the caller.
  Convolution job() const;
  /// PReLU and max-pooling of its sums; rows, their width and output are left to the caller.
  Pooling pooling(int kernel_side) const;
};

/// A layer's parameters in 16 bits, without its activation. Each channel has a scale of its own.
struct WordLayer {
  int kernel = 1;
  int pairs = 0;  ///< of input numbers of one kernel row
  int vectors = 0;
  int blocks = 0;
  std::vector<int16_t> weights;  ///< [blocks, kernel, pairs, vectors * lanes, 2]
  std::vector<float> meaning;    ///< [blocks, 2, vectors * lanes]: what a product of 1 means, and biases

  /// A job of these parameters; input and output are left to the caller.
  WordConvolution job() const;
};

/// A layer's parameters before they are packed.
struct Taps {
  int channels = 0;
  int input_channels = 0;
  int kernel = 1;
  std::vector<float> weights;  ///< [channels, kernel rows, kernel columns, input channels]
  std::vector<float> biases;   ///< [channels]
  std::vector<float> slopes;   ///< [channels]; empty: no activation

  size_t length() const { return weights.size() / biases.size(); }
};

/// Of a layer that the net's spec has.
Taps layer_taps(const NetWeights& weights, size_t layer);
/// \param prelu  name of the activation behind it; empty = none
Taps convolution_taps(const NetWeights& weights, const std::string& name, const std::string& prelu);
/// A dense layer behind a map of this side; its columns come in C,H,W order.
Taps dense_taps(const NetWeights& weights, const std::string& name, const std::string& prelu, int side);
/// Those of these heads that the net has as one dense layer. The two face logits become their difference: softmax of
/// two is the sigmoid of it.
Taps head_taps(const NetWeights& weights, const std::vector<std::string>& names);

/// Packs the parameters of one net's layers for one version of the kernels.
class LayerPacker {
 public:
  LayerPacker(const NetWeights& weights, const Kernels& kernels) : weights_(weights), kernels_(kernels) {}

  /// A layer that the net's spec has.
  Layer layer(size_t index) const { return pack(layer_taps(weights_, index)); }
  /// All heads that detection uses, as one dense layer.
  Layer heads() const { return pack(head_taps(weights_, detection_heads(weights_.net))); }
  Layer pack(const Taps& taps) const;
  WordLayer pack_words(const Taps& taps) const;

  const Kernels& kernels() const { return kernels_; }

 private:
  const NetWeights& weights_;
  const Kernels& kernels_;
};

}  // namespace mtcnn::engine
