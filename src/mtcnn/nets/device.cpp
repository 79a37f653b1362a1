#include "mtcnn/nets/device.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <ATen/Context.h>

namespace mtcnn {

c10::Device choose_device(const std::string& name) {
  const auto refuse = [&](const std::string& message) {
    return Error(ErrorCode::usage, message,
                 {.where = "--device", .found = "'" + name + "'", .expected = "cpu, cuda, cuda:N or auto"});
  };
  if (name == "cpu" || (name == "auto" && !at::hasCUDA())) return at::kCPU;
  if (name == "auto") return at::Device(at::kCUDA, 0);
  if (name != "cuda" && !name.starts_with("cuda:")) throw refuse("unknown device");
  if (!at::hasCUDA()) throw refuse("this LibTorch finds no CUDA device");
  int index = 0;
  if (name.size() > 5) {
    const std::string number = name.substr(5);
    if (number.find_first_not_of("0123456789") != std::string::npos || number.size() > 3)
      throw refuse("unknown device");
    index = std::stoi(number);
  }
  const auto count = at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount();
  if (index >= static_cast<int>(count))
    throw refuse(concat("there are only ", static_cast<int>(count), " CUDA devices"));
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace mtcnn
