#pragma once

#include <string>

#include <c10/core/Device.h>

namespace mtcnn {

/// \param name  "cpu", "cuda", "cuda:N" or "auto" (cuda where there is one).
/// \throws Error{usage} for any other name and where there is no such device.
c10::Device choose_device(const std::string& name);

}  // namespace mtcnn
