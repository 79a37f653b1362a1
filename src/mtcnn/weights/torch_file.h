#pragma once

#include "mtcnn/core/safetensors.h"
#include "mtcnn/weights/weights.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// A tensor as torch keeps it: a window into a storage, which other tensors may share. The storage is not owned.
struct StridedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  ///< in elements
  int64_t offset = 0;            ///< of the first element in the storage
  Dtype dtype = Dtype::f32;      ///< f32 or f64
  std::span<const std::byte> storage;
};

/// What torch.save can make of a state dict: a row of pickles and raw storages (before torch 1.6), or a zip archive.
enum class TorchLayout { legacy, zip };

/// Reads the tensors of a state dict saved by torch.save; the result points into `bytes`. Nothing in the file is run.
/// \param where names the source in messages.
/// \throws Error if the file is truncated or damaged, asks for anything but a dict of float32 or float64 tensors, is
/// big-endian, or holds no state dict.
/// Source: torch/serialization.py, _legacy_load and _load.
std::vector<StridedTensor> read_torch_file(std::span<const std::byte> bytes, TorchLayout layout,
                                           const std::string& where);

/// A copy of the tensor's elements in row-major order, under the name of `spec`.
/// \throws Error if it has not the shape of `spec` or if an element lies outside the storage.
NamedTensor contiguous(const StridedTensor& tensor, const TensorSpec& spec, const std::string& where);

}  // namespace mtcnn
