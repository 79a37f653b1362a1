#pragma once

#include "mtcnn/geometry/box.h"

namespace mtcnn {

/// One face as the cascade finds it.
struct Face {
  Box box;               ///< image pixels; may leave the image unless clipping was asked for
  float confidence = 0;  ///< probability in [0, 1]
  Landmarks landmarks;   ///< image pixels; as many as the model has
  float angle = 0;  ///< degrees clockwise by which the face is turned from upright, [0, 360): that of the turn in which
                    ///< it was found (DetectorOptions::rotate)
};

}  // namespace mtcnn
