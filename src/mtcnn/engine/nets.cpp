#include "mtcnn/engine/nets.h"

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

/// Runs `convolutions(crop)`, which gives a crop's last map, on all crops, a few at a time, and then their ends.
template <class Convolutions>
void run_crops(const Kernels& kernels, const Layer& layer, const Layer& heads, int side, const float* crops, int count,
               float* values, Convolutions convolutions) {
  thread_local std::vector<float> flat_room;
  float* flat = scratch(flat_room, ptrdiff_t{kCropsAtOnce} * layer.row_length);
  for (int first = 0; first < count; first += kCropsAtOnce) {
    const int some = std::min(kCropsAtOnce, count - first);
    for (int i = 0; i < some; ++i) {
      const Map map = convolutions(Map{crops + ptrdiff_t{first + i} * side * side * 3, side, side});
      std::memcpy(flat + ptrdiff_t{i} * layer.row_length, map.values,
                  static_cast<size_t>(layer.row_length) * sizeof(float));
    }
    finish(kernels, layer, heads, flat, some, values + ptrdiff_t{first} * heads.channels);
  }
}

}  // namespace

PNet::PNet(const NetWeights& weights, const Kernels& kernels) : kernels_(&kernels) {
  const LayerPacker pack(weights, kernels);
  conv1_ = pack.convolution("conv1", "prelu1");
  conv2_ = pack.convolution("conv2", "prelu2");
  conv3_ = pack.convolution("conv3", "prelu3");
  heads_ = pack.heads({"conv4_1", "conv4_2"});
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
  Pooling pooling{.row_count = 2,
                  .stride = layer.padded(),
                  .kernel = 2,
                  .slopes = layer.slopes.data(),
                  .rising = layer.rising,
                  .channels = layer.channels};
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

RNet::RNet(const NetWeights& weights, const Kernels& kernels) : kernels_(&kernels) {
  const LayerPacker pack(weights, kernels);
  conv1_ = pack.convolution("conv1", "prelu1");
  conv2_ = pack.convolution("conv2", "prelu2");
  conv3_ = pack.convolution("conv3", "prelu3");
  dense4_ = pack.dense("dense4", "prelu4", 64, 3);
  heads_ = pack.heads({"dense5_1", "dense5_2"});
}

void RNet::run(const float* crops, int count, float* values) const {
  thread_local std::vector<float> one;
  thread_local std::vector<float> two;
  run_crops(*kernels_, dense4_, heads_, kSide, crops, count, values, [this](const Map& crop) {
    const Map first = convolved_and_pooled(*kernels_, conv1_, 3, crop, one);
    const Map second = convolved_and_pooled(*kernels_, conv2_, 3, first, two);
    return convolved(*kernels_, conv3_, second, one);
  });
}

ONet::ONet(const NetWeights& weights, const Kernels& kernels) : kernels_(&kernels) {
  const LayerPacker pack(weights, kernels);
  conv1_ = pack.convolution("conv1", "prelu1");
  conv2_ = pack.convolution("conv2", "prelu2");
  conv3_ = pack.convolution("conv3", "prelu3");
  conv4_ = pack.convolution("conv4", "prelu4");
  dense5_ = pack.dense("dense5", "prelu5", 128, 3);
  heads_ = pack.heads({"dense6_1", "dense6_2", "dense6_3"});
}

void ONet::run(const float* crops, int count, float* values) const {
  thread_local std::vector<float> one;
  thread_local std::vector<float> two;
  run_crops(*kernels_, dense5_, heads_, kSide, crops, count, values, [this](const Map& crop) {
    const Map first = convolved_and_pooled(*kernels_, conv1_, 3, crop, one);
    const Map second = convolved_and_pooled(*kernels_, conv2_, 3, first, two);
    const Map third = convolved_and_pooled(*kernels_, conv3_, 2, second, one);
    return convolved(*kernels_, conv4_, third, two);
  });
}

}  // namespace mtcnn::engine
