#include "mtcnn/train/differentiable.h"

#include "mtcnn/core/simd.h"
#include "mtcnn/train/activation.h"

#include <algorithm>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mtcnn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kPoolStride = 2;
constexpr int64_t kSummedSamples =
    16;  ///< samples whose slope gradients are summed together, whatever the number of threads

MTCNN_SIMD_CLONES
void activate(const float* input, const float* slopes, int64_t pixels, int64_t channels, float* output) {
  for (int64_t i = 0; i < pixels; ++i, input += channels, output += channels) {
    for (int64_t c = 0; c < channels; ++c) output[c] = input[c] > 0 ? input[c] : slopes[c] * input[c];
  }
}

/// In place: gradients after PReLU become gradients before it; those of the slopes are added up.
MTCNN_SIMD_CLONES
void activate_backward(const float* input, const float* slopes, int64_t pixels, int64_t channels, float* gradient,
                       float* slope_gradient) {
  for (int64_t i = 0; i < pixels; ++i, input += channels, gradient += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      slope_gradient[c] += input[c] > 0 ? 0.0F : input[c] * gradient[c];
      gradient[c] = input[c] > 0 ? gradient[c] : slopes[c] * gradient[c];
    }
  }
}

/// Gives the gradient of one pooled pixel to the first pixel of its window that has the maximum.
MTCNN_SIMD_CLONES
void route_gradient(const float* activated, const float* maximum, const float* gradient, int64_t channels, float* open,
                    float* target) {
  for (int64_t c = 0; c < channels; ++c) {
    const float takes = activated[c] == maximum[c] ? open[c] : 0.0F;
    target[c] += takes * gradient[c];
    open[c] -= takes;
  }
}

struct PoolShape {
  int64_t channels, height, width, output_height, output_width, kernel;

  int64_t input_floats() const { return channels * height * width; }
  int64_t output_floats() const { return channels * output_height * output_width; }
};

/// One sample: `gradient` receives the gradient of the activated input.
void pool_backward(const float* activated, const float* output, const float* output_gradient, const PoolShape& shape,
                   std::vector<float>& open, float* gradient) {
  std::fill_n(gradient, shape.input_floats(), 0.0F);
  for (int64_t y = 0; y < shape.output_height; ++y) {
    for (int64_t x = 0; x < shape.output_width; ++x) {
      const int64_t cell = (y * shape.output_width + x) * shape.channels;
      std::fill(open.begin(), open.end(), 1.0F);
      for (int64_t v = y * kPoolStride; v < std::min(shape.height, y * kPoolStride + shape.kernel); ++v) {
        for (int64_t u = x * kPoolStride; u < std::min(shape.width, x * kPoolStride + shape.kernel); ++u) {
          const int64_t pixel = (v * shape.width + u) * shape.channels;
          route_gradient(activated + pixel, output + cell, output_gradient + cell, shape.channels, open.data(),
                         gradient + pixel);
        }
      }
    }
  }
}

/// Calls body(first sample, last sample, slope gradients of the chunk) and adds the chunks up in order.
template <class Body>
Tensor sum_slope_gradients(int64_t samples, const Tensor& slopes, Body body) {
  const int64_t chunks = (samples + kSummedSamples - 1) / kSummedSamples;
  Tensor partial = at::zeros({std::max<int64_t>(1, chunks), slopes.numel()}, slopes.options());
  auto* first = partial.mutable_data_ptr<float>();
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk)
      body(chunk * kSummedSamples, std::min(samples, (chunk + 1) * kSummedSamples), first + chunk * slopes.numel());
  });
  return partial.sum(0);
}

bool is_plain(const Tensor& input) { return input.is_cpu() && input.scalar_type() == at::kFloat; }

Tensor channels_last(const Tensor& input) {
  return input.dim() == 4 ? input.contiguous(at::MemoryFormat::ChannelsLast) : input.contiguous();
}

