#pragma once

#include "mtcnn/weights/weights.h"

#include <string>
#include <utility>
#include <vector>

/// The nets as the paper draws them, in plain loops and doubles, to compare the engine with.
namespace mtcnn::engine {

/// [height, width, channels]
struct PlainMap {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<double> values;

  double& at(int y, int x, int channel) {
    return values[(static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)) *
                      static_cast<size_t>(channels) +
                  static_cast<size_t>(channel)];
  }
  double at(int y, int x, int channel) const { return const_cast<PlainMap&>(*this).at(y, x, channel); }
};

/// \param pixels  [height, width, 3]
/// \return [height, width, values] as the engine's nets give them: the face's logit, offsets, points
PlainMap plain_net(const NetWeights& weights, const std::vector<float>& pixels, int height, int width);

}  // namespace mtcnn::engine
