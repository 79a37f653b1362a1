#pragma once

#include "mtcnn/engine/layer.h"
#include "mtcnn/engine/maps.h"

#include <vector>

namespace mtcnn::engine {

/// A convolution of 3 x 3 taps by Winograd's filtering: 36 products per tile and pair of channels instead of 144.
class WinogradLayer {
 public:
  /// Whether it takes less time than the plain convolution.
  static bool pays_for(const Taps& taps) { return taps.kernel == 3 && taps.input_channels >= 16; }

  WinogradLayer(const Taps& taps, const LayerPacker& pack);

  /// As convolved() and, where `pool` is 2 or 3, convolved_and_pooled().
  /// \param words  multiply in 16 bits.
  Map run(const Kernels& kernels, int pool, const Map& input, std::vector<float>& room, bool words = false) const;

 private:
  /// The products of one strip of tiles.
  /// \param tiles     [places, tile_count, inputs]
  /// \param products  [places, tile_count, outputs]
  void multiply(const Kernels& kernels, bool words, const float* tiles, int tile_count, ptrdiff_t inputs,
                float* products) const;

  std::vector<Layer> products_;  ///< one for each place of a transformed tile
  std::vector<WordLayer> word_products_;
  Layer layer_;  ///< without weights: slopes alone
  std::vector<float> biases_;
};

}  // namespace mtcnn::engine
