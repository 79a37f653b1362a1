#include "mtcnn/train/differentiable.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace mtcnn {
namespace {

using torch::Tensor;

/// Values with many ties, zeros among them.
Tensor rough(at::IntArrayRef sizes) { return (torch::randn(sizes) * 2).round() / 2; }

struct Gradients {
  Tensor output, input, slopes;
};

template <class Function>
Gradients run(const Tensor& input, const Tensor& slopes, Function function) {
  const Tensor x = input.detach().clone().requires_grad_();
  const Tensor w = slopes.detach().clone().requires_grad_();
  const Tensor output = function(x, w);
  torch::manual_seed(7);
  (output * torch::randn(output.sizes())).sum().backward();
  return {output.detach(), x.grad(), w.grad()};
}

void expect_equal(const Gradients& ours, const Gradients& theirs) {
  EXPECT_TRUE(torch::equal(ours.output, theirs.output));
  EXPECT_TRUE(torch::allclose(ours.input, theirs.input, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(ours.slopes, theirs.slopes, 1e-4, 1e-4));
}

TEST(Differentiable, PreluIsLibTorchs) {
  torch::manual_seed(1);
  const Tensor slopes = torch::tensor({.25F, -.5F, 0.F, 1.5F, .1F});
  for (const std::vector<int64_t>& sizes :
       std::vector<std::vector<int64_t>>{{3, 5}, {40, 5}, {1, 5, 1, 1}, {33, 5, 4, 7}}) {
    const Tensor input = rough(sizes);
    expect_equal(run(input, slopes, [](const Tensor& x, const Tensor& w) { return channel_prelu(x, w); }),
                 run(input, slopes, [](const Tensor& x, const Tensor& w) { return at::prelu(x, w); }));
  }
}

TEST(Differentiable, PoolingIsLibTorchs) {
  torch::manual_seed(2);
  const Tensor slopes = torch::tensor({.25F, -.5F, 0.F, 1.5F});
  for (const int64_t kernel : {2, 3}) {
    for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{
             {1, 4, 3, 3}, {5, 4, 10, 10}, {37, 4, 7, 12}, {2, 4, 22, 22}, {2, 4, 46, 45}}) {
      const Tensor input = rough(sizes);
      expect_equal(
          run(input, slopes, [kernel](const Tensor& x, const Tensor& w) { return prelu_then_max_pool(x, w, kernel); }),
          run(input, slopes, [kernel](const Tensor& x, const Tensor& w) {
            return at::max_pool2d(at::prelu(x, w), kernel, 2, 0, 1, true);
          }));
    }
  }
}

TEST(Differentiable, ThreadsChangeNothing) {
  torch::manual_seed(3);
  const Tensor slopes = torch::rand({8});
  const Tensor input = torch::randn({100, 8, 9, 9});
  const auto pool = [](const Tensor& x, const Tensor& w) { return prelu_then_max_pool(x, w, 3); };
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Gradients one = run(input, slopes, pool);
  at::set_num_threads(3);
  const Gradients three = run(input, slopes, pool);
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(one.input, three.input));
  EXPECT_TRUE(torch::equal(one.slopes, three.slopes));
}

TEST(Differentiable, OtherTypesTakeLibTorchsWay) {
  const Tensor input = torch::randn({2, 3, 5, 5}, torch::kDouble);
  const Tensor slopes = torch::rand({3}, torch::kDouble);
  EXPECT_TRUE(
      torch::equal(prelu_then_max_pool(input, slopes, 2), at::max_pool2d(at::prelu(input, slopes), 2, 2, 0, 1, true)));
}

}  // namespace
}  // namespace mtcnn
