#include "mtcnn/train/optimizer.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <map>

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

std::vector<float> floats(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().to(torch::kCPU, torch::kFloat).contiguous();
  const auto* first = values.const_data_ptr<float>();
  return {first, first + values.numel()};
}

torch::Tensor tensor_like(const torch::Tensor& parameter, const std::vector<float>& values) {
  require(parameter.numel() == static_cast<int64_t>(values.size()), "set_optimizer_state: another number of values");
  return torch::tensor(values, torch::kFloat).view(parameter.sizes()).to(parameter.device());
}

template <class State>
void take_moments(const torch::optim::OptimizerParamState& from, ParameterState& state) {
  const auto& moments = static_cast<const State&>(from);
  state.steps = moments.step();
  state.slots = {floats(moments.exp_avg()), floats(moments.exp_avg_sq())};
}

void take_state(const torch::optim::OptimizerParamState& from, const std::string& kind, ParameterState& state) {
  if (kind == "adam") {
    take_moments<torch::optim::AdamParamState>(from, state);
  } else if (kind == "adamw") {
    take_moments<torch::optim::AdamWParamState>(from, state);
  } else {
    state.slots = {floats(static_cast<const torch::optim::SGDParamState&>(from).momentum_buffer())};
  }
}

template <class State>
std::unique_ptr<State> moments_of(const torch::Tensor& parameter, const ParameterState& state) {
  auto moments = std::make_unique<State>();
  moments->step(state.steps);
  moments->exp_avg(tensor_like(parameter, state.slots.at(0)));
  moments->exp_avg_sq(tensor_like(parameter, state.slots.at(1)));
  return moments;
}

std::unique_ptr<torch::optim::OptimizerParamState> torch_state(const torch::Tensor& parameter, const std::string& kind,
                                                               const ParameterState& state) {
  if (kind == "adam") return moments_of<torch::optim::AdamParamState>(parameter, state);
  if (kind == "adamw") return moments_of<torch::optim::AdamWParamState>(parameter, state);
  auto momentum = std::make_unique<torch::optim::SGDParamState>();
  momentum->momentum_buffer(tensor_like(parameter, state.slots.at(0)));
  return momentum;
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

OptimizerState optimizer_state(const torch::nn::Module& net, torch::optim::Optimizer& optimizer,
                               const std::string& kind) {
  std::map<const void*, std::string> names;
  for (const auto& parameter : net.named_parameters()) names[parameter.value().unsafeGetTensorImpl()] = parameter.key();
  OptimizerState state{.kind = kind, .parameters = {}};
  int group_number = 0;
  for (auto& group : optimizer.param_groups()) {
    for (const torch::Tensor& parameter : group.params()) {
      ParameterState& own = state.parameters.emplace_back();
      own.name = names.at(parameter.unsafeGetTensorImpl());
      own.shape = parameter.sizes().vec();
      own.group = group_number;
      const auto kept = optimizer.state().find(parameter.unsafeGetTensorImpl());
      if (kept != optimizer.state().end()) take_state(*kept->second, kind, own);
    }
    ++group_number;
  }
  return state;
}

void set_optimizer_state(torch::optim::Optimizer& optimizer, const OptimizerState& state) {
  optimizer.state().clear();
  size_t place = 0;
  for (auto& group : optimizer.param_groups()) {
    for (const torch::Tensor& parameter : group.params()) {
      const ParameterState& own = state.parameters.at(place++);
      if (own.slots.empty()) continue;
      optimizer.state()[parameter.unsafeGetTensorImpl()] = torch_state(parameter, state.kind, own);
    }
  }
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
