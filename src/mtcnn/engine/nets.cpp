#include "mtcnn/engine/nets.h"

#include "mtcnn/core/error.h"
#include "mtcnn/engine/maps.h"

#include <algorithm>
#include <cstring>

namespace mtcnn::engine {
namespace {

void dense(const Kernels& kernels, const Layer& layer, const float* rows, int count, float* output,
           ptrdiff_t output_stride) {
  Convolution job = layer.job();
  job.input = rows;
  job.width = count;
  job.output = output;
  job.output_stride = output_stride;
  kernels.convolve(job);
}

/// The end of a crop net: one dense layer and the heads, for all crops together.
/// \param flat  [count, …]
void finish(const Kernels& kernels, const Layer& layer, const Layer& heads, const float* flat, int count,
            float* values) {
  thread_local std::vector<float> dense_room;
  thread_local std::vector<float> value_room;
  float* hidden = scratch(dense_room, count * layer.padded());
  dense(kernels, layer, flat, count, hidden, layer.channels);
  float* made = scratch(value_room, count * heads.padded());
  dense(kernels, heads, hidden, count, made, heads.padded());
  const auto channels = static_cast<size_t>(heads.channels);
  for (int i = 0; i < count; ++i)
    std::memcpy(values + ptrdiff_t{i} * heads.channels, made + i * heads.padded(), channels * sizeof(float));
}

}  // namespace

PNet::PNet(const NetWeights& weights, const Kernels& kernels) : kernels_(&kernels) {
  const LayerPacker pack(weights, kernels);
  conv1_ = pack.layer(0);
  conv2_ = pack.layer(1);
  conv3_ = pack.layer(2);
  heads_ = pack.heads();
}

namespace {

/// Convolution, PReLU and pooling by two of one row, in pieces that stay in the first cache.
void pool_pnet_row(const Kernels& kernels, const Layer& layer, const Plane& plane, int y, float* output) {
  constexpr ptrdiff_t kPiece = 24;  // output pixels
  thread_local std::vector<float> room;
  const ptrdiff_t row_floats = 2 * kPiece * layer.padded();
  float* rows = scratch(room, 2 * row_floats);
  const ptrdiff_t pooled_width = plane.width / 2 - 1;
  Convolution job = layer.job();
  job.activated = false;
  job.height = 2;
  job.output_stride = layer.padded();
  Pooling pooling = layer.pooling(2);
  pooling.row_count = 2;
  for (ptrdiff_t x = 0; x < pooled_width; x += kPiece) {
    job.width = static_cast<int>(2 * std::min(kPiece, pooled_width - x));
    set_input(job, plane.pixels + ptrdiff_t{2} * y * plane.row_stride + 2 * kColours * x, plane.row_stride);
    job.output = rows;
    kernels.convolve(job);
    pooling.rows[0] = rows;
    pooling.rows[1] = rows + job.width * layer.padded();
    pooling.width = job.width;
    pooling.output = output + x * layer.channels;
    kernels.pool(pooling);
  }
}

}  // namespace

void PNet::run(const Plane& plane, int first, int last, float* values, ptrdiff_t value_stride) const {
  thread_local std::vector<float> pooled_room;
  thread_local std::vector<float> conv2_room;
  thread_local std::vector<float> conv3_room;
  thread_local std::vector<float> value_room;
  const int width = plane.width / 2 - 1;  // pooled
  const int columns = width - kPNetMargin;
  const auto slack = static_cast<ptrdiff_t>(kSlack);
  const ptrdiff_t pooled_row = ptrdiff_t{width} * conv1_.channels + slack;
  const ptrdiff_t conv2_row = ptrdiff_t{width - 2} * conv2_.channels + slack;
  const Ring<float> pooled{scratch(pooled_room, kMostKernelRows * pooled_row), pooled_row};
  const Ring<float> second{scratch(conv2_room, kMostKernelRows * conv2_row), conv2_row};
  float* third = scratch(conv3_room, ptrdiff_t{columns} * conv3_.channels);
  float* made = scratch(value_room, ptrdiff_t{columns} * kValues);
  for (int y = first; y < last + kPNetMargin; ++y) {
    pool_pnet_row(*kernels_, conv1_, plane, y, pooled.row(y));
    if (y < first + 2) continue;
    convolve_ring(*kernels_, conv2_.job(), pooled, y - 2, width - 2, second.row(y - 2));
    if (y < first + kPNetMargin) continue;
    const int row = y - kPNetMargin;
    convolve_ring(*kernels_, conv3_.job(), second, row, columns, third);
    dense(*kernels_, heads_, third, columns, made, kValues);
    std::memcpy(values + (row - first) * value_stride, made, static_cast<size_t>(columns) * kValues * sizeof(float));
  }
}

CropNet::CropNet(const NetWeights& weights, const Kernels& kernels)
    : kernels_(&kernels), side_(net_input_size(weights.net)) {
  const NetSpec& spec = net_spec(weights.net);
  require(!spec.is_convolutional(), "CropNet: R-Net or O-Net is needed");
  const LayerPacker pack(weights, kernels);
  const size_t convolutions = spec.layers.size() - 1;
  for (size_t i = 0; i < convolutions; ++i) {
    const Taps taps = layer_taps(weights, i);
    Step& step = steps_.emplace_back(Step{.pool = spec.layers[i].pool});
    if (WinogradLayer::pays_for(taps)) {
      step.winograd.emplace(taps, pack);
      continue;
    }
    step.layer = pack.pack(taps);
    if (kernels.convolve_words != nullptr && i == 0) step.words = pack.pack_words(taps);
  }
  dense_ = pack.layer(convolutions);
  heads_ = pack.heads();
}

void CropNet::run(const float* crops, int count, float* values, bool exact) const {
  thread_local std::vector<float> map_rooms[2];
  thread_local std::vector<float> flat_room;
  float* flat = scratch(flat_room, ptrdiff_t{kCropsAtOnce} * dense_.row_length);
  for (int first = 0; first < count; first += kCropsAtOnce) {
    const int some = std::min(kCropsAtOnce, count - first);
    for (int i = 0; i < some; ++i) {
      Map map{crops + (first + i) * crop_floats(), side_, side_};
      for (size_t step = 0; step < steps_.size(); ++step) {
        const auto& [layer, words, winograd, pool] = steps_[step];
        std::vector<float>& room = map_rooms[step % 2];
        if (winograd)
          map = winograd->run(*kernels_, pool, map, room, !exact && kernels_->convolve_words != nullptr);
        else if (pool > 0)
          map = convolved_and_pooled(*kernels_, layer, pool, map, room, !exact && words ? &*words : nullptr);
        else
          map = convolved(*kernels_, layer, map, room);
      }
      std::memcpy(flat + ptrdiff_t{i} * dense_.row_length, map.values,
                  static_cast<size_t>(dense_.row_length) * sizeof(float));
    }
    finish(*kernels_, dense_, heads_, flat, some, values + ptrdiff_t{first} * heads_.channels);
  }
}

}  // namespace mtcnn::engine
