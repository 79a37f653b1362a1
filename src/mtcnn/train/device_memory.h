#pragma once

#include <cstdint>

#include <c10/core/Device.h>

namespace mtcnn {

/// Bytes of memory that the device has, free or not: the machine's for the CPU; 0 where nothing tells.
int64_t device_memory(c10::Device device);

}  // namespace mtcnn
