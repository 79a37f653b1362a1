#include "mtcnn/train/activation.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"

#include <algorithm>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

namespace mtcnn {
namespace {

constexpr int64_t kStride = 2;
constexpr int64_t kGrainFloats = 1 << 14;  ///< below this a second thread costs more than it brings

/// The slopes repeated for every pixel of a row, so that a row is one plain loop whatever the number of channels.
std::vector<float> row_of_slopes(const at::Tensor& slopes, int64_t width) {
  const auto* first = slopes.const_data_ptr<float>();
  std::vector<float> row;
  row.reserve(static_cast<size_t>(width * slopes.numel()));
  for (int64_t x = 0; x < width; ++x) row.insert(row.end(), first, first + slopes.numel());
  return row;
}

float activate(float value, float slope) { return value > 0 ? value : slope * value; }

MTCNN_SIMD_CLONES
void activate_row(const float* input, const float* slopes, int64_t count, float* output) {
  for (int64_t i = 0; i < count; ++i) output[i] = activate(input[i], slopes[i]);
}

MTCNN_SIMD_CLONES
void activate_and_max_row(const float* input, const float* slopes, int64_t count, float* output) {
  for (int64_t i = 0; i < count; ++i) output[i] = std::max(output[i], activate(input[i], slopes[i]));
}

/// Pools along the row: `width` pixels in, ceil(...) pixels out.
MTCNN_SIMD_CLONES
void max_columns(const float* row, int64_t width, int64_t channels, int64_t kernel, float* output,
                 int64_t output_width) {
  for (int64_t x = 0; x < output_width; ++x, output += channels) {
    const float* pixel = row + x * kStride * channels;
    const int64_t last = std::min(kernel, width - x * kStride);
    for (int64_t c = 0; c < channels; ++c) {
      float best = pixel[c];
      for (int64_t k = 1; k < last; ++k) best = std::max(best, pixel[k * channels + c]);
      output[c] = best;
    }
  }
}

int64_t pooled(int64_t size, int64_t kernel) { return (size - kernel + kStride - 1) / kStride + 1; }

bool is_channels_last(const at::Tensor& tensor) {
  return tensor.dim() == 4 && tensor.scalar_type() == at::kFloat &&
         tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

at::Tensor prelu_max_pool(const at::Tensor& input, const at::Tensor& slopes, int64_t kernel) {
  require(is_channels_last(input) && input.size(2) >= kernel && input.size(3) >= kernel,
          "prelu_max_pool: a channels-last float tensor of the kernel's size is needed");
  const int64_t count = input.size(0), channels = input.size(1), height = input.size(2), width = input.size(3);
  const int64_t output_height = pooled(height, kernel), output_width = pooled(width, kernel);
  at::Tensor output =
      at::empty({count, channels, output_height, output_width}, input.options(), at::MemoryFormat::ChannelsLast);
  const int64_t row = width * channels;
  const std::vector<float> row_slopes = row_of_slopes(slopes, width);
  const auto* source = input.const_data_ptr<float>();
  auto* target = output.mutable_data_ptr<float>();
  at::parallel_for(
      0, count * output_height, std::max<int64_t>(1, kGrainFloats / (2 * row)), [&](int64_t begin, int64_t end) {
        std::vector<float> merged(static_cast<size_t>(row));
        for (int64_t i = begin; i < end; ++i) {
          const int64_t y = i % output_height * kStride;
          const float* rows = source + (i / output_height * height + y) * row;
          activate_row(rows, row_slopes.data(), row, merged.data());
          for (int64_t k = 1; k < std::min(kernel, height - y); ++k) {
            activate_and_max_row(rows + k * row, row_slopes.data(), row, merged.data());
          }
          max_columns(merged.data(), width, channels, kernel, target + i * output_width * channels, output_width);
        }
      });
  return output;
}

}  // namespace mtcnn
