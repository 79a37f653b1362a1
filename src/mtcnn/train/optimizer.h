#pragma once

#include "mtcnn/train/optimizer_state.h"
#include "mtcnn/train/options.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

namespace mtcnn {

/// An optimizer for all parameters of `net`, in two groups: weights of layers, which decay, and biases and PReLU
/// slopes, which do not.
std::unique_ptr<torch::optim::Optimizer> make_optimizer(const torch::nn::Module& net, const OptimizerOptions& options);

/// A copy of all that the optimizer keeps of the net's parameters. \param kind  as in OptimizerOptions.
OptimizerState optimizer_state(const torch::nn::Module& net, torch::optim::Optimizer& optimizer,
                               const std::string& kind);
/// Puts it back; what the optimizer kept before is gone. \param state  has the parameters of optimizer_state().
void set_optimizer_state(torch::optim::Optimizer& optimizer, const OptimizerState& state);

/// The same for all parameter groups.
void set_learning_rate(torch::optim::Optimizer& optimizer, double lr);

/// Scales all gradients so that their common norm is at most `largest`; 0 = as they are.
/// \return the norm before.
double clip_gradients(const torch::nn::Module& net, double largest);

/// The running average of a net's weights; it starts as the weights themselves and trusts early steps less.
class WeightAverage {
 public:
  /// \param decay  of the average a step; 0 = the average is the last weights.
  WeightAverage(const torch::nn::Module& net, double decay);

  /// After every step of the optimizer; `step` counts from 0.
  void update(const torch::nn::Module& net, int64_t step);

  /// Copies the average into a net.
  void copy_to(torch::nn::Module& net) const;
  /// Takes a net's weights as the average.
  void copy_from(const torch::nn::Module& net);

 private:
  double decay_;
  std::vector<torch::Tensor> values_;
};

}  // namespace mtcnn
