#include "mtcnn/engine/screen.h"

#include "mtcnn/engine/calibration.h"
#include "mtcnn/engine/maps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace mtcnn::engine {
namespace {

constexpr int kRNetSide = 24;
constexpr int kPNetSide = 24;          ///< of the images that P-Net is calibrated with
constexpr float kPNetHeadroom = 0.7F;  ///< of ranges beyond those of painted images: textures excite it most
constexpr float kRNetHeadroom = 1.5F;  ///< faces excite it more than textures do
constexpr float kSureErrors = 4;       ///< root mean square errors that a rough logit is trusted to be within
constexpr float kDoubtful = 4;         ///< logits beyond this are far from any threshold
constexpr float kReach = 4;            ///< by which a logit exceeds the best of the nearby looked-at cells, at most
constexpr double kFacesSeen = 0.25;    ///< share of the painted faces that a face net sees at least

/// Ranges of channels, from all values seen.
std::vector<ChannelRange> ranges_of(const std::vector<std::vector<float>>& maps, size_t channels, float headroom) {
  std::vector<ChannelRange> ranges(channels);
  for (const std::vector<float>& map : maps) {
    for (size_t i = 0; i < map.size(); ++i) {
      ChannelRange& range = ranges[i % channels];
      range.low = std::min(range.low, map[i]);
      range.high = std::max(range.high, map[i]);
    }
  }
  for (ChannelRange& range : ranges) {
    range.low *= headroom;
    range.high = std::max(range.high * headroom, range.low + 1e-3F);
  }
  return ranges;
}

/// What a layer sees at some places of its input maps, evenly spread: [windows, taps].
std::vector<float> windows_of(const std::vector<std::vector<float>>& maps, int side, const Taps& taps) {
  constexpr int kPerMap = 4;
  const int places = side - taps.kernel + 1;
  const int step = std::max(1, places * places / kPerMap);
  const auto row = static_cast<ptrdiff_t>(taps.kernel) * taps.input_channels;
  std::vector<float> windows;
  for (const std::vector<float>& map : maps) {
    for (int place = 0; place < places * places; place += step) {
      for (int y = place / places; y < place / places + taps.kernel; ++y) {
        const float* first = map.data() + (static_cast<ptrdiff_t>(y) * side + place % places) * taps.input_channels;
        windows.insert(windows.end(), first, first + row);
      }
    }
  }
  return windows;
}

/// The convolutions of a net as bytes, and what they give for the painted images, in floats.
struct Quantized {
  std::vector<ByteStep> steps;
  std::vector<ChannelRange> ranges;
  std::vector<std::vector<float>> maps;
};

Quantized quantized(const NetWeights& weights, const Kernels& kernels, const Calibration& pictures) {
  const LayerPacker pack(weights, kernels);
  const size_t floats = static_cast<size_t>(pictures.side) * static_cast<size_t>(pictures.side) * 3;
  Quantized made{.ranges = std::vector<ChannelRange>(3, ChannelRange{-127.5F / 128, 127.5F / 128})};
  for (auto crop = pictures.crops.begin(); crop != pictures.crops.end(); crop += static_cast<ptrdiff_t>(floats))
    made.maps.emplace_back(crop, crop + static_cast<ptrdiff_t>(floats));
  const float headroom = weights.net == NetKind::pnet ? kPNetHeadroom : kRNetHeadroom;
  int side = pictures.side;
  std::vector<float> room;
  const std::vector<LayerSpec>& layers = net_spec(weights.net).layers;
  for (size_t i = 0; i < layers.size() && layers[i].kernel > 0; ++i) {
    const int pool = layers[i].pool;
    const Taps taps = layer_taps(weights, i);
    const std::vector<float> windows = windows_of(made.maps, side, taps);
    const Layer layer = pack.pack(taps);
    int next_side = 0;
    for (std::vector<float>& map : made.maps) {
      const Map input{map.data(), side, side};
      const Map output =
          pool > 0 ? convolved_and_pooled(kernels, layer, pool, input, room) : convolved(kernels, layer, input, room);
      map.assign(output.values, output.values + ptrdiff_t{output.width} * output.height * layer.channels);
      next_side = output.width;
    }
    side = next_side;
    std::vector<ChannelRange> outputs = ranges_of(made.maps, static_cast<size_t>(layer.channels), headroom);
    made.steps.push_back({byte_layer(taps, made.ranges, outputs, windows), pool});
    made.ranges = std::move(outputs);
  }
  return made;
}

/// The sum of products, in several sums at once: one alone would wait for each addition.
float dot(std::span<const float> weights, const float* values) {
  constexpr size_t kSums = 16;
  std::array<float, kSums> sums{};
  size_t i = 0;
  for (; i + kSums <= weights.size(); i += kSums) {
    for (size_t k = 0; k < kSums; ++k) sums[k] += weights[i + k] * values[i + k];
  }
  float sum = std::accumulate(sums.begin(), sums.end(), 0.0F);
  for (; i < weights.size(); ++i) sum += weights[i] * values[i];
  return sum;
}

/// The face logit alone.
Taps face_taps(const NetWeights& weights) {
  Taps taps = head_taps(weights, {net_spec(weights.net).head(HeadKind::face).name});
  taps.channels = 1;
  return taps;
}

/// How far rough logits are off, and whether exact ones tell painted faces.
class Comparison {
 public:
  void add(float exact, float rough) {
    if (std::abs(exact) > kDoubtful) return;
    const double error = static_cast<double>(rough) - static_cast<double>(exact);
    squares_ += error * error;
    ++count_;
  }
  void add_face(bool seen) {
    ++faces_;
    seen_ += seen ? 1 : 0;
  }

