#include "unit/engine/plain_net.h"

#include <algorithm>

namespace mtcnn::engine {
namespace {

PlainMap map_of(int height, int width, int channels) {
  return {
      height, width, channels,
      std::vector<double>(static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels))};
}

/// A convolution; a dense layer is one whose kernel is the whole map, as its columns come in C,H,W order.
PlainMap convolved(const NetWeights& weights, const std::string& name, const PlainMap& input, int kernel) {
  const NamedTensor& taps = weights.at(name + ".weight");
  const NamedTensor& biases = weights.at(name + ".bias");
  PlainMap output = map_of(input.height - kernel + 1, input.width - kernel + 1, static_cast<int>(biases.values.size()));
  for (int y = 0; y < output.height; ++y) {
    for (int x = 0; x < output.width; ++x) {
      size_t tap = 0;
      for (int channel = 0; channel < output.channels; ++channel) {
        double sum = biases.values[static_cast<size_t>(channel)];
        for (int from = 0; from < input.channels; ++from) {
          for (int i = 0; i < kernel * kernel; ++i)
            sum += static_cast<double>(taps.values[tap++]) * input.at(y + i / kernel, x + i % kernel, from);
        }
        output.at(y, x, channel) = sum;
      }
    }
  }
  return output;
}

PlainMap activated(const NetWeights& weights, const std::string& name, PlainMap map) {
  const NamedTensor& slopes = weights.at(name + ".weight");
  for (size_t i = 0; i < map.values.size(); ++i) {
    if (map.values[i] < 0) map.values[i] *= static_cast<double>(slopes.values[i % slopes.values.size()]);
  }
  return map;
}

/// With stride 2; what hangs over the edge counts, if a whole row of it lies inside.
PlainMap pooled(const PlainMap& input, int kernel) {
  const auto size = [kernel](int side) { return (side - kernel + 1) / 2 + 1; };
  PlainMap output = map_of(size(input.height), size(input.width), input.channels);
  for (int y = 0; y < output.height; ++y) {
    for (int x = 0; x < output.width; ++x) {
      for (int channel = 0; channel < input.channels; ++channel) {
        double largest = input.at(2 * y, 2 * x, channel);
        for (int row = 2 * y; row < std::min(input.height, 2 * y + kernel); ++row) {
          for (int column = 2 * x; column < std::min(input.width, 2 * x + kernel); ++column)
            largest = std::max(largest, input.at(row, column, channel));
        }
        output.at(y, x, channel) = largest;
      }
    }
  }
  return output;
}

/// The heads side by side; of the first, which tells faces from others, the difference of its two logits.
PlainMap heads(const NetWeights& weights, const PlainMap& input, const std::string& name, int count) {
  std::vector<PlainMap> answers;
  for (int head = 1; head <= count; ++head)
    answers.push_back(convolved(weights, name + "_" + std::to_string(head), input, 1));
  int values = 1;
  for (size_t head = 1; head < answers.size(); ++head) values += answers[head].channels;
  PlainMap output = map_of(input.height, input.width, values);
  for (int y = 0; y < output.height; ++y) {
    for (int x = 0; x < output.width; ++x) {
      int value = 0;
      output.at(y, x, value++) = answers[0].at(y, x, 1) - answers[0].at(y, x, 0);
      for (size_t head = 1; head < answers.size(); ++head) {
        for (int channel = 0; channel < answers[head].channels; ++channel)
          output.at(y, x, value++) = answers[head].at(y, x, channel);
      }
    }
  }
  return output;
}

}  // namespace

PlainMap plain_net(const NetWeights& weights, const std::vector<float>& pixels, int height, int width) {
  PlainMap map{height, width, 3, {pixels.begin(), pixels.end()}};
  const auto layer = [&](int number, int kernel) {
    const std::string which = std::to_string(number);
    const std::string kind = weights.find("conv" + which + ".weight") != nullptr ? "conv" : "dense";
    map = activated(weights, "prelu" + which, convolved(weights, kind + which, map, kernel));
  };
  const auto pool = [&](int kernel) { map = pooled(map, kernel); };
  layer(1, 3), pool(weights.net == NetKind::pnet ? 2 : 3);
  layer(2, 3);
  if (weights.net == NetKind::pnet) {
    layer(3, 3);
    return heads(weights, map, "conv4", 2);
  }
  pool(3);
  if (weights.net == NetKind::rnet) {
    layer(3, 2), layer(4, 3);
    return heads(weights, map, "dense5", 2);
  }
  layer(3, 3), pool(2), layer(4, 2), layer(5, 3);
  return heads(weights, map, "dense6", 3);
}

}  // namespace mtcnn::engine
