#pragma once

namespace mtcnn {

/// The device whose code a GPU runs, on the CPU: slower than "cpu", for tests and for measures of half precision.
inline constexpr const char* kTensorsOnCpu = "cpu:torch";

}  // namespace mtcnn
