#include "mtcnn/weights/windows.h"

namespace mtcnn {

NetWeights with_plain_windows(NetWeights weights, double first, double size) {
  constexpr double kPlainSize = 12;
  if (weights.net != NetKind::pnet || (first == 0 && size == kPlainSize)) return weights;
  const std::string head = net_spec(weights.net).head(HeadKind::box).name;
  for (NamedTensor& tensor : weights.tensors) {
    if (tensor.name == head + ".weight" || tensor.name == head + ".bias") {
      for (float& value : tensor.values) value = static_cast<float>(value * size / kPlainSize);
    }
    if (tensor.name != head + ".bias") continue;
    for (size_t edge = 0; edge < tensor.values.size(); ++edge) {
      const double moved = edge < 2 ? first : first + size - kPlainSize;  // left and top, right and bottom
      tensor.values[edge] += static_cast<float>(moved / kPlainSize);
    }
  }
  return weights;
}

}  // namespace mtcnn
