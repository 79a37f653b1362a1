#include "mtcnn/eval/mat_check.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <zlib.h>

namespace mtcnn {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kHeaderSize = 128;
constexpr size_t kVersionAt = 124;
/// Far above the public ground truth (2 MB), below what would hurt.
constexpr size_t kLargestContent = size_t{1} << 28;
constexpr int kDeepest = 16;
constexpr size_t kMostDimensions = 8;

// The format's own numbers: types of elements, and classes of arrays.
constexpr uint32_t kInt8 = 1;
constexpr uint32_t kInt32 = 5;
constexpr uint32_t kUint32 = 6;
constexpr uint32_t kMatrix = 14;
constexpr uint32_t kCompressed = 15;
constexpr uint32_t kUtf8 = 16;
constexpr uint32_t kCellClass = 1;
constexpr uint32_t kCharClass = 4;
constexpr uint32_t kFirstNumberClass = 6;
constexpr uint32_t kLastNumberClass = 15;
constexpr uint32_t kComplexFlag = 0x0800;

/// Bytes of one number of this element type; 0 where it holds no numbers.
size_t number_size(uint32_t type) {
  switch (type) {
    case 1:
    case 2:
    case kUtf8:
      return 1;
    case 3:
    case 4:
    case 17:
      return 2;
    case 5:
    case 6:
    case 7:
    case 18:
      return 4;
    case 9:
    case 12:
    case 13:
      return 8;
    default:
      return 0;
  }
}

struct Element {
  uint32_t type = 0;
  Bytes data;
};

class Checker {
 public:
  explicit Checker(const std::filesystem::path& path) : path_(path) {}

  void check(Bytes bytes) {
    check_header(bytes);
    size_t content = 0;
    for (Bytes rest = bytes.subspan(kHeaderSize); !rest.empty();) {
      const Element element = take_outer(rest);
      if (element.type == kCompressed) {
        const std::vector<std::byte> inflated = inflate_all(element.data, kLargestContent - content);
        content += inflated.size();
        Bytes inner = inflated;
        check_variable(take(inner));
      } else {
        content += element.data.size();
        check_variable(element);
      }
      if (content > kLargestContent) too_large();
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& message, ErrorContext context = {}) const {
    context.where = path_.string();
    throw Error(ErrorCode::bad_format, message, context);
  }
  [[noreturn]] void damaged(const std::string& found) const { refuse("this .mat file is damaged", {.found = found}); }
  [[noreturn]] void too_large() const { refuse("this .mat file holds more than 256 MB", {.expected = "annotations"}); }
  [[noreturn]] void cut_short() const { refuse("the end of this .mat file is missing"); }
  [[noreturn]] void wrong_version(const std::string& found) const {
    throw Error(ErrorCode::unsupported, "wrong MATLAB version",
                {.where = path_.string(), .found = found, .expected = "a MATLAB 5 file", .hint = "save it with '-v7'"});
  }

  uint32_t word(Bytes bytes, size_t place) const {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
      const auto byte = static_cast<uint32_t>(bytes[place + i]);
      value |= byte << (big_endian_ ? 24 - 8 * i : 8 * i);
    }
    return value;
  }

  void check_header(Bytes bytes) {
    // A MATLAB 4 file starts with small numbers, where later ones have text.
    if (bytes.size() >= 20 && word(bytes, 0) < 5000 && word(bytes, 16) < 64) wrong_version("a MATLAB 4 file");
    if (bytes.size() < kHeaderSize) {
      refuse("this is no .mat file, or its end is missing",
             {.found = concat(bytes.size(), " bytes"), .expected = "a MATLAB 5 file"});
    }
    const auto first = static_cast<char>(bytes[kVersionAt + 2]);
    const auto second = static_cast<char>(bytes[kVersionAt + 3]);
    big_endian_ = first == 'M' && second == 'I';
    if (!big_endian_ && (first != 'I' || second != 'M'))
      refuse("this is no .mat file", {.expected = "a MATLAB 5 file"});
    const auto major = static_cast<int>(bytes[kVersionAt + (big_endian_ ? 0 : 1)]);
    if (major == 2) wrong_version("a MATLAB 7.3 file (HDF5)");
    if (major != 1) wrong_version(concat("version ", major));
  }

  /// An element of the file itself: never in the short form, and not padded.
  Element take_outer(Bytes& rest) const {
    if (rest.size() < 8) cut_short();
    const uint32_t type = word(rest, 0);
    const size_t size = word(rest, 4);
    if (type != kMatrix && type != kCompressed) damaged(concat("an element of type ", type));
    if (size > rest.size() - 8) cut_short();
    const Element element{type, rest.subspan(8, size)};
    rest = rest.subspan(8 + size);
    return element;
  }

