#include "mtcnn/eval/mat_file.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include <matio.h>
#include <zlib.h>

namespace mtcnn {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kHeaderSize = 128;
constexpr size_t kVersionAt = 124;
constexpr uint32_t kCompressed = 15;
/// Far above the public ground truth (2 MB), far below what would hurt.
constexpr size_t kLargestContent = size_t{1} << 30;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& message, ErrorContext context = {}) {
  context.where = path.string();
  throw Error(ErrorCode::bad_format, message, context);
}

uint32_t number_at(Bytes bytes, size_t place, bool big_endian) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<uint32_t>(bytes[place + i]);
    value |= byte << (big_endian ? 24 - 8 * i : 8 * i);
  }
  return value;
}

/// True for a big-endian file. Tells the formats apart that all end in .mat.
bool check_header(const std::filesystem::path& path, Bytes bytes) {
  constexpr const char* kHint = "save it with '-v7'";
  const std::string expected = "a MATLAB 5 file";
  if (bytes.size() >= 20 && number_at(bytes, 0, false) < 5000 && number_at(bytes, 16, false) < 64) {
    throw Error(ErrorCode::unsupported, "wrong MATLAB version",
                {.where = path.string(), .found = "a MATLAB 4 file", .expected = expected, .hint = kHint});
  }
  if (bytes.size() < kHeaderSize) {
    refuse(path, "this is no .mat file, or its end is missing",
           {.found = concat(bytes.size(), " bytes"), .expected = expected});
  }
  const auto low = static_cast<char>(bytes[kVersionAt + 2]);
  const auto high = static_cast<char>(bytes[kVersionAt + 3]);
  const bool big_endian = low == 'M' && high == 'I';
  if (!big_endian && (low != 'I' || high != 'M')) refuse(path, "this is no .mat file", {.expected = expected});
  const auto major = static_cast<int>(bytes[kVersionAt + (big_endian ? 0 : 1)]);
  if (major != 1) {
    throw Error(ErrorCode::unsupported, "wrong MATLAB version",
                {.where = path.string(),
                 .found = major == 2 ? "a MATLAB 7.3 file (HDF5)" : concat("version ", major),
                 .expected = expected,
                 .hint = kHint});
  }
  return big_endian;
}

/// Inflates without keeping anything: zlib verifies its checksum at the end. Returns the size, or 0 where it is
/// damaged.
size_t inflated_size(Bytes compressed) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  std::vector<unsigned char> buffer(size_t{1} << 16);
  stream.next_in = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  int state = Z_OK;
  while (state == Z_OK && stream.total_out <= kLargestContent) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    state = inflate(&stream, Z_NO_FLUSH);
  }
  return state == Z_STREAM_END || state == Z_OK ? stream.total_out : 0;
}

/// Walks over the elements of the file: libmatio alone reads a file that was cut short as far as it goes, silently.
void check_elements(const std::filesystem::path& path, Bytes bytes, bool big_endian) {
  size_t content = 0;
  for (size_t place = kHeaderSize; place < bytes.size();) {
    if (bytes.size() - place < 8) refuse(path, "the end of this file is missing");
    const uint32_t type = number_at(bytes, place, big_endian);
    const size_t size = number_at(bytes, place + 4, big_endian);
    place += 8;
    if (size > bytes.size() - place) {
      refuse(path, "the end of this file is missing",
             {.found = concat(bytes.size(), " bytes"), .expected = concat("at least ", place + size)});
    }
    if (type == kCompressed) {
      const size_t inflated = inflated_size(bytes.subspan(place, size));
      if (inflated == 0) refuse(path, concat("the data at byte ", place, " are damaged"));
      content += inflated;
    } else {
      content += size;
    }
    if (content > kLargestContent) refuse(path, "this file holds more than 1 GB", {.expected = "annotations"});
    place += size;
  }
}

template <class Element>
std::vector<double> as_doubles(const matvar_t& variable, size_t count) {
  if (count > 0 && (variable.data == nullptr || variable.nbytes / sizeof(Element) < count)) return {};
  const auto* data = static_cast<const Element*>(variable.data);
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<double>(data[i]);
  return values;
}

std::vector<double> numbers(const matvar_t& variable, size_t count) {
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      return as_doubles<double>(variable, count);
    case MAT_C_SINGLE:
      return as_doubles<float>(variable, count);
    case MAT_C_INT8:
      return as_doubles<int8_t>(variable, count);
    case MAT_C_UINT8:
      return as_doubles<uint8_t>(variable, count);
    case MAT_C_INT16:
      return as_doubles<int16_t>(variable, count);
    case MAT_C_UINT16:
      return as_doubles<uint16_t>(variable, count);
    case MAT_C_INT32:
      return as_doubles<int32_t>(variable, count);
    case MAT_C_UINT32:
      return as_doubles<uint32_t>(variable, count);
    case MAT_C_INT64:
      return as_doubles<int64_t>(variable, count);
    case MAT_C_UINT64:
      return as_doubles<uint64_t>(variable, count);
    default:
      return {};
  }
}