struct PReluFunction : torch::autograd::Function<PReluFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& slopes) {
    const Tensor source = channels_last(input);
    context->save_for_backward({source, slopes});
    Tensor output = at::empty_like(source);
    const int64_t channels = slopes.numel();
    const int64_t pixels = source.numel() / channels;
    const auto* from = source.const_data_ptr<float>();
    auto* to = output.mutable_data_ptr<float>();
    at::parallel_for(0, pixels, 1024, [&](int64_t begin, int64_t end) {
      activate(from + begin * channels, slopes.const_data_ptr<float>(), end - begin, channels, to + begin * channels);
    });
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& source = saved[0];
    const Tensor& slopes = saved[1];
    Tensor gradient = channels_last(gradients[0]).clone();
    const int64_t sample = source.numel() / source.size(0);
    const auto* from = source.const_data_ptr<float>();
    auto* to = gradient.mutable_data_ptr<float>();
    const Tensor slope_gradient =
        sum_slope_gradients(source.size(0), slopes, [&](int64_t begin, int64_t end, float* sums) {
          activate_backward(from + begin * sample, slopes.const_data_ptr<float>(),
                            (end - begin) * sample / slopes.numel(), slopes.numel(), to + begin * sample, sums);
        });
    return {gradient, slope_gradient};
  }
};

struct PoolFunction : torch::autograd::Function<PoolFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& slopes, int64_t kernel) {
    const Tensor source = channels_last(input);
    const Tensor output = prelu_max_pool(source, slopes, kernel);
    context->save_for_backward({source, slopes, output});
    context->saved_data["kernel"] = kernel;
    return output;
  }

  /// Which pixel was the maximum is found again here: forward passes without gradients need not know.
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& source = saved[0];
    const Tensor& slopes = saved[1];
    const Tensor& output = saved[2];
    const PoolShape shape{source.size(1), source.size(2), source.size(3),
                          output.size(2), output.size(3), context->saved_data["kernel"].toInt()};
    const Tensor output_gradient = channels_last(gradients[0]);
    Tensor gradient = at::empty_like(source);
    const auto* inputs = source.const_data_ptr<float>();
    const auto* outputs = output.const_data_ptr<float>();
    const auto* output_gradients = output_gradient.const_data_ptr<float>();
    const auto* slope = slopes.const_data_ptr<float>();
    auto* to = gradient.mutable_data_ptr<float>();
    const Tensor slope_gradient =
        sum_slope_gradients(source.size(0), slopes, [&](int64_t begin, int64_t end, float* sums) {
          std::vector<float> activated(static_cast<size_t>(shape.input_floats()));
          std::vector<float> open(static_cast<size_t>(shape.channels));
          for (int64_t i = begin; i < end; ++i) {
            const float* sample = inputs + i * shape.input_floats();
            float* sample_gradient = to + i * shape.input_floats();
            activate(sample, slope, shape.height * shape.width, shape.channels, activated.data());
            pool_backward(activated.data(), outputs + i * shape.output_floats(),
                          output_gradients + i * shape.output_floats(), shape, open, sample_gradient);
            activate_backward(sample, slope, shape.height * shape.width, shape.channels, sample_gradient, sums);
          }
        });
    return {gradient, slope_gradient, Tensor()};
  }
};

}  // namespace

Tensor channel_prelu(const Tensor& input, const Tensor& slopes) {
  return is_plain(input) ? PReluFunction::apply(input, slopes) : at::prelu(input, slopes);
}

Tensor prelu_then_max_pool(const Tensor& input, const Tensor& slopes, int64_t kernel) {
  const bool large = input.size(2) >= kernel && input.size(3) >= kernel;
  if (is_plain(input) && large) return PoolFunction::apply(input, slopes, kernel);
  return at::max_pool2d(at::prelu(input, slopes), kernel, 2, 0, 1, true);
}

}  // namespace mtcnn
