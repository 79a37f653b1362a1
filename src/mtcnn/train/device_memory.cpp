#include "mtcnn/train/device_memory.h"

#include "mtcnn/core/memory.h"

#include <cstddef>

#include <dlfcn.h>

namespace mtcnn {
namespace {

/// LibTorch tells this in its newer versions only; the driver, which is loaded already where there is CUDA, in all.
int64_t cuda_memory(int index) {
  using DeviceGet = int (*)(int* device, int ordinal);
  using TotalMemory = int (*)(size_t * bytes, int device);
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return 0;
  const auto device_get = reinterpret_cast<DeviceGet>(dlsym(driver, "cuDeviceGet"));
  const auto total_memory = reinterpret_cast<TotalMemory>(dlsym(driver, "cuDeviceTotalMem_v2"));
  int device = 0;
  size_t bytes = 0;
  if (device_get == nullptr || total_memory == nullptr) return 0;
  if (device_get(&device, index) != 0 || total_memory(&bytes, device) != 0) return 0;
  return static_cast<int64_t>(bytes);
}

}  // namespace

int64_t device_memory(c10::Device device) {
  if (device.is_cpu()) return physical_memory_bytes();
  return device.is_cuda() ? cuda_memory(device.has_index() ? device.index() : 0) : 0;
}

}  // namespace mtcnn
