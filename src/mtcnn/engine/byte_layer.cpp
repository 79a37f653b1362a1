#include "mtcnn/engine/byte_layer.h"

#include "mtcnn/core/simd.h"

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

namespace {

constexpr float kFreedom = 1;   ///< share of the inputs' mean variance that is added to each one's
constexpr int kMostPasses = 8;  ///< over a channel's weights

/// Mean and covariance of the inputs of a layer's taps, in steps of their bytes.
struct Moments {
  std::vector<float> means;       ///< [taps]
  std::vector<float> covariance;  ///< [taps, taps]
};

/// Adds the products of all pairs of values to the upper half of `sums`, [length, length].
MTCNN_SIMD_CLONES
void add_products(const float* values, size_t length, float* sums) {
  for (size_t i = 0; i < length; ++i) {
    for (size_t j = i; j < length; ++j) sums[i * length + j] += values[i] * values[j];
  }
}

Moments moments_of(std::span<const float> windows, std::span<const float> lows, std::span<const float> steps) {
  const size_t length = lows.size();
  const size_t count = windows.size() / length;
  Moments moments{std::vector<float>(length), std::vector<float>(length * length)};
  std::vector<float> bytes(windows.begin(), windows.end());
  for (size_t window = 0; window < count; ++window) {
    float* values = bytes.data() + window * length;
    for (size_t tap = 0; tap < length; ++tap) {
      values[tap] = std::clamp((values[tap] - lows[tap]) / steps[tap], 0.0F, 255.0F);
      moments.means[tap] += values[tap] / static_cast<float>(count);
    }
  }
  for (float* values = bytes.data(); values != bytes.data() + count * length; values += length) {
    for (size_t tap = 0; tap < length; ++tap) values[tap] -= moments.means[tap];
    add_products(values, length, moments.covariance.data());
  }
  for (size_t tap = 0; tap < length; ++tap) {
    for (size_t other = 0; other < tap; ++other)
      moments.covariance[tap * length + other] = moments.covariance[other * length + tap];
  }
  // Inputs of photographs vary in ways that these do not: no direction is free.
  float trace = 0;
  for (size_t tap = 0; tap < length; ++tap) trace += moments.covariance[tap * length + tap];
  for (size_t tap = 0; tap < length; ++tap)
    moments.covariance[tap * length + tap] += kFreedom * trace / static_cast<float>(length);
  return moments;
}

/// The whole numbers near `weights` whose sums are nearest to the exact ones: from the nearest numbers on, each is
/// moved by one while that lessens the squared error.
/// \param row  taps of a kernel's row, see kMostPair
std::vector<int> rounded(std::span<const float> weights, const Moments& moments, size_t row) {
  const size_t length = weights.size();
  std::vector<int> whole(length);
  std::vector<float> slopes(length);  // of the error, half of them
  for (size_t tap = 0; tap < length; ++tap) whole[tap] = static_cast<int>(std::lround(weights[tap]));
  if (moments.covariance.empty()) return whole;
  for (size_t tap = 0; tap < length; ++tap) {
    const float error = weights[tap] - static_cast<float>(whole[tap]);
    const float* covariance = moments.covariance.data() + tap * length;
    for (size_t other = 0; other < length; ++other) slopes[other] += error * covariance[other];
  }
  for (int pass = 0; pass < kMostPasses; ++pass) {
    bool moved = false;
    for (size_t tap = 0; tap < length; ++tap) {
      const float* covariance = moments.covariance.data() + tap * length;
      if (2 * std::abs(slopes[tap]) <= covariance[tap]) continue;
      const int step = slopes[tap] > 0 ? 1 : -1;
      const size_t in_row = tap % row;
      const size_t partner = in_row % 2 == 1 ? tap - 1 : tap + 1;
      const int pair =
          std::abs(whole[tap] + step) + (in_row % 2 == 1 || in_row + 1 < row ? std::abs(whole[partner]) : 0);
      if (std::abs(whole[tap] + step) > 127 || pair > kMostPair) continue;
      whole[tap] += step;
      for (size_t other = 0; other < length; ++other) slopes[other] -= static_cast<float>(step) * covariance[other];
      moved = true;
    }
    if (!moved) break;
  }
  return whole;
}

}  // namespace

ByteLayer byte_layer(const Taps& taps, std::span<const ChannelRange> inputs, std::span<const ChannelRange> outputs,
                     std::span<const float> windows) {
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
  const Moments moments = windows.empty() ? Moments() : moments_of(windows, lows, steps);
  std::vector<float> scaled(length);
  for (size_t channel = 0; channel < channels; ++channel) {
    const float* weights = taps.weights.data() + channel * length;
    double offset = taps.biases[channel];
    float largest_pair = 0;
    for (size_t tap = 0; tap < length; ++tap) {
      offset += static_cast<double>(weights[tap]) * lows[tap];
      scaled[tap] = weights[tap] * steps[tap];
      const float left = tap % row % 2 == 1 ? std::abs(scaled[tap - 1]) : 0;
      largest_pair = std::max(largest_pair, left + std::abs(scaled[tap]));
    }
    // Rounding may add a half to both of a pair.
    const float step = std::max(largest_pair / (kMostPair - 1), std::numeric_limits<float>::min());
    for (float& value : scaled) value /= step;
    const std::vector<int> whole = rounded(scaled, moments, row);
    for (size_t tap = 0; tap < moments.means.size(); ++tap)
      offset += static_cast<double>(step * moments.means[tap] * (scaled[tap] - static_cast<float>(whole[tap])));
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
        layer.weights[(vector * kLanes + channel % kLanes) * kGroup + i % kGroup] = static_cast<int8_t>(whole[tap]);
      }
    }
  }
  return layer;
}

}  // namespace mtcnn::engine
