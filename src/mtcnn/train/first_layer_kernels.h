#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// The arithmetic of first_layer.h on plain memory, for one crop.
namespace mtcnn::first_layer_kernels {

inline constexpr int kLanes = 16;             ///< channels are filled up to a multiple
inline constexpr int kKernel = 3;             ///< of the convolution
inline constexpr int kRow = kKernel * 3;      ///< input values of one row of the kernel: they lie side by side
inline constexpr int kTaps = kKernel * kRow;  ///< input values of an output pixel

/// Sizes of a first layer's output, in pixels, before and after pooling.
struct Shape {
  int64_t width, height;  ///< after the convolution
  int64_t pooled_width, pooled_height;
  int64_t channels, kernel;

  int64_t input_width() const { return width + kKernel - 1; }
  int64_t input_floats() const { return 3 * input_width() * (height + kKernel - 1); }
  int64_t pooled_floats() const { return channels * pooled_width * pooled_height; }
  size_t lanes() const { return static_cast<size_t>(channels <= kLanes ? kLanes : 2 * kLanes); }
  size_t pixel_floats() const { return static_cast<size_t>(width * height) * lanes(); }
};

/// Parameters are [kTaps + 2, lanes]: a tap after the other (row, column, colour), then biases, then slopes; channels
/// beyond the last are 0. All arrays are channels last. `pixels` and `gradients` are space for pixel_floats().
struct Kernels {
  const char* units;  ///< the vector units that they are made for
  /// [input_height, input_width, 3] to [pooled_height, pooled_width, channels].
  void (*forward)(const float* input, const Shape& shape, const float* parameters, float* pixels, float* output);
  /// Adds the gradients of the parameters to `total`, which is laid out as they are.
  void (*backward)(const float* input, const float* output_gradients, const Shape& shape, const float* parameters,
                   float* pixels, float* gradients, float* total);
};

/// Those that this machine can run, the fastest last; they differ in the last bits. For up to 32 channels.
std::span<const Kernels> usable_kernels();

}  // namespace mtcnn::first_layer_kernels
