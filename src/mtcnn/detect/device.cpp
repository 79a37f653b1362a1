#include "mtcnn/detect/device.h"

#include "mtcnn/core/device_name.h"
#include "mtcnn/core/log.h"

#include <filesystem>

#include <dlfcn.h>

namespace mtcnn {

DeviceName parse_device(const std::string& name) {
  if (name == "cpu" || name == kTensorsOnCpu) return {};
  if (name == "auto") return {.automatic = true};
  if (name == "cuda") return {.cuda = true};
  if (name.starts_with("cuda:")) {
    const std::string number = name.substr(5);
    if (!number.empty() && number.size() <= 3 && number.find_first_not_of("0123456789") == std::string::npos)
      return {.cuda = true, .index = std::stoi(number)};
  }
  throw device_error(name, "unknown device");
}

Error device_error(const std::string& name, const std::string& message, const std::string& hint) {
  return {ErrorCode::usage,
          message,
          {.where = "--device", .found = "'" + name + "'", .expected = "cpu, cuda, cuda:N or auto", .hint = hint}};
}

bool has_gpu() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return false;
  const auto start = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto count_devices = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDeviceGetCount"));
  int count = 0;
  if (start != nullptr && count_devices != nullptr && start(0) == 0 && count_devices(&count) == 0 && count > 0)
    return true;
  if (std::filesystem::exists("/dev/nvidiactl"))
    log::warning("computing on the CPU: the NVIDIA driver offers no device");
  return false;
}

}  // namespace mtcnn
