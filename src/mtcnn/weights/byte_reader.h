#pragma once

#include "mtcnn/core/error.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace mtcnn {

static_assert(std::endian::native == std::endian::little, "the foreign formats are little-endian");

/// Walks over bytes that nobody vouches for: every step is checked against the end, nothing is copied. `where` names
/// the source in messages.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  const std::string& where() const { return where_; }
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

  /// The next `count` bytes.
  /// \throws Error if there are fewer.
  std::span<const std::byte> take(uint64_t count);
  /// The same as text.
  /// \throws Error if there are fewer.
  std::string_view take_text(uint64_t count);
  /// Up to the next line end, which is skipped.
  /// \throws Error if there is none.
  std::string_view take_line();

  /// A little-endian number.
  /// \throws Error at the end of the bytes.
  template <class Number>
  Number number() {
    static_assert(std::is_trivially_copyable_v<Number>);
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  std::string where_;
  size_t position_ = 0;
};

/// `text` for messages: at most about 60 characters, anything but plain ASCII replaced by '?'.
std::string printable(std::string_view text);

}  // namespace mtcnn