  /// Infinite for nets that take the painted faces for none, as then nothing is known about the values of their layers.
  float margin() const {
    if (seen_ < kFacesSeen * faces_ || count_ == 0) return std::numeric_limits<float>::infinity();
    return kSureErrors * static_cast<float>(std::sqrt(squares_ / count_));
  }

 private:
  double squares_ = 0;
  int count_ = 0;
  int faces_ = 0;
  int seen_ = 0;
};

BytePooling pooling_of(const ByteStep& step) {
  return {.stride = step.layer.padded(),
          .kernel = step.pool,
          .meaning = step.layer.meaning(),
          .channels = step.layer.channels};
}

/// A square map of bytes without gaps.
struct ByteMap {
  const uint8_t* values;
  int side;
};

ByteMap run_step(const ByteKernels& kernels, const ByteStep& step, const ByteMap& input, std::vector<uint8_t>& room) {
  thread_local std::vector<int32_t> sums_room;
  const ByteLayer& layer = step.layer;
  const int side = input.side - layer.kernel + 1;
  ByteConvolution job = layer.job(step.pool > 0 ? ByteOutput::sums : ByteOutput::bytes);
  set_input(job, input.values, ptrdiff_t{input.side} * layer.input_channels);
  job.width = side;
  job.height = side;
  if (step.pool == 0) {
    uint8_t* made = scratch(room, ptrdiff_t{side} * side * layer.channels, kByteSlack);
    job.output = made;
    kernels.convolve(job);
    return {made, side};
  }
  const ptrdiff_t row = side * layer.padded();
  int32_t* sums = scratch(sums_room, side * row, kByteSlack);
  job.output = sums;
  kernels.convolve(job);
  const int pooled_side = pooled_size(side, step.pool);
  uint8_t* made = scratch(room, ptrdiff_t{pooled_side} * pooled_side * layer.channels, kByteSlack);
  BytePooling pooling = pooling_of(step);
  pooling.width = side;
  for (int y = 0; y < pooled_side; ++y) {
    pooling.row_count = std::min(step.pool, side - 2 * y);
    for (int i = 0; i < pooling.row_count; ++i) pooling.rows[i] = sums + (2 * y + i) * row;
    pooling.output = made + ptrdiff_t{y} * pooled_side * layer.channels;
    kernels.pool(pooling);
  }
  return {made, pooled_side};
}

/// Which blocks of two by two cells of two rows are computed whole.
class CellBlocks {
 public:
  explicit CellBlocks(int columns) : chosen_(static_cast<size_t>(columns + 1) / 2, true) {}

  ptrdiff_t count() const { return std::ssize(chosen_); }

  /// Chooses the blocks beside which, or in which, one of the logits reaches least.
  /// \param logits  [count()], of each block's first cell
  void choose(const float* logits, float least) {
    for (ptrdiff_t i = 0; i < count(); ++i) {
      const auto [from, to] = std::pair{logits + std::max<ptrdiff_t>(i - 1, 0), logits + std::min(i + 2, count())};
      chosen_[static_cast<size_t>(i)] = *std::max_element(from, to) >= least;
    }
  }

