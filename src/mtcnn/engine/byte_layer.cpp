#include "mtcnn/engine/byte_layer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mtcnn::engine {

ByteConvolution ByteLayer::job(ByteOutput kind) const {
  return {.pixel_stride = input_channels,
          .kernel_rows = kernel,
          .groups = groups,
          .weights = weights.data(),
          .blocks = blocks,
          .vectors = vectors,
          .meaning = meaning(),
          .kind = kind,
          .output_stride = kind == ByteOutput::bytes ? channels : padded()};
}

ByteLayer byte_layer(const Taps& taps, std::span<const ChannelRange> inputs, std::span<const ChannelRange> outputs) {
  constexpr auto kLanes = static_cast<size_t>(kByteLanes);
  constexpr auto kGroup = static_cast<size_t>(kByteGroup);
  const auto channels = static_cast<size_t>(taps.channels);
  const size_t length = taps.length();
  const size_t row = length / static_cast<size_t>(taps.kernel);
  const size_t groups = (row + kGroup - 1) / kGroup;
  const size_t all = (channels + kLanes - 1) / kLanes;
  size_t vectors = std::min<size_t>(all, 4);
  while (all % vectors != 0) --vectors;
  ByteLayer layer{.channels = taps.channels,
                  .input_channels = taps.input_channels,
                  .kernel = taps.kernel,
                  .groups = static_cast<int>(groups),
                  .vectors = static_cast<int>(vectors),
                  .blocks = static_cast<int>(all / vectors)};
  layer.weights.resize(all * kLanes * static_cast<size_t>(taps.kernel) * groups * kGroup);
  layer.scales.resize(all * kLanes);
  layer.offsets.resize(all * kLanes);
  layer.slopes.resize(all * kLanes, 1);
  layer.zeros.resize(all * kLanes);
  std::copy(taps.slopes.begin(), taps.slopes.end(), layer.slopes.begin());
  std::vector<float> lows(length);  // of each tap's input
  std::vector<float> steps(length);
  for (size_t tap = 0; tap < length; ++tap) {
    lows[tap] = inputs[tap % inputs.size()].low;
    steps[tap] = inputs[tap % inputs.size()].step();
  }
  for (size_t channel = 0; channel < channels; ++channel) {
    const float* weights = taps.weights.data() + channel * length;
    float largest = 0;
    double offset = taps.biases[channel];
    for (size_t tap = 0; tap < length; ++tap) {
      largest = std::max(largest, std::abs(weights[tap] * steps[tap]));
      offset += static_cast<double>(weights[tap]) * lows[tap];
    }
    const float step = std::max(largest / 127, std::numeric_limits<float>::min());
    const float unit = outputs.empty() ? 1 : outputs[channel].step();
    layer.scales[channel] = step / unit;
    layer.offsets[channel] = static_cast<float>(offset) / unit;
    layer.zeros[channel] = outputs.empty() ? 0 : 0.5F - outputs[channel].low / unit;
    const size_t block = channel / (vectors * kLanes);
    for (size_t kernel_row = 0; kernel_row < static_cast<size_t>(taps.kernel); ++kernel_row) {
      for (size_t i = 0; i < row; ++i) {
        const size_t group = kernel_row * groups + i / kGroup;
        const size_t vector =
            (block * static_cast<size_t>(taps.kernel) * groups + group) * vectors + channel / kLanes % vectors;
        const size_t tap = kernel_row * row + i;
        layer.weights[(vector * kLanes + channel % kLanes) * kGroup + i % kGroup] =
            static_cast<int8_t>(std::lround(weights[tap] * steps[tap] / step));
      }
    }
  }
  return layer;
}

}  // namespace mtcnn::engine
