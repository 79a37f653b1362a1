#include "mtcnn/train/optimizer.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>

#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>
#include <torch/utils.h>

namespace mtcnn {
namespace {

/// Weights of layers have at least two dimensions; slopes and biases one.
std::vector<std::vector<torch::Tensor>> groups_of(const torch::nn::Module& net) {
  std::vector<std::vector<torch::Tensor>> groups(2);
  for (const torch::Tensor& parameter : net.parameters()) groups[parameter.dim() > 1 ? 0 : 1].push_back(parameter);
  return groups;
}

template <class Optimizer, class Options>
std::unique_ptr<torch::optim::Optimizer> build(const torch::nn::Module& net, const Options& options) {
  // LibTorch fills a group's values that look untouched, 0 among them, from the defaults: so those must not decay.
  Options spared = options;
  spared.weight_decay(0);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (auto& parameters : groups_of(net))
    groups.emplace_back(std::move(parameters), std::make_unique<Options>(groups.empty() ? options : spared));
  return std::make_unique<Optimizer>(std::move(groups), spared);
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const torch::nn::Module& net,
                                                        const mtcnn::OptimizerOptions& options) {
  if (options.kind == "sgd") {
    return build<torch::optim::SGD>(
        net, torch::optim::SGDOptions(options.lr).momentum(options.momentum).weight_decay(options.weight_decay));
  }
  if (options.kind == "adam")
    return build<torch::optim::Adam>(net, torch::optim::AdamOptions(options.lr).weight_decay(options.weight_decay));
  require(options.kind == "adamw", "make_optimizer: no such kind");
  return build<torch::optim::AdamW>(net, torch::optim::AdamWOptions(options.lr).weight_decay(options.weight_decay));
}

void set_learning_rate(torch::optim::Optimizer& optimizer, double lr) {
  for (auto& group : optimizer.param_groups()) group.options().set_lr(lr);
}

double clip_gradients(const torch::nn::Module& net, double largest) {
  if (largest <= 0) return 0;
  const torch::NoGradGuard no_grad;
  double squares = 0;
  for (const torch::Tensor& parameter : net.parameters()) {
    if (parameter.grad().defined()) squares += parameter.grad().square().sum().item<double>();
  }
  const double norm = std::sqrt(squares);
  if (norm > largest) {
    for (const torch::Tensor& parameter : net.parameters()) {
      if (parameter.grad().defined()) parameter.grad().mul_(largest / norm);
    }
  }
  return norm;
}

WeightAverage::WeightAverage(const torch::nn::Module& net, double decay) : decay_(decay) { copy_from(net); }

void WeightAverage::update(const torch::nn::Module& net, int64_t step) {
  const torch::NoGradGuard no_grad;
  const double decay = std::min(decay_, (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)));
  const std::vector<torch::Tensor> parameters = net.parameters();
  for (size_t i = 0; i < values_.size(); ++i) values_[i].lerp_(parameters[i], decay_ == 0 ? 1 : 1 - decay);
}

void WeightAverage::copy_to(torch::nn::Module& net) const {
  const torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> parameters = net.parameters();
  for (size_t i = 0; i < values_.size(); ++i) parameters[i].data().copy_(values_[i]);
}

void WeightAverage::copy_from(const torch::nn::Module& net) {
  const torch::NoGradGuard no_grad;
  values_.clear();
  for (const torch::Tensor& parameter : net.parameters()) values_.push_back(parameter.detach().clone());
}

}  // namespace mtcnn
