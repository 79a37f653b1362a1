#include "mtcnn/train/first_layer.h"

#include "mtcnn/train/differentiable.h"
#include "mtcnn/train/first_layer_kernels.h"

#include <algorithm>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mtcnn {
namespace {

using namespace first_layer_kernels;
using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kChunk = 16;  ///< crops whose gradients are summed together, whatever the number of threads

/// What the kernels want, from weights with colours last in memory.
std::vector<float> pack(const Tensor& weight, const Tensor& bias, const Tensor& slopes, const Shape& shape) {
  std::vector<float> packed((kTaps + 2) * shape.lanes());
  const auto put = [&](size_t row, const Tensor& values, int64_t first, int64_t step) {
    const auto* from = values.const_data_ptr<float>();
    for (int64_t c = 0; c < shape.channels; ++c)
      packed[row * shape.lanes() + static_cast<size_t>(c)] = from[first + c * step];
  };
  for (int tap = 0; tap < kTaps; ++tap) put(static_cast<size_t>(tap), weight, tap, kTaps);
  put(kTaps, bias, 0, 1);
  put(kTaps + 1, slopes, 0, 1);
  return packed;
}

void forward_crops(const Tensor& input, const std::vector<float>& parameters, const Shape& shape, Tensor& output) {
  const auto run = usable_kernels().back().forward;
  const auto* from = input.const_data_ptr<float>();
  auto* to = output.mutable_data_ptr<float>();
  at::parallel_for(0, input.size(0), kChunk, [&](int64_t begin, int64_t end) {
    std::vector<float> pixels(shape.pixel_floats());
    for (int64_t i = begin; i < end; ++i) {
      run(from + i * shape.input_floats(), shape, parameters.data(), pixels.data(), to + i * shape.pooled_floats());
    }
  });
}

/// Sums of the gradients, laid out as the parameters.
Tensor backward_crops(const Tensor& input, const Tensor& output_gradient, const std::vector<float>& parameters,
                      const Shape& shape) {
  const auto run = usable_kernels().back().backward;
  const auto* from = input.const_data_ptr<float>();
  const auto* gradients_from = output_gradient.const_data_ptr<float>();
  const int64_t chunks = (input.size(0) + kChunk - 1) / kChunk;
  const auto lanes = static_cast<int64_t>(shape.lanes());
  const Tensor sums = at::zeros({std::max<int64_t>(1, chunks), kTaps + 2, lanes},
                                input.options().memory_format(at::MemoryFormat::Contiguous));
  auto* first_sum = sums.mutable_data_ptr<float>();
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> pixels(shape.pixel_floats());
    std::vector<float> gradients(shape.pixel_floats());
    for (int64_t i = begin * kChunk; i < std::min(input.size(0), end * kChunk); ++i) {
      run(from + i * shape.input_floats(), gradients_from + i * shape.pooled_floats(), shape, parameters.data(),
          pixels.data(), gradients.data(), first_sum + i / kChunk * (kTaps + 2) * lanes);
    }
  });
  return sums.sum(0).narrow(1, 0, shape.channels);
}

struct FirstLayer : torch::autograd::Function<FirstLayer> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const Tensor& slopes, int64_t kernel) {
    const Tensor crops = input.contiguous(at::MemoryFormat::ChannelsLast);
    context->save_for_backward({crops, weight, bias, slopes});
    context->saved_data["kernel"] = kernel;
    const Shape shape = shape_of(crops, weight, kernel);
    Tensor output = at::empty({crops.size(0), shape.channels, shape.pooled_height, shape.pooled_width},
                              crops.options().memory_format(at::MemoryFormat::ChannelsLast));
    forward_crops(crops, parameters_of(weight, bias, slopes, shape), shape, output);
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Shape shape = shape_of(saved[0], saved[1], context->saved_data["kernel"].toInt());
    const Tensor sums = backward_crops(saved[0], gradients[0].contiguous(at::MemoryFormat::ChannelsLast),
                                       parameters_of(saved[1], saved[2], saved[3], shape), shape);
    const Tensor weight_gradient =
        sums.narrow(0, 0, kTaps).reshape({kKernel, kKernel, 3, shape.channels}).permute({3, 2, 0, 1}).contiguous();
    return {Tensor(), weight_gradient, sums[kTaps].clone(), sums[kTaps + 1].clone(), Tensor()};
  }

  static std::vector<float> parameters_of(const Tensor& weight, const Tensor& bias, const Tensor& slopes,
                                          const Shape& shape) {
    return pack(weight.contiguous(at::MemoryFormat::ChannelsLast), bias.contiguous(), slopes.contiguous(), shape);
  }

  static Shape shape_of(const Tensor& crops, const Tensor& weight, int64_t kernel) {
    const auto pooled = [kernel](int64_t size) { return (size - kernel + 1) / 2 + 1; };
    const int64_t width = crops.size(3) - kKernel + 1;
    const int64_t height = crops.size(2) - kKernel + 1;
    return {width, height, pooled(width), pooled(height), weight.size(0), kernel};
  }
};

}  // namespace

Tensor first_layer(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& slopes,
                   int64_t kernel) {
  const bool plain = input.is_cpu() && input.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat;
  const bool fits = input.size(1) == 3 && weight.size(0) <= 2 * kLanes &&
                    std::min(input.size(2), input.size(3)) >= kernel + kKernel - 1;
  if (plain && fits && !input.requires_grad()) return FirstLayer::apply(input, weight, bias, slopes, kernel);
  return prelu_then_max_pool(at::conv2d(input, weight, bias), slopes, kernel);
}

}  // namespace mtcnn
