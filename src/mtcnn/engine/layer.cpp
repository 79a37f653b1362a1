#include "mtcnn/engine/layer.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace mtcnn::engine {
namespace {

/// Output channels times the taps of one, from [channels, inputs, height, width] to channels last.
std::vector<float> channels_last(std::span<const float> values, size_t channels, size_t inputs, size_t pixels) {
  std::vector<float> moved(values.size());
  for (size_t channel = 0; channel < channels; ++channel) {
    const float* from = values.data() + channel * inputs * pixels;
    float* to = moved.data() + channel * inputs * pixels;
    for (size_t input = 0; input < inputs; ++input) {
      for (size_t pixel = 0; pixel < pixels; ++pixel) to[pixel * inputs + input] = from[input * pixels + pixel];
    }
  }
  return moved;
}

/// Output channels in blocks of as many vectors as a kernel can take at once.
struct Blocks {
  size_t vectors;
  size_t blocks;
};

Blocks blocks_of(size_t channels, const Kernels& kernels) {
  const auto lanes = static_cast<size_t>(kernels.lanes);
  const size_t all = (channels + lanes - 1) / lanes;
  size_t vectors = std::min(all, static_cast<size_t>(kernels.most_vectors));
  while (all % vectors != 0) --vectors;
  return {vectors, all / vectors};
}

/// What the largest 16-bit weight of a channel is divided by; sums must not need more than 32 bits.
float word_weight_scale(std::span<const float> taps) {
  float sum = 0;
  float largest = 0;
  for (const float tap : taps) {
    sum += std::abs(tap);
    largest = std::max(largest, std::abs(tap));
  }
  if (largest == 0) return 1;
  const auto roundings = static_cast<float>(taps.size());
  return std::min((static_cast<float>(kMostWordWeights) - roundings) / sum, 32767 / largest);
}

}  // namespace

WordConvolution WordLayer::job() const {
  return {.kernel_rows = kernel,
          .pairs = pairs,
          .weights = weights.data(),
          .meaning = meaning.data(),
          .blocks = blocks,
          .vectors = vectors};
}

Convolution Layer::job() const {
  return {.pixel_stride = input_channels,
          .kernel_rows = kernel,
          .row_length = row_length,
          .parameters = parameters.data(),
          .blocks = blocks,
          .vectors = vectors,
          .activated = activated,
          .output_stride = channels};
}

Pooling Layer::pooling(int kernel_side) const {
  return {.stride = padded(), .kernel = kernel_side, .slopes = slopes.data(), .rising = rising, .channels = channels};
}

Taps layer_taps(const NetWeights& weights, size_t layer) {
  const NetSpec& spec = net_spec(weights.net);
  const LayerSpec& one = spec.layers.at(layer);
  return one.kernel > 0 ? convolution_taps(weights, one.name, one.prelu)
                        : dense_taps(weights, one.name, one.prelu, spec.side_behind(layer));
}

Taps convolution_taps(const NetWeights& weights, const std::string& name, const std::string& prelu) {
  const NamedTensor& weight = weights.at(name + ".weight");
  const auto channels = static_cast<size_t>(weight.shape[0]);
  const auto inputs = static_cast<size_t>(weight.shape[1]);
  const auto kernel = static_cast<size_t>(weight.shape[2]);
  return {.channels = static_cast<int>(channels),
          .input_channels = static_cast<int>(inputs),
          .kernel = static_cast<int>(kernel),
          .weights = channels_last(weight.values, channels, inputs, kernel * kernel),
          .biases = weights.at(name + ".bias").values,
          .slopes = prelu.empty() ? std::vector<float>{} : weights.at(prelu + ".weight").values};
}

Taps dense_taps(const NetWeights& weights, const std::string& name, const std::string& prelu, int side) {
  const NamedTensor& weight = weights.at(name + ".weight");
  const auto outputs = static_cast<size_t>(weight.shape[0]);
  const auto pixels = static_cast<size_t>(side) * static_cast<size_t>(side);
  return {.channels = static_cast<int>(outputs),
          .input_channels = static_cast<int>(weight.values.size() / outputs),
          .weights = channels_last(weight.values, outputs, weight.values.size() / outputs / pixels, pixels),
          .biases = weights.at(name + ".bias").values,
          .slopes = weights.at(prelu + ".weight").values};
}

