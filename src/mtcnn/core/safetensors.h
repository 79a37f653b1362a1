#pragma once

#include "mtcnn/core/file.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// The element types that our files use.
enum class Dtype { u8, i32, i64, f32, f64 };

/// Bytes of one value.
size_t dtype_size(Dtype dtype);
/// The format's own name, as in "F32".
const char* dtype_name(Dtype dtype);

/// "[32, 10, 3, 3]", for messages.
std::string shape_text(const std::vector<int64_t>& shape);

/// One tensor to be written: row-major, little-endian. The bytes are not owned.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// A safetensors file, mapped: nothing is copied, and reading executes nothing.
/// Format: huggingface/safetensors: u64 header length, JSON header, raw tensors.
class Safetensors {
 public:
  /// A tensor as the header announces it.
  struct Entry {
    std::string name;
    Dtype dtype;
    std::vector<int64_t> shape;
    size_t begin;  ///< first byte, counted from the start of the file
    size_t size;   ///< in bytes
  };

  /// Checks the whole header before it returns.
  /// \throws Error naming the file and the tensor if the header is longer than 1 MB or no JSON, if a dtype is not one
  /// of ours, if shape and size disagree, if tensors overlap, leave gaps or leave the file.
  /// \param read_whole  see MappedFile.
  explicit Safetensors(std::filesystem::path path, size_t read_whole = MappedFile::kReadWhole);
  /// The same from memory, which must outlive this. \param name  stands for the file in messages.
  Safetensors(std::string name, std::span<const std::byte> memory);

  const std::filesystem::path& path() const { return path_; }
  /// The `__metadata__` strings; empty where the file has none.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// In the order of their bytes.
  const std::vector<Entry>& entries() const { return entries_; }
  /// nullptr where there is no such tensor.
  const Entry* find(std::string_view name) const;

  std::span<const std::byte> bytes(const Entry& entry) const { return bytes_.subspan(entry.begin, entry.size); }
  /// The whole file, header and all.
  std::span<const std::byte> whole() const { return bytes_; }

  /// See MappedFile.
  void release_pages() const {
    if (file_) file_->release_pages();
  }
  /// The bytes of all tensors together, as one span.
  std::span<const std::byte> data() const { return bytes_.subspan(data_start_); }
  /// A copy, row-major.
  /// \throws Error if the tensor is not float32.
  std::vector<float> floats(const Entry& entry) const;

 private:
  void read();
  void read_header(std::span<const std::byte> header);
  void check_layout() const;

  std::filesystem::path path_;
  std::optional<MappedFile> file_;  ///< where it is one
  std::span<const std::byte> bytes_;
  size_t data_start_ = 0;
  std::map<std::string, std::string> metadata_;
  std::vector<Entry> entries_;
};

/// Writes a safetensors file in one atomic step; the header is padded so that the data start at a multiple of 64 bytes.
/// \throws ContractError if a tensor's bytes do not fit its shape, a name is given twice, a text is no UTF-8 or the
/// header is longer than a reader takes; Error if the file cannot be written.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace mtcnn
