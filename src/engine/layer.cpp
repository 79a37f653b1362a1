#include "mtcnn/engine/layer.h"

#include <algorithm>

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

}  // namespace

Convolution Layer::job() const {
  return {.kernel_rows = kernel,
          .row_length = row_length,
          .parameters = parameters.data(),
          .blocks = blocks,
          .vectors = vectors,
          .activated = activated,
          .output_stride = channels};
}

Layer LayerPacker::convolution(const std::string& name, const std::string& prelu) const {
  const NamedTensor& weight = weights_.at(name + ".weight");
  const auto kernel = static_cast<int>(weight.shape[2]);
  const auto inputs = static_cast<size_t>(weight.shape[1]);
  const std::vector<float> taps = channels_last(weight.values, static_cast<size_t>(weight.shape[0]), inputs,
                                                static_cast<size_t>(kernel) * static_cast<size_t>(kernel));
  Layer layer = pack(taps, weights_.at(name + ".bias").values, prelu, kernel);
  layer.input_channels = static_cast<int>(inputs);
  return layer;
}

Layer LayerPacker::dense(const std::string& name, const std::string& prelu, int channels, int side) const {
  const NamedTensor& weight = weights_.at(name + ".weight");
  const std::vector<float> taps =
      channels_last(weight.values, static_cast<size_t>(weight.shape[0]), static_cast<size_t>(channels),
                    static_cast<size_t>(side) * static_cast<size_t>(side));
  return pack(taps, weights_.at(name + ".bias").values, prelu, 1);
}

Layer LayerPacker::heads(const std::vector<std::string>& names) const {
  std::vector<float> taps;
  std::vector<float> biases;
  for (const std::string& name : names) {
    if (weights_.find(name + ".weight") == nullptr) continue;  // a net without points
    const std::vector<float>& weight = weights_.at(name + ".weight").values;
    const std::vector<float>& bias = weights_.at(name + ".bias").values;
    if (!taps.empty()) {
      taps.insert(taps.end(), weight.begin(), weight.end());
      biases.insert(biases.end(), bias.begin(), bias.end());
      continue;
    }
    const size_t length = weight.size() / 2;
    for (size_t i = 0; i < length; ++i) taps.push_back(weight[length + i] - weight[i]);
    biases.push_back(bias[1] - bias[0]);
  }
  return pack(taps, biases, "", 1);
}

Layer LayerPacker::pack(std::span<const float> taps, std::span<const float> biases, const std::string& prelu,
                        int kernel) const {
  const size_t channels = biases.size();
  const size_t length = taps.size() / channels;
  const auto lanes = static_cast<size_t>(kernels_.lanes);
  const size_t all = (channels + lanes - 1) / lanes;
  size_t vectors = std::min(all, static_cast<size_t>(kernels_.most_vectors));
  while (all % vectors != 0) --vectors;
  Layer layer{.channels = static_cast<int>(channels),
              .input_channels = static_cast<int>(length),
              .kernel = kernel,
              .row_length = static_cast<int>(length) / kernel,
              .vectors = static_cast<int>(vectors),
              .blocks = static_cast<int>(all / vectors),
              .lanes = kernels_.lanes,
              .activated = !prelu.empty()};
  layer.slopes.resize(all * lanes);
  if (layer.activated) {
    const std::vector<float>& slopes = weights_.at(prelu + ".weight").values;
    std::copy(slopes.begin(), slopes.end(), layer.slopes.begin());
    layer.rising = std::all_of(slopes.begin(), slopes.end(), [](float slope) { return slope >= 0; });
  }
  const size_t width = vectors * lanes;
  layer.parameters.resize(all * lanes * (length + 2));
  for (size_t channel = 0; channel < channels; ++channel) {
    float* column = layer.parameters.data() + channel / width * width * (length + 2) + channel % width;
    column[0] = biases[channel];
    column[width] = layer.slopes[channel];
    for (size_t tap = 0; tap < length; ++tap) column[(tap + 2) * width] = taps[channel * length + tap];
  }
  return layer;
}

}  // namespace mtcnn::engine
