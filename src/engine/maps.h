#pragma once

#include "mtcnn/engine/layer.h"

#include <vector>

/// Whole maps through convolutions, as crops go.
namespace mtcnn::engine {

/// A map in channels-last memory without gaps.
struct Map {
  const float* values;
  int width;
  int height;
};

/// Pixels of a pooled row, with stride 2 and ceil mode.
constexpr int pooled_size(int size, int kernel) { return (size - kernel + 1) / 2 + 1; }

/// Room that grows and is kept for the thread's next call.
template <class Value>
Value* scratch(std::vector<Value>& room, ptrdiff_t values, size_t slack = kSlack) {
  const size_t needed = static_cast<size_t>(values) + slack;
  if (room.size() < needed) room.resize(needed);
  return room.data();
}

/// Sets where `job` finds its input, in a map without gaps between pixels.
void set_input(Convolution& job, const Layer& layer, const float* first, ptrdiff_t row_stride);

/// A convolution with its activation; the answer lies in `room`.
Map convolved(const Kernels& kernels, const Layer& layer, const Map& input, std::vector<float>& room);

/// Convolution, PReLU and pooling, one pooled row at a time: what lies between stays in the cache.
Map convolved_and_pooled(const Kernels& kernels, const Layer& layer, int kernel, const Map& input,
                         std::vector<float>& room);

}  // namespace mtcnn::engine
