#include "mtcnn/train/gradient_sum.h"

namespace mtcnn {

using torch::Tensor;

Tensor tree_sum(std::vector<Tensor> terms) {
  if (terms.empty() || !terms.front().defined()) return {};
  for (size_t step = 1; step < terms.size(); step *= 2) {
    for (size_t i = 0; i + step < terms.size(); i += 2 * step) terms[i] += terms[i + step];
  }
  return terms.front();
}

void sum_gradients(Peers& peers, const std::vector<Tensor>& parameters) {
  if (peers.alone()) return;
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> values;
  for (const Tensor& parameter : parameters) {
    if (parameter.grad().defined()) values.push_back(parameter.grad().flatten());
  }
  if (values.empty()) return;
  const Tensor sum = tree_sum(peers.gather(torch::cat(values)));
  int64_t first = 0;
  for (const Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    const Tensor& gradient = parameter.grad();
    parameter.mutable_grad().copy_(sum.narrow(0, first, gradient.numel()).view(gradient.sizes()));
    first += gradient.numel();
  }
}

}  // namespace mtcnn
