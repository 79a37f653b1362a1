#pragma once

#include "mtcnn/detect/device.h"

namespace mtcnn {

/// How this library makes the cascades of devices other than "cpu".
CascadeFactory other_cascades();

}  // namespace mtcnn
