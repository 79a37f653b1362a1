#pragma once

#include "mtcnn/engine/layer.h"

#include <algorithm>
#include <vector>

/// Whole maps through convolutions, as crops go, and rows of them, as P-Net goes.
namespace mtcnn::engine {

inline constexpr ptrdiff_t kColours = 3;
inline constexpr int kPNetMargin = 4;  ///< rows and columns that P-Net's last two convolutions need beyond their output
inline constexpr int kCropsAtOnce = 16;  ///< whose dense layers are run together, so that their weights are read once

/// A map in channels-last memory without gaps.
struct Map {
  const float* values;
  int width;
  int height;
};

/// Pixels of a pooled row, with stride 2 and ceil mode.
constexpr int pooled_size(int size, int kernel) { return (size - kernel + 1) / 2 + 1; }

/// Memory that grows and is kept for the thread's next call.
template <class Value>
Value* scratch(std::vector<Value>& room, ptrdiff_t values, size_t slack = kSlack) {
  const size_t needed = static_cast<size_t>(values) + slack;
  if (room.size() < needed) room.resize(needed);
  return room.data();
}

/// Memory for a map. What whole vectors read behind its last pixel is 0, so that it never depends on earlier calls.
inline float* map_scratch(std::vector<float>& room, ptrdiff_t values) {
  float* map = scratch(room, values);
  std::fill_n(map + values, kSlack, 0.0F);
  return map;
}

/// Sets where a Convolution of any kind finds its input, in a map without gaps between pixels.
template <class Job, class Value>
void set_input(Job& job, const Value* first, ptrdiff_t row_stride) {
  job.input = first;
  if constexpr (requires { job.row_stride; }) job.row_stride = row_stride;
  for (int row = 0; row < job.kernel_rows; ++row) job.kernel_row[row] = row * row_stride;
}

/// The last three rows of a layer's output.
template <class Value>
struct Ring {
  Value* values;
  ptrdiff_t row_values;

  Value* row(int y) const { return values + y % kMostKernelRows * row_values; }
};

/// Output row `y` of a convolution over rows y, y + 1 and y + 2 of a ring.
template <class AnyKernels, class Job, class Value>
void convolve_ring(const AnyKernels& kernels, Job job, const Ring<Value>& input, int y, int width, Value* output) {
  job.input = input.row(y);
  for (int row = 0; row < job.kernel_rows; ++row) job.kernel_row[row] = input.row(y + row) - job.input;
  job.width = width;
  job.output = output;
  kernels.convolve(job);
}

/// A convolution with its activation; the answer lies in `room`.
Map convolved(const Kernels& kernels, const Layer& layer, const Map& input, std::vector<float>& room);

/// Convolution, PReLU and pooling, one pooled row at a time: what lies between stays in the cache.
/// \param words  the layer's parameters in 16 bits, to multiply by them; nullptr: floats.
Map convolved_and_pooled(const Kernels& kernels, const Layer& layer, int kernel, const Map& input,
                         std::vector<float>& room, const WordLayer* words = nullptr);

}  // namespace mtcnn::engine