  /// Calls compute(first column, columns) for each run of chosen blocks.
  template <class Compute>
  void for_runs(int columns, Compute compute) const {
    for (auto begin = chosen_.begin(); (begin = std::find(begin, chosen_.end(), true)) != chosen_.end();) {
      const auto end = std::find(begin, chosen_.end(), false);
      const auto first = 2 * static_cast<int>(begin - chosen_.begin());
      compute(first, std::min(2 * static_cast<int>(end - chosen_.begin()), columns) - first);
      begin = end;
    }
  }

 private:
  std::vector<bool> chosen_;
};

}  // namespace

PNetScreen::PNetScreen(const NetWeights& weights, const Kernels& kernels, const ByteKernels& bytes) : kernels_(&bytes) {
  constexpr size_t kCells = kPNetSide / 2 - 5;
  const Calibration pictures = painted_calibration(kPNetSide);
  Quantized made = quantized(weights, kernels, pictures);
  steps_ = std::move(made.steps);
  const Taps face = face_taps(weights);
  constexpr int kSide = kPNetSide / 2 - 5;
  head_ = byte_layer(face, made.ranges, {}, windows_of(made.maps, kSide, face));
  Comparison comparison;
  std::array<float, kCells * kCells> rough{};
  for (int i = 0; i < pictures.textures + pictures.faces; ++i) {
    constexpr ptrdiff_t kRow = kColours * kPNetSide;
    run({pictures.crops.data() + i * kRow * kPNetSide, kRow, kPNetSide, kPNetSide}, 0, static_cast<int>(kCells),
        rough.data());
    bool seen = false;
    const float* values = made.maps[static_cast<size_t>(i)].data();
    for (const float logit : rough) {
      const float exact = face.biases[0] + dot(face.weights, values);
      if (i >= pictures.textures) comparison.add(exact, logit);
      seen |= exact > 0;
      values += face.weights.size();
    }
    if (i >= pictures.textures) comparison.add_face(seen);
  }
  margin_ = comparison.margin();
}

void PNetScreen::run(const Plane& plane, int first, int last, float* logits, float least) const {
  thread_local std::vector<uint8_t> pixel_room;
  thread_local std::vector<uint8_t> pooled_room;
  thread_local std::vector<uint8_t> conv2_room;
  thread_local std::vector<uint8_t> conv3_room;
  thread_local std::vector<float> value_room;
  thread_local std::vector<float> block_room;
  const int width = plane.width / 2 - 1;  // pooled
  const int columns = width - kPNetMargin;
  const auto slack = static_cast<ptrdiff_t>(kByteSlack);
  const ByteStep& conv1 = steps_[0];
  const ByteStep& conv2 = steps_[1];
  const ByteStep& conv3 = steps_[2];
  const ptrdiff_t pixel_row = kColours * plane.width + slack;
  const ptrdiff_t pooled_row = ptrdiff_t{width} * conv1.layer.channels + slack;
  const ptrdiff_t conv2_row = ptrdiff_t{width - 2} * conv2.layer.channels + slack;
  uint8_t* pixels = scratch(pixel_room, 4 * pixel_row, kByteSlack);
  const Ring<uint8_t> pooled{scratch(pooled_room, kMostKernelRows * pooled_row, kByteSlack), pooled_row};
  const Ring<uint8_t> second{scratch(conv2_room, kMostKernelRows * conv2_row, kByteSlack), conv2_row};
  uint8_t* third = scratch(conv3_room, ptrdiff_t{columns} * conv3.layer.channels, kByteSlack);
  float* made = scratch(value_room, columns * head_.padded());
  BytePooledRow first_layer{.pixel_stride = kColours,
                            .groups = conv1.layer.groups,
                            .weights = conv1.layer.weights.data(),
                            .meaning = conv1.layer.meaning(),
                            .width = width,
                            .channels = conv1.layer.channels};
  // The logits of every step-th cell of a row.
  const auto compute = [&](int row, int column, int count, int step, float* found) {
    ByteConvolution job = conv3.layer.job(ByteOutput::bytes);
    job.input = second.row(row) + ptrdiff_t{column} * conv3.layer.input_channels;
    job.pixel_stride = ptrdiff_t{step} * conv3.layer.input_channels;
    for (int i = 0; i < job.kernel_rows; ++i) job.kernel_row[i] = second.row(row + i) - second.row(row);
    job.width = count;
    job.output = third;
    kernels_->convolve(job);
    job = head_.job(ByteOutput::floats);
    job.input = third;
    job.width = count;
    job.output = made;
    kernels_->convolve(job);
    for (int i = 0; i < count; ++i) found[i] = made[i * head_.padded()];
  };
  CellBlocks blocks(columns);
  const bool all = least == kEveryLogit;
  require(all || first % 2 == 0, "PNetScreen: bands of blocks of cells start at an even row");
  int converted = 2 * first;  // rows of the plane that are bytes already
  for (int y = first; y < last + kPNetMargin; ++y) {
    for (; converted < 2 * y + 4; ++converted)
      kernels_->to_bytes(plane.pixels + converted * plane.row_stride, kColours * plane.width,
                         pixels + converted % 4 * pixel_row);
    for (int row = 0; row < 4; ++row) first_layer.rows[row] = pixels + (2 * y + row) % 4 * pixel_row;
    first_layer.output = pooled.row(y);
    kernels_->convolve_and_pool(first_layer);
    if (y < first + 2) continue;
    convolve_ring(*kernels_, conv2.layer.job(ByteOutput::bytes), pooled, y - 2, width - 2, second.row(y - 2));
    if (y < first + kPNetMargin) continue;
    const int row = y - kPNetMargin;
    float* row_logits = logits + static_cast<ptrdiff_t>(row - first) * columns;
    if (!all) {
      std::fill_n(row_logits, columns, least - 1);
      if (row % 2 == 0) {
        float* block_logits = scratch(block_room, blocks.count());
        compute(row, 0, static_cast<int>(blocks.count()), 2, block_logits);
        blocks.choose(block_logits, least - kReach);
      }
    }
    blocks.for_runs(columns, [&](int column, int count) { compute(row, column, count, 1, row_logits + column); });
  }
}

