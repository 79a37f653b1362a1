#pragma once

#include <string>

namespace mtcnn {

/// The device of this name as LibTorch names it, loaded and there: "cpu" or "cuda:N"; kTensorsOnCpu stays as it is.
/// \param name  as parse_device() takes it; "auto" is a GPU that can be used, else the CPU. An NVIDIA driver whose GPU
///              cannot be used is worth a warning in the log.
/// \throws Error{usage} for any other name and where there is no such device; it says what is missing.
std::string usable_device(const std::string& name);

}  // namespace mtcnn
