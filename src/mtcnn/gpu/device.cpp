#include "mtcnn/gpu/device.h"

#include "mtcnn/core/device_name.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/device.h"
#include "mtcnn/gpu/torch_device.h"

#include <filesystem>

#include <c10/core/Allocator.h>
#include <dlfcn.h>
#include <torch/cuda.h>

namespace mtcnn {

namespace {

/// What keeps CUDA from being used, in words; empty where nothing does.
std::string load(const std::string& library) {
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return "";
  const char* reason = dlerror();
  return reason == nullptr ? library + " cannot be loaded" : reason;
}

/// CUDA's part of LibTorch beside the libraries that this process has loaded.
std::filesystem::path cuda_library() {
  Dl_info place = {};
  if (dladdr(reinterpret_cast<const void*>(&c10::GetAllocator), &place) == 0 || place.dli_fname == nullptr) return {};
  return std::filesystem::path(place.dli_fname).parent_path() / "libtorch_cuda.so";
}

/// Loads CUDA's part of LibTorch, which registers itself; the program is not linked with it, as it takes seconds to
/// load and needs a gigabyte of other libraries. LibTorch remembers the first answer to whether there is CUDA, so
/// nothing may ask before. Returns what is missing, in words, or nothing.
std::string load_cuda() {
  if (const std::string missing = load("libcuda.so.1"); !missing.empty()) return "no NVIDIA driver: " + missing;
  const std::filesystem::path library = cuda_library();
  if (!std::filesystem::exists(library)) return "this LibTorch is built for the CPU alone";
  if (const std::string missing = load(library.string()); !missing.empty()) return "LibTorch's CUDA part: " + missing;
  return torch::cuda::is_available() ? "" : "the NVIDIA driver offers no device";
}

}  // namespace

c10::Device choose_device(const std::string& name) {
  const DeviceName wanted = parse_device(name);
  if (!wanted.automatic && !wanted.cuda) return at::kCPU;
  if (const std::string missing = load_cuda(); !missing.empty()) {
    if (!wanted.automatic)
      throw device_error(name, "no CUDA device can be used: " + missing,
                         "the CPU computes with --device cpu; docs/install.md says what CUDA needs");
    // A machine without an NVIDIA driver is the usual one; a GPU that stays unused is worth a line.
    if (!missing.starts_with("no NVIDIA driver") && std::filesystem::exists("/dev/nvidiactl"))
      log::warning("computing on the CPU: " + missing);
    return at::kCPU;
  }
  const auto count = torch::cuda::device_count();
  if (wanted.index >= static_cast<int>(count))
    throw device_error(name, concat("there are only ", static_cast<int>(count), " CUDA devices"));
  return {at::kCUDA, static_cast<c10::DeviceIndex>(wanted.index)};
}

std::string usable_device(const std::string& name) { return name == kTensorsOnCpu ? name : choose_device(name).str(); }

}  // namespace mtcnn
