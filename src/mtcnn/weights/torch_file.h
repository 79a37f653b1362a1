#pragma once

#include "mtcnn/weights/torch_tensors.h"

#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// What torch.save can make of a state dict: a row of pickles and raw storages (before torch 1.6), or a zip archive.
enum class TorchLayout { legacy, zip };

/// Reads the tensors of a state dict saved by torch.save; the result points into `bytes`. Nothing in the file is run.
/// \param where names the source in messages.
/// \throws Error if the file is truncated or damaged, asks for anything but a dict of float32 or float64 tensors, is
/// big-endian, or holds no state dict.
/// Source: torch/serialization.py, _legacy_load and _load.
std::vector<StridedTensor> read_torch_file(std::span<const std::byte> bytes, TorchLayout layout,
                                           const std::string& where);

}  // namespace mtcnn
