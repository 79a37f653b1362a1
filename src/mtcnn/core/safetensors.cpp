#include "mtcnn/core/safetensors.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

namespace mtcnn {
namespace {

static_assert(std::endian::native == std::endian::little, "the file format is little-endian");

constexpr size_t kLengthBytes = 8;
constexpr size_t kLongestHeader = size_t{1} << 20;
constexpr size_t kAlignment = 64;
constexpr const char* kMetadata = "__metadata__";
constexpr std::array<std::pair<Dtype, const char*>, 5> kDtypes = {
    {{Dtype::u8, "U8"}, {Dtype::i32, "I32"}, {Dtype::i64, "I64"}, {Dtype::f32, "F32"}, {Dtype::f64, "F64"}}};

std::optional<Dtype> dtype_of(const std::string& name) {
  for (const auto& [dtype, text] : kDtypes) {
    if (name == text) return dtype;
  }
  return std::nullopt;
}

/// Bytes that a tensor of this shape needs; nothing where a dimension is negative or the product overflows.
std::optional<size_t> byte_count(Dtype dtype, const std::vector<int64_t>& shape) {
  size_t count = dtype_size(dtype);
  for (const int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(count, static_cast<size_t>(dimension), &count)) return std::nullopt;
  }
  return count;
}

}  // namespace

size_t dtype_size(Dtype dtype) {
  switch (dtype) {
    case Dtype::u8:
      return 1;
    case Dtype::i32:
    case Dtype::f32:
      return 4;
    case Dtype::i64:
    case Dtype::f64:
      break;
  }
  return 8;
}

const char* dtype_name(Dtype dtype) {
  return std::find_if(kDtypes.begin(), kDtypes.end(), [&](const auto& entry) { return entry.first == dtype; })->second;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::vector<std::string> parts;
  for (const int64_t dimension : shape) parts.push_back(std::to_string(dimension));
  return "[" + join(parts, ", ") + "]";
}

Safetensors::Safetensors(std::filesystem::path path, size_t read_whole)
    : path_(std::move(path)), file_(std::in_place, path_, read_whole), bytes_(file_->bytes()) {
  read();
}

Safetensors::Safetensors(std::string name, std::span<const std::byte> memory) : path_(std::move(name)), bytes_(memory) {
  read();
}

void Safetensors::read() {
  const std::span<const std::byte> bytes = bytes_;
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) {
    throw Error(ErrorCode::bad_format, "not a safetensors file",
                {.where = path_.string(), .found = concat(bytes.size(), " bytes"), .expected = "at least 8"});
  }
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kLongestHeader) {
    throw Error(ErrorCode::bad_format, "not a safetensors file: unreasonable header length",
                {.where = path_.string(), .found = concat(length, " bytes"), .expected = "at most 1 MiB"});
  }
  if (length > bytes.size() - kLengthBytes) {
    throw Error(ErrorCode::bad_format, "the file is truncated inside its header",
                {.where = path_.string(),
                 .found = concat(bytes.size(), " bytes"),
                 .expected = concat("at least ", length + kLengthBytes)});
  }
  data_start_ = kLengthBytes + length;
  read_header(bytes.subspan(kLengthBytes, length));
  check_layout();
}

void Safetensors::read_header(std::span<const std::byte> header) {
  const Json json =
      parse_json({reinterpret_cast<const char*>(header.data()), header.size()}, path_.string() + " (header)");
  const auto broken = [&](const std::string& name, const std::string& found, const std::string& expected) {
    return Error(ErrorCode::bad_format, "broken header entry '" + name + "'",
                 {.where = path_.string(), .found = found, .expected = expected});
  };
  if (!json.is_object()) throw broken("", shown(json), "an object");
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadata) {
      if (!value.is_object()) throw broken(name, shown(value), "an object of strings");
      for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) throw broken(name + "." + key, shown(text), "a string");
        metadata_[key] = text.get<std::string>();
      }
      continue;
    }
    const auto is_count = [](const Json& number) { return number.is_number_unsigned(); };
    const auto all_counts = [&](const Json& list) {
      return list.is_array() && std::all_of(list.begin(), list.end(), is_count);
    };
    if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() || !value.contains("shape") ||
        !all_counts(value["shape"]) || !value.contains("data_offsets") || !all_counts(value["data_offsets"]) ||
        value["data_offsets"].size() != 2) {
      throw broken(name, shown(value), "dtype, shape and two data_offsets");
    }
    const auto dtype = dtype_of(value["dtype"].get<std::string>());
    if (!dtype) throw broken(name, "dtype " + shown(value["dtype"]), "U8, I32, I64, F32 or F64");
    const auto begin = value["data_offsets"][0].get<uint64_t>();
    const auto end = value["data_offsets"][1].get<uint64_t>();
    if (begin > end || end > data().size()) {
      throw broken(name, concat("bytes ", begin, " to ", end),
                   concat("a range inside the file's ", data().size(), " data bytes (is it truncated?)"));
    }
    auto shape = value["shape"].get<std::vector<int64_t>>();
    const auto needed = byte_count(*dtype, shape);
    if (!needed || *needed != end - begin) {
      throw broken(name, concat(end - begin, " bytes"), concat(needed.value_or(0), " for shape ", shape_text(shape)));
    }
    entries_.push_back({name, *dtype, std::move(shape), data_start_ + begin, end - begin});
  }
  // Tensors without elements share their first byte with the next one.
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.size) < std::pair(b.begin, b.size);
  });
}

void Safetensors::check_layout() const {
  size_t position = data_start_;
  for (const Entry& entry : entries_) {
    if (entry.begin != position) {
      throw Error(
          ErrorCode::bad_format, "tensor '" + entry.name + "' overlaps another or leaves a gap",
          {.where = path_.string(), .found = concat("start at byte ", entry.begin), .expected = concat(position)});
    }
    position += entry.size;
  }
  if (position != bytes_.size()) {
    throw Error(ErrorCode::bad_format, "bytes after the last tensor",
                {.where = path_.string(), .found = concat(bytes_.size(), " bytes"), .expected = concat(position)});
  }
}

const Safetensors::Entry* Safetensors::find(std::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::vector<float> Safetensors::floats(const Entry& entry) const {
  if (entry.dtype != Dtype::f32) {
    throw Error(ErrorCode::bad_format, "tensor '" + entry.name + "' has the wrong type",
                {.where = path_.string(), .found = dtype_name(entry.dtype), .expected = "F32"});
  }
  std::vector<float> values(entry.size / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes(entry).data(), entry.size);
  return values;
}

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) {
    Json& strings = header[kMetadata] = Json::object();
    for (const auto& [key, value] : metadata) {
      require(is_utf8(key) && is_utf8(value), "write_safetensors: metadata that is no UTF-8");
      strings[key] = value;
    }
  }
  size_t position = 0;
  for (const TensorView& tensor : tensors) {
    require(byte_count(tensor.dtype, tensor.shape) == tensor.bytes.size(),
            "write_safetensors: bytes do not fit the shape");
    require(is_utf8(tensor.name) && !header.contains(tensor.name) && tensor.name != kMetadata,
            "write_safetensors: a name that is no UTF-8, given twice or reserved");
    header[tensor.name] = {{"dtype", dtype_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {position, position + tensor.bytes.size()}}};
    position += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.append((kAlignment - (kLengthBytes + text.size()) % kAlignment) % kAlignment, ' ');
  require(text.size() <= kLongestHeader, "write_safetensors: a header that no reader would take");
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const TensorView& tensor : tensors) file.write(tensor.bytes);
  file.commit();
}

}  // namespace mtcnn
