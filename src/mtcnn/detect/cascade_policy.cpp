#include "mtcnn/detect/cascade_policy.h"

#include <cmath>

namespace mtcnn {

NetInputs inputs_of(std::span<const NetWeights, 3> nets) {
  NetInputs inputs;
  for (size_t i = 0; i < nets.size(); ++i)
    inputs[i] = input_of(nets[i], net_title(kNetKinds[i])).value_or(InputOptions{});
  return inputs;
}

float logit_to_probability(float logit) { return 1 / (1 + std::exp(-logit)); }

float probability_to_logit(float probability) { return std::log(probability) - std::log1p(-probability); }

bool is_croppable(const Box& box, const ImageView& image) {
  const float area = box.area();
  const auto width = static_cast<float>(image.width);
  const auto height = static_cast<float>(image.height);
  return std::isfinite(area) && touches_picture(box.x1, box.y1, box.x2, box.y2, area, width, height) != 0;
}

}  // namespace mtcnn
