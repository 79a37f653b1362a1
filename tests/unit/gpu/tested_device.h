#pragma once

#include "mtcnn/detect/device.h"

#include <cstdlib>
#include <string>

namespace mtcnn::testing {

/// Where the code for GPUs is tested: on the CPU, or on the device that MTCNN_TEST_DEVICE names.
inline std::string tested_device() {
  const char* chosen = std::getenv("MTCNN_TEST_DEVICE");
  return chosen != nullptr ? chosen : kTensorsOnCpu;
}

}  // namespace mtcnn::testing
