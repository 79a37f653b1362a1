#include "mtcnn/train/first_layer.h"

#include "mtcnn/train/first_layer_kernels.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace mtcnn {
namespace {

using torch::Tensor;

struct Gradients {
  Tensor output, weight, bias, slopes;
};

template <class Function>
Gradients run(const Tensor& input, int64_t channels, Function function) {
  torch::manual_seed(5);
  const Tensor weight = torch::randn({channels, 3, 3, 3}).requires_grad_();
  const Tensor bias = torch::randn({channels}).requires_grad_();
  const Tensor slopes = torch::randn({channels}).requires_grad_();
  const Tensor output = function(input, weight, bias, slopes);
  (output * torch::randn(output.sizes())).sum().backward();
  return {output.detach(), weight.grad(), bias.grad(), slopes.grad()};
}

Tensor composed(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& slopes, int64_t kernel) {
  return at::max_pool2d(at::prelu(at::conv2d(input, weight, bias), slopes), kernel, 2, 0, 1, true);
}

TEST(FirstLayer, IsTheComposition) {
  torch::manual_seed(1);
  for (const auto& [channels, height, width, kernel] : std::vector<std::array<int64_t, 4>>{
           {10, 12, 12, 2}, {28, 24, 24, 3}, {32, 48, 48, 3}, {1, 7, 9, 2}, {17, 6, 5, 3}}) {
    const Tensor input = torch::randn({37, 3, height, width});
    const Gradients ours =
        run(input, channels, [k = kernel](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& s) {
          return first_layer(x, w, b, s, k);
        });
    const Gradients theirs =
        run(input, channels, [k = kernel](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& s) {
          return composed(x, w, b, s, k);
        });
    for (const auto member : {&Gradients::output, &Gradients::weight, &Gradients::bias, &Gradients::slopes}) {
      const double size = (theirs.*member).abs().max().item<double>();
      EXPECT_LT((ours.*member - theirs.*member).abs().max().item<double>(), 1e-5 * size) << channels;
    }
  }
}

TEST(FirstLayer, AllVectorUnitsAgree) {
  torch::manual_seed(2);
  for (const int64_t channels : {10, 28, 32}) {
    const int64_t kernel = channels == 10 ? 2 : 3;
    const int64_t side = channels == 10 ? 12 : 24;
    const int64_t pooled = (side - 2 - kernel + 1) / 2 + 1;
    const first_layer_kernels::Shape shape{side - 2, side - 2, pooled, pooled, channels, kernel};
    const auto lanes = static_cast<int64_t>(shape.lanes());
    const Tensor input = torch::randn({side, side, 3});
    Tensor parameters = torch::randn({first_layer_kernels::kTaps + 2, lanes});
    parameters.slice(1, channels).zero_();
    const Tensor gradient = torch::randn({pooled, pooled, channels});
    std::vector<float> pixels(shape.pixel_floats());
    std::vector<float> room(shape.pixel_floats());
    std::vector<Tensor> outputs;
    std::vector<Tensor> totals;
    for (const first_layer_kernels::Kernels& kernels : first_layer_kernels::usable_kernels()) {
      outputs.push_back(torch::zeros({pooled, pooled, channels}));
      totals.push_back(torch::zeros_like(parameters));
      kernels.forward(input.const_data_ptr<float>(), shape, parameters.const_data_ptr<float>(), pixels.data(),
                      outputs.back().mutable_data_ptr<float>());
      kernels.backward(input.const_data_ptr<float>(), gradient.const_data_ptr<float>(), shape,
                       parameters.const_data_ptr<float>(), pixels.data(), room.data(),
                       totals.back().mutable_data_ptr<float>());
      EXPECT_TRUE(torch::allclose(outputs.back(), outputs.front(), 1e-5, 1e-5)) << kernels.units;
      EXPECT_TRUE(torch::allclose(totals.back(), totals.front(), 1e-4, 1e-4)) << kernels.units;
    }
    EXPECT_GT(totals.front().abs().max().item<float>(), 0);
  }
}

TEST(FirstLayer, ThreadsChangeNothing) {
  torch::manual_seed(3);
  const Tensor input = torch::randn({100, 3, 12, 12});
  const auto layer = [](const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& s) {
    return first_layer(x, w, b, s, 2);
  };
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Gradients one = run(input, 10, layer);
  at::set_num_threads(3);
  const Gradients three = run(input, 10, layer);
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(one.output, three.output));
  EXPECT_TRUE(torch::equal(one.weight, three.weight));
  EXPECT_TRUE(torch::equal(one.slopes, three.slopes));
}

TEST(FirstLayer, NansPass) {
  Tensor input = torch::randn({1, 3, 12, 12});
  input.index_put_({0, 0, 4, 4}, NAN);
  const Tensor output = first_layer(input, torch::randn({10, 3, 3, 3}), torch::zeros({10}), torch::ones({10}), 2);
  EXPECT_TRUE(output.isnan().any().item<bool>());
}

}  // namespace
}  // namespace mtcnn