/// Turns libmatio's tree into ours.
class Converter {
 public:
  Converter(const std::filesystem::path& path, const std::string& name) : path_(path), name_(name) {}

  MatValue convert(const matvar_t* variable) const {
    if (variable == nullptr || variable->dims == nullptr || variable->rank < 2) bad("an empty value");
    MatValue value;
    value.shape.assign(variable->dims, variable->dims + variable->rank);
    size_t count = 1;
    for (const size_t size : value.shape) {
      if (size != 0 && count > kLargestContent / size) bad("an impossible size");
      count *= size;
    }
    if (variable->isComplex != 0) bad("complex numbers");
    if (variable->class_type == MAT_C_CELL) {
      value.kind = MatValue::Kind::cells;
      cells(*variable, count, value);
    } else if (variable->class_type == MAT_C_CHAR) {
      value.kind = MatValue::Kind::text;
      value.text = text(*variable, count);
    } else {
      value.numbers = numbers(*variable, count);
      if (value.numbers.size() != count) bad("a class of values that is not handled");
    }
    return value;
  }

 private:
  [[noreturn]] void bad(const std::string& found) const {
    refuse(path_, "bad variable '" + name_ + "'", {.found = found, .expected = "cells, text or real numbers"});
  }

  void cells(const matvar_t& variable, size_t count, MatValue& value) const {
    if (count == 0) return;
    if (variable.data == nullptr || variable.nbytes / sizeof(matvar_t*) < count) bad("a cell array without its cells");
    auto* const* all = static_cast<matvar_t* const*>(variable.data);
    for (size_t i = 0; i < count; ++i) value.cells.push_back(convert(all[i]));
  }

  std::string text(const matvar_t& variable, size_t count) const {
    if (count == 0) return {};
    if (variable.data == nullptr) bad("text without letters");
    if (variable.data_type == MAT_T_UTF16 || variable.data_type == MAT_T_UINT16) {
      std::string result;
      for (const double unit : as_doubles<uint16_t>(variable, count)) {
        if (unit >= 0x80) bad("letters that are no ASCII");
        result += static_cast<char>(unit);
      }
      return result;
    }
    return {static_cast<const char*>(variable.data), variable.nbytes};
  }

  const std::filesystem::path& path_;
  const std::string& name_;
};

}  // namespace

std::vector<MatValue> read_mat(const std::filesystem::path& path, const std::vector<std::string>& names) {
  // What libmatio has to say would go to stderr; what matters comes as Error.
  static std::once_flag silenced;
  std::call_once(silenced, [] { Mat_LogInitFunc("mtcnn", [](int, char*) {}); });
  const MappedFile file(path);
  check_elements(path, file.bytes(), check_header(path, file.bytes()));
  const std::unique_ptr<mat_t, decltype(&Mat_Close)> mat(Mat_Open(path.c_str(), MAT_ACC_RDONLY), &Mat_Close);
  if (mat == nullptr) refuse(path, "cannot read this .mat file");
  std::vector<std::optional<MatValue>> found(names.size());
  size_t missing = names.size();
  // One pass: looking for each name from the start would parse the large variables before it again and again.
  while (missing > 0) {
    const std::unique_ptr<matvar_t, decltype(&Mat_VarFree)> variable(Mat_VarReadNextInfo(mat.get()), &Mat_VarFree);
    if (variable == nullptr) break;
    const auto name = std::find(names.begin(), names.end(), variable->name == nullptr ? "" : variable->name);
    const auto place = static_cast<size_t>(name - names.begin());
    if (name == names.end() || found[place]) continue;
    if (Mat_VarReadDataAll(mat.get(), variable.get()) != 0) refuse(path, "the variable '" + *name + "' cannot be read");
    found[place] = Converter(path, *name).convert(variable.get());
    --missing;
  }
  std::vector<MatValue> values;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i]) refuse(path, "the variable '" + names[i] + "' is missing or cannot be read");
    values.push_back(std::move(*found[i]));
  }
  return values;
}

std::string described(const MatValue& value) {
  std::string result;
  for (const size_t size : value.shape) result += (result.empty() ? "" : " x ") + std::to_string(size);
  constexpr std::array<const char*, 3> kKinds = {" cells", " letters", " numbers"};
  return result + kKinds[static_cast<size_t>(value.kind)];
}

}  // namespace mtcnn