  /// An element within a variable, padded to eight bytes.
  Element take(Bytes& rest) const {
    if (rest.size() < 8) damaged("an element that is cut short");
    uint32_t type = word(rest, 0);
    size_t size = word(rest, 4);
    size_t start = 8;
    if ((type >> 16U) != 0) {  // the short form: size and type share a word, the data follow at once
      size = type >> 16U;
      type &= 0xFFFFU;
      start = 4;
      if (size > 4) damaged(concat("a short element of ", size, " bytes"));
    }
    if (size > rest.size() - start) damaged(concat("an element of ", size, " bytes in ", rest.size() - start));
    const Element element{type, rest.subspan(start, size)};
    rest = rest.subspan(std::min(rest.size(), (start + size + 7) / 8 * 8));
    return element;
  }

  void check_variable(const Element& element) const {
    if (element.type != kMatrix || element.data.empty()) damaged(concat("a variable of type ", element.type));
    check_array(element.data, 0);
  }

  void check_array(Bytes rest, int depth) const {
    if (depth > kDeepest) refuse("arrays within arrays, too deep", {.expected = concat(kDeepest, " levels at most")});
    if (rest.empty()) return;  // an array of size 0 x 0
    const Element flags = take(rest);
    if (flags.type != kUint32 || flags.data.size() != 8) damaged("bad array flags");
    const uint32_t array_class = word(flags.data, 0) & 0xFFU;
    const bool is_complex = (word(flags.data, 0) & kComplexFlag) != 0;
    const size_t count = value_count(take(rest));
    if (take(rest).type != kInt8) damaged("a bad name");
    if (array_class == kCellClass) {
      if (count > rest.size() / 8) damaged(concat(count, " cells in ", rest.size(), " bytes"));
      for (size_t i = 0; i < count; ++i) {
        const Element cell = take(rest);
        if (cell.type != kMatrix) damaged("a cell that is no array");
        check_array(cell.data, depth + 1);
      }
    } else if (array_class == kCharClass || (array_class >= kFirstNumberClass && array_class <= kLastNumberClass)) {
      for (int part = 0; part < (is_complex ? 2 : 1) && (count > 0 || !rest.empty()); ++part)
        check_values(take(rest), count);
    } else {
      refuse("a class of values that is not handled",
             {.found = concat("class ", array_class), .expected = "cells, text and numbers"});
    }
  }

  /// How many values an array of these dimensions has.
  size_t value_count(const Element& dimensions) const {
    const size_t rank = dimensions.data.size() / 4;
    if (dimensions.type != kInt32 || dimensions.data.size() % 4 != 0 || rank < 2 || rank > kMostDimensions)
      damaged("bad dimensions");
    bool empty = false;
    size_t count = 1;
    for (size_t i = 0; i < rank; ++i) {
      const size_t size = word(dimensions.data, 4 * i);
      empty = empty || size == 0;
      // Sizes beside a zero are bounded too: readers multiply them in their own order.
      if (size > kLargestContent || (size > 0 && count > kLargestContent / size)) damaged("impossible dimensions");
      count *= std::max<size_t>(size, 1);
    }
    return empty ? 0 : count;
  }

  void check_values(const Element& element, size_t count) const {
    const size_t size = number_size(element.type);
    // UTF-8 may need several bytes for a letter.
    const bool agrees = element.type == kUtf8 ? element.data.size() >= count && element.data.size() <= 4 * count
                                              : size > 0 && element.data.size() == count * size;
    if (!agrees) damaged(concat(element.data.size(), " bytes for ", count, " values of type ", element.type));
  }

  /// zlib verifies its own checksum at the end.
  std::vector<std::byte> inflate_all(Bytes compressed, size_t limit) const {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
    std::vector<std::byte> result(std::min(limit, std::max<size_t>(4 * compressed.size(), 1 << 16)));
    stream.next_in = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(compressed.data()));
    stream.avail_in = static_cast<uInt>(compressed.size());
    int state = Z_OK;
    while (state == Z_OK) {
      if (stream.total_out == result.size()) {
        if (result.size() == limit) too_large();
        result.resize(std::min(limit, 2 * result.size()));
      }
      stream.next_out = reinterpret_cast<unsigned char*>(result.data()) + stream.total_out;
      stream.avail_out = static_cast<uInt>(result.size() - stream.total_out);
      state = inflate(&stream, Z_NO_FLUSH);
    }
    if (state != Z_STREAM_END || stream.avail_in != 0) damaged("compressed data with a wrong checksum or length");
    result.resize(stream.total_out);
    return result;
  }

  const std::filesystem::path& path_;
  bool big_endian_ = false;
};

}  // namespace

void check_mat(const std::filesystem::path& path, std::span<const std::byte> bytes) { Checker(path).check(bytes); }

}  // namespace mtcnn