RNetScreen::RNetScreen(const NetWeights& weights, const Kernels& kernels, const ByteKernels& bytes) : kernels_(&bytes) {
  const Calibration pictures = painted_calibration(kRNetSide);
  Quantized made = quantized(weights, kernels, pictures);
  steps_ = std::move(made.steps);
  const Taps dense = layer_taps(weights, steps_.size());
  dense_ = byte_layer(dense, made.ranges, {});
  const Taps face = face_taps(weights);
  head_ = face.weights;
  bias_ = face.biases[0];
  Comparison comparison;
  std::vector<float> rough(made.maps.size());
  run(pictures.crops.data(), static_cast<int>(rough.size()), rough.data());
  for (size_t i = 0; i < rough.size(); ++i) {
    float exact = bias_;
    for (size_t channel = 0; channel < head_.size(); ++channel) {
      const std::span<const float> row = std::span(dense.weights).subspan(channel * dense.length(), dense.length());
      const float value = dense.biases[channel] + dot(row, made.maps[i].data());
      exact += head_[channel] * (value > 0 ? value : dense.slopes[channel] * value);
    }
    comparison.add(exact, rough[i]);
    if (i >= static_cast<size_t>(pictures.textures)) comparison.add_face(exact > 0);
  }
  margin_ = comparison.margin();
}

void RNetScreen::run(const float* crops, int count, float* logits) const {
  thread_local std::vector<uint8_t> rooms[2];
  thread_local std::vector<uint8_t> flat_room;
  thread_local std::vector<float> hidden_room;
  const ptrdiff_t floats = kColours * kRNetSide * kRNetSide;
  const ptrdiff_t flat_bytes = dense_.input_channels;
  uint8_t* flat = scratch(flat_room, kCropsAtOnce * flat_bytes, kByteSlack);
  float* hidden = scratch(hidden_room, kCropsAtOnce * dense_.padded());
  for (int first = 0; first < count; first += kCropsAtOnce) {
    const int some = std::min(kCropsAtOnce, count - first);
    for (int i = 0; i < some; ++i) {
      uint8_t* pixels = scratch(rooms[1], floats, kByteSlack);
      kernels_->to_bytes(crops + (first + i) * floats, floats, pixels);
      ByteMap map{pixels, kRNetSide};
      for (size_t step = 0; step < steps_.size(); ++step) map = run_step(*kernels_, steps_[step], map, rooms[step % 2]);
      std::copy_n(map.values, flat_bytes, flat + i * flat_bytes);
    }
    ByteConvolution job = dense_.job(ByteOutput::floats);
    job.input = flat;
    job.width = some;
    job.output = hidden;
    kernels_->convolve(job);
    for (int i = 0; i < some; ++i) {
      const float* values = hidden + i * dense_.padded();
      float logit = bias_;
      for (size_t j = 0; j < head_.size(); ++j) logit += head_[j] * values[j];
      logits[first + i] = logit;
    }
  }
}

}  // namespace mtcnn::engine
