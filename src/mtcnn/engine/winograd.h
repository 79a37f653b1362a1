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
  Map run(const Kernels& kernels, int pool, const Map& input, std::vector<float>& room) const;

 private:
  std::vector<Layer> products_;  ///< one for each place of a transformed tile
  Layer layer_;                  ///< without weights: slopes alone
  std::vector<float> biases_;
};

}  // namespace mtcnn::engine
