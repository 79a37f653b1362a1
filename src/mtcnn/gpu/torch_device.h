#pragma once

#include <string>

#include <c10/core/Device.h>

namespace mtcnn {

/// The device of this name. CUDA's part of LibTorch is loaded here, at the first call that asks for it (seconds), so
/// nothing may ask LibTorch about CUDA before. \param name  "cpu", "cuda", "cuda:N" or "auto": cuda if there is a GPU
/// that can be used. An NVIDIA driver whose GPU cannot
///              be used is worth a warning in the log.
/// \throws Error{usage} for any other name and where there is no such device; it says what is missing.
c10::Device choose_device(const std::string& name);

}  // namespace mtcnn
