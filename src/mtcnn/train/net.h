#pragma once

#include "mtcnn/train/modules.h"
#include "mtcnn/weights/spec.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace mtcnn {

/// Any of the three nets, so that the trainer need not know which.
struct TrainableNet {
  NetKind kind;
  std::shared_ptr<torch::nn::Module> module;
  std::function<NetOutput(const torch::Tensor&)> forward;
};

/// A net with LibTorch's first weights, which follow torch::manual_seed().
/// \param points  of its landmark head; 0: it has none.
TrainableNet make_net(NetKind kind, int64_t points);

}  // namespace mtcnn
