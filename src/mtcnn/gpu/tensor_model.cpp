#include "mtcnn/gpu/tensor_model.h"

#include "mtcnn/detect/final_faces.h"
#include "mtcnn/model/model_folder.h"

namespace mtcnn {

TensorModel::TensorModel(const Model& model, c10::Device where)
    : device(where),
      points(landmark_count(model.nets.back())),
      inputs(inputs_of(model.nets)),
      mirror(mirrored_points(model.landmark_names)),
      planner(input(NetKind::pnet).window_first, input(NetKind::pnet).window_size, where),
      weights_(model.nets) {}

const TorchNets& TensorModel::nets(bool half) const {
  Precision& precision = precisions_[half ? 1 : 0];
  std::call_once(precision.made, [&] { precision.nets.emplace(weights_, device, half ? at::kHalf : at::kFloat); });
  return *precision.nets;
}

}  // namespace mtcnn
