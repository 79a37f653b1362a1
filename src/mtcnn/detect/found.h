#pragma once

#include "mtcnn/geometry/face.h"

#include <vector>

namespace mtcnn {

/// What the cascade found in one image, with the windows that its first two nets handed on (squares, image pixels,
/// falling score).
struct Found {
  std::vector<Face> faces;
  std::vector<Box> after_pnet;
  std::vector<Box> after_rnet;
};

}  // namespace mtcnn