Taps head_taps(const NetWeights& weights, const std::vector<std::string>& names) {
  Taps taps;
  for (const std::string& name : names) {
    if (weights.find(name + ".weight") == nullptr) continue;  // a net without points
    const std::vector<float>& weight = weights.at(name + ".weight").values;
    const std::vector<float>& bias = weights.at(name + ".bias").values;
    if (!taps.weights.empty()) {
      std::ranges::copy(weight, std::back_inserter(taps.weights));
      std::ranges::copy(bias, std::back_inserter(taps.biases));
      continue;
    }
    const size_t length = weight.size() / 2;
    for (size_t i = 0; i < length; ++i) taps.weights.push_back(weight[length + i] - weight[i]);
    taps.biases.push_back(bias[1] - bias[0]);
  }
  taps.channels = static_cast<int>(taps.biases.size());
  taps.input_channels = static_cast<int>(taps.length());
  return taps;
}

Layer LayerPacker::pack(const Taps& taps) const {
  const auto channels = static_cast<size_t>(taps.channels);
  const size_t length = taps.length();
  const auto lanes = static_cast<size_t>(kernels_.lanes);
  const auto [vectors, blocks] = blocks_of(channels, kernels_);
  const size_t all = vectors * blocks;
  Layer layer{.channels = taps.channels,
              .input_channels = taps.input_channels,
              .kernel = taps.kernel,
              .row_length = static_cast<int>(length) / taps.kernel,
              .vectors = static_cast<int>(vectors),
              .blocks = static_cast<int>(blocks),
              .lanes = kernels_.lanes,
              .activated = !taps.slopes.empty()};
  layer.slopes.resize(all * lanes);
  if (layer.activated) {
    std::copy(taps.slopes.begin(), taps.slopes.end(), layer.slopes.begin());
    layer.rising = std::all_of(taps.slopes.begin(), taps.slopes.end(), [](float slope) { return slope >= 0; });
  }
  const size_t width = vectors * lanes;
  layer.parameters.resize(all * lanes * (length + 2));
  for (size_t channel = 0; channel < channels; ++channel) {
    float* column = layer.parameters.data() + channel / width * width * (length + 2) + channel % width;
    column[0] = taps.biases[channel];
    column[width] = layer.slopes[channel];
    for (size_t tap = 0; tap < length; ++tap) column[(tap + 2) * width] = taps.weights[channel * length + tap];
  }
  return layer;
}

WordLayer LayerPacker::pack_words(const Taps& taps) const {
  const size_t length = taps.length();
  const auto kernel = static_cast<size_t>(taps.kernel);
  const size_t row_length = length / kernel;
  const size_t pairs = (row_length + 1) / 2;
  const auto channels = static_cast<size_t>(taps.channels);
  const auto [vectors, blocks] = blocks_of(channels, kernels_);
  const size_t width = vectors * static_cast<size_t>(kernels_.lanes);
  WordLayer layer{.kernel = taps.kernel,
                  .pairs = static_cast<int>(pairs),
                  .vectors = static_cast<int>(vectors),
                  .blocks = static_cast<int>(blocks),
                  .weights = std::vector<int16_t>(blocks * kernel * pairs * width * 2),
                  .meaning = std::vector<float>(blocks * 2 * width)};
  for (size_t channel = 0; channel < channels; ++channel) {
    const std::span<const float> weights = std::span(taps.weights).subspan(channel * length, length);
    const float scale = word_weight_scale(weights);
    const size_t block = channel / width;
    const size_t lane = channel % width;
    for (size_t tap = 0; tap < length; ++tap) {
      const size_t row = tap / row_length;
      const size_t place = tap % row_length;
      const size_t pair = (block * kernel + row) * pairs + place / 2;
      layer.weights[(pair * width + lane) * 2 + place % 2] = static_cast<int16_t>(std::lround(weights[tap] * scale));
    }
    layer.meaning[block * 2 * width + lane] = 1 / scale;
    layer.meaning[(block * 2 + 1) * width + lane] = taps.biases[channel];
  }
  return layer;
}

}  // namespace mtcnn::engine
