#pragma once

#include "mtcnn/core/error.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/weights/pickle.h"
#include "mtcnn/weights/weights.h"
#include "mtcnn/weights/zip.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Tensors in the files that torch writes: a pickle describes them, their values lie in storages beside it.
namespace mtcnn {

// One name in a file can be the key of any number of entries: without limits a small file could fill the memory.
inline constexpr size_t kMostTensors = 1000;
inline constexpr size_t kLongestName = 200;

/// A file that is not what torch writes.
Error torch_error(const std::string& where, const std::string& message, const std::string& found = {},
                  const std::string& expected = {});

/// A tensor as torch keeps it: a window into a storage, which other tensors may share. The storage is not owned.
struct StridedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  ///< in elements
  int64_t offset = 0;            ///< of the first element in the storage
  Dtype dtype = Dtype::f32;      ///< f32, f64 or, in TorchScript archives, i64
  std::span<const std::byte> storage;
};

/// A copy of the tensor's elements in row-major order, under the name of `spec`.
/// \throws Error if it has not the shape of `spec`, is not of floating-point numbers, or an element lies outside the
/// storage.
NamedTensor contiguous(const StridedTensor& tensor, const TensorSpec& spec, const std::string& where);

/// A storage that tensors of a pickle refer to.
struct TorchStorage {
  Dtype dtype = Dtype::f32;
  int64_t count = 0;
  std::span<const std::byte> bytes = {};
};
/// By their keys.
using TorchStorages = std::map<std::string_view, TorchStorage>;

/// Every storage that the pickle speaks of, still without bytes.
/// \throws Error if one is described in two ways, or there are over kMostTensors.
TorchStorages find_storages(const Pickle& pickle, const std::string& where);

/// The bytes that `storage` must have. \throws Error if that is more than `available`.
uint64_t checked_size(const TorchStorage& storage, uint64_t available, std::string_view key, const std::string& where);

/// The same with their bytes, from the entries `folder`data/KEY.
/// \throws Error if one is missing, damaged, or has another size than the pickle says.
TorchStorages storages_in_zip(const Pickle& pickle, const Zip& zip, const std::string& folder,
                              const std::string& where);

/// The folder, with a slash, in which an archive of torch has its data.pkl.
/// \throws Error if there is none, or the file was written on a big-endian machine.
std::string archive_folder(const Zip& zip, const char* writer, const std::string& where);

/// The tensor that an object of kind `tensor` means, still without a name.
/// \throws Error if its parts are not what they should be.
StridedTensor describe_tensor(const Pickle& pickle, const PickleObject& tensor, const TorchStorages& storages,
                              const std::string& where);

}  // namespace mtcnn
