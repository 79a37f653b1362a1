#pragma once

#include "mtcnn/weights/weights.h"

#include <filesystem>

namespace mtcnn {

/// What the extra file of a TorchScript file of ours is called, and what it says of the format.
inline constexpr const char* kTorchscriptExtraFile = "mtcnn.json";
inline constexpr const char* kTorchscriptFormat = "mtcnn-torchscript";
inline constexpr int kTorchscriptVersion = 1;

/// Takes the weights out of a file that write_torchscript() wrote. It is read as data, by readers of our own: nothing
/// in it is run or compiled. \throws Error naming the file if it is missing, no TorchScript, damaged, or not one of
/// ours for `expected`.
NetWeights read_torchscript(const std::filesystem::path& path, NetKind expected);

}  // namespace mtcnn
