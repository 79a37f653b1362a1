#pragma once

#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/gpu/pyramid_plan.h"
#include "mtcnn/gpu/torch_nets.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include <c10/core/Device.h>

namespace mtcnn {

struct Model;

/// What a cascade on a device knows of its model. Constant after construction and safe to use from several threads.
class TensorModel {
 public:
  TensorModel(const Model& model, c10::Device device);

  /// The nets in float or half precision; they go to the device when they are first asked for.
  const TorchNets& nets(bool half) const;

  const InputOptions& input(NetKind net) const { return inputs[static_cast<size_t>(net)]; }

  const c10::Device device;
  const int64_t points;  ///< landmarks of a face
  const NetInputs inputs;
  const std::vector<size_t> mirror;  ///< mirrored_points()
  const PyramidPlanner planner;

 private:
  struct Precision {
    std::once_flag made;
    std::optional<TorchNets> nets;
  };

  std::array<NetWeights, 3> weights_;
  mutable std::array<Precision, 2> precisions_;  ///< float, half
};

}  // namespace mtcnn
