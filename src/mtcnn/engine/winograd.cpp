#include "mtcnn/engine/winograd.h"

#include <algorithm>
#include <array>

namespace mtcnn::engine {
namespace {

constexpr int kTaps = 3;
constexpr int kTilesAtOnce = 12;  ///< about as many as a kernel's pixels in registers

/// What a line of three taps is at each place: [places, taps].
std::array<std::array<double, kTaps>, kTileInput> tap_transform() {
  const double near = kNearPoint;
  const double far = kFarPoint;
  std::array<std::array<double, kTaps>, kTileInput> lines{};
  const auto set = [&lines](size_t place, double point, double divisor) {
    lines[place] = {1 / divisor, point / divisor, point * point / divisor};
  };
  const double near_divisor = 2 * near * near * (near * near - far * far);
  const double far_divisor = 2 * far * far * (far * far - near * near);
  set(0, 0, near * near * far * far);
  set(1, near, near_divisor);
  set(2, -near, near_divisor);
  set(3, far, far_divisor);
  set(4, -far, far_divisor);
  lines[5] = {0, 0, 1};
  return lines;
}

}  // namespace

WinogradLayer::WinogradLayer(const Taps& taps, const LayerPacker& pack) {
  const auto lines = tap_transform();
  const auto channels = static_cast<size_t>(taps.channels);
  const auto inputs = static_cast<size_t>(taps.input_channels);
  Taps place{.channels = taps.channels,
             .input_channels = taps.input_channels,
             .weights = std::vector<float>(channels * inputs),
             .biases = std::vector<float>(channels)};
  for (const auto& row : lines) {
    for (const auto& column : lines) {
      for (size_t channel = 0; channel < channels; ++channel) {
        for (size_t input = 0; input < inputs; ++input) {
          const float* tap = taps.weights.data() + channel * taps.length() + input;
          double sum = 0;
          for (size_t y = 0; y < kTaps; ++y) {
            for (size_t x = 0; x < kTaps; ++x, tap += inputs) sum += row[y] * column[x] * static_cast<double>(*tap);
          }
          place.weights[channel * inputs + input] = static_cast<float>(sum);
        }
      }
      products_.push_back(pack.pack(place));
      if (pack.kernels().convolve_words != nullptr) word_products_.push_back(pack.pack_words(place));
    }
  }
  place.slopes = taps.slopes;
  place.weights.clear();
  layer_ = pack.pack(place);
  biases_ = taps.biases;
  biases_.resize(static_cast<size_t>(layer_.padded()));
}

void WinogradLayer::multiply(const Kernels& kernels, bool words, const float* tiles, int tile_count, ptrdiff_t inputs,
                             float* products) const {
  thread_local std::vector<int16_t> word_room;
  const ptrdiff_t tile_place = tile_count * inputs;
  const ptrdiff_t outputs = layer_.padded();
  for (size_t place = 0; place < products_.size(); ++place, tiles += tile_place, products += tile_count * outputs) {
    const auto complete = [&](auto job, const auto* input) {
      job.input = input;
      job.pixel_stride = inputs;
      job.width = tile_count;
      job.output = products;
      job.output_stride = outputs;
      return job;
    };
    if (words) {
      int16_t* rounded = scratch(word_room, tile_place);
      WordConvolution job = complete(word_products_[place].job(), rounded);
      job.scale = kernels.to_words(tiles, tile_place, rounded);
      kernels.convolve_words(job);
    } else {
      kernels.convolve(complete(products_[place].job(), tiles));
    }
  }
}

Map WinogradLayer::run(const Kernels& kernels, int pool, const Map& input, std::vector<float>& room, bool words) const {
  thread_local std::vector<float> tile_room;
  thread_local std::vector<float> product_room;
  thread_local std::vector<float> pixel_room;
  const Map output{nullptr, input.width - kTaps + 1, input.height - kTaps + 1};
  const int columns = (output.width + kTile - 1) / kTile;
  const int rows = (output.height + kTile - 1) / kTile;
  const int strip = std::clamp(kTilesAtOnce / columns, 1, rows);
  const ptrdiff_t inputs = (layer_.input_channels + kernels.lanes - 1) / kernels.lanes * ptrdiff_t{kernels.lanes};
  const ptrdiff_t outputs = layer_.padded();
  const ptrdiff_t input_row = ptrdiff_t{input.width} * layer_.input_channels;
  const ptrdiff_t pixel_row = ptrdiff_t{kTile} * columns * outputs;
  float* tiles = scratch(tile_room, kTilePlaces * ptrdiff_t{strip} * columns * inputs);
  float* products = scratch(product_room, kTilePlaces * ptrdiff_t{strip} * columns * outputs);
  float* pixels = scratch(pixel_room, ptrdiff_t{kTile} * rows * pixel_row);
  for (int first = 0; first < rows; first += strip) {
    const int some = std::min(strip, rows - first);
    const ptrdiff_t tile_place = ptrdiff_t{some} * columns * inputs;
    const ptrdiff_t product_place = ptrdiff_t{some} * columns * outputs;
    for (int row = 0; row < some; ++row) {
      const int y = kTile * (first + row);
      kernels.to_tiles({.input = input.values + y * input_row,
                        .pixel_stride = layer_.input_channels,
                        .row_stride = input_row,
                        .columns = input.width,
                        .rows = input.height - y,
                        .tiles = columns,
                        .channels = inputs,
                        .output = tiles + ptrdiff_t{row} * columns * inputs,
                        .place_stride = tile_place});
    }
    multiply(kernels, words, tiles, some * columns, inputs, products);
    for (int row = 0; row < some; ++row) {
      kernels.from_tiles({.products = products + ptrdiff_t{row} * columns * outputs,
                          .place_stride = product_place,
                          .tiles = columns,
                          .channels = outputs,
                          .biases = biases_.data(),
                          .slopes = pool > 0 ? nullptr : layer_.slopes.data(),
                          .output = pixels + ptrdiff_t{kTile} * (first + row) * pixel_row,
                          .row_stride = pixel_row});
    }
  }
  if (pool == 0) {
    float* packed = map_scratch(room, ptrdiff_t{output.width} * output.height * layer_.channels);
    for (int y = 0; y < output.height; ++y) {
      for (int x = 0; x < output.width; ++x) {
        std::copy_n(pixels + y * pixel_row + x * outputs, layer_.channels, packed);
        packed += layer_.channels;
      }
    }
    return {room.data(), output.width, output.height};
  }
  const Map pooled{nullptr, pooled_size(output.width, pool), pooled_size(output.height, pool)};
  float* made = map_scratch(room, ptrdiff_t{pooled.width} * pooled.height * layer_.channels);
  Pooling pooling = layer_.pooling(pool);
  pooling.width = output.width;
  for (int y = 0; y < pooled.height; ++y) {
    pooling.row_count = std::min(pool, output.height - 2 * y);
    for (int row = 0; row < pooling.row_count; ++row) pooling.rows[row] = pixels + (2 * y + row) * pixel_row;
    pooling.output = made + ptrdiff_t{y} * pooled.width * layer_.channels;
    kernels.pool(pooling);
  }
  return {made, pooled.width, pooled.height};
}

}  // namespace mtcnn::engine
