#pragma once

#include "mtcnn/engine/byte_kernels.h"

#include <vector>

namespace mtcnn::engine {

/// Plain code first, then those for this machine's units.
inline std::vector<const ByteKernels*> all_byte_kernels() {
  std::vector<const ByteKernels*> all = {&plain_byte_kernels()};
  if (fast_byte_kernels() != nullptr) all.push_back(fast_byte_kernels());
  return all;
}

}  // namespace mtcnn::engine
