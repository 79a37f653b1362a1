#pragma once

#include "mtcnn/core/error.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mtcnn {

/// What read_image() reads, for messages.
inline constexpr const char* kPictureKinds = "JPEG, PNG, BMP, WebP, TIFF, PNM, JPEG 2000, GIF, HEIC, AVIF or JPEG XL";

/// Of numbers within a file.
enum class ByteOrder { big, little };

/// The bytes of an encoded image; reading past their end means that the file is cut off.
class PictureBytes {
 public:
  PictureBytes(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(&where) {}

  size_t size() const { return bytes_.size(); }
  const std::byte* data() const { return bytes_.data(); }

  /// `count` bytes from `at`.
  /// \throws Error if they are not all there, as all below do.
  std::span<const std::byte> part(uint64_t at, uint64_t count) const {
    if (at > size() || count > size() - at) truncated();
    return bytes_.subspan(static_cast<size_t>(at), static_cast<size_t>(count));
  }

  /// The number of `width` bytes at `at`; `width` is up to 8.
  uint64_t number(uint64_t at, unsigned width, ByteOrder order) const {
    const std::span<const std::byte> source = part(at, width);
    uint64_t value = 0;
    for (unsigned k = 0; k < width; ++k) {
      const unsigned from = order == ByteOrder::big ? k : width - 1 - k;
      value = value << 8 | static_cast<uint64_t>(source[from]);
    }
    return value;
  }

  uint32_t byte(uint64_t at) const { return static_cast<uint32_t>(number(at, 1, ByteOrder::big)); }

  /// Whether `text` stands at `at`; false where the bytes end before.
  bool says(uint64_t at, std::string_view text) const {
    if (at > size() || text.size() > size() - at) return false;
    return std::string_view(reinterpret_cast<const char*>(data()) + at, text.size()) == text;
  }

  /// The same file, only `count` bytes from `at`.
  PictureBytes within(uint64_t at, uint64_t count) const { return {part(at, count), *where_}; }

  [[noreturn]] void truncated() const {
    throw Error(ErrorCode::bad_format, "this image is cut off",
                {.where = *where_, .hint = "copy or download the file again"});
  }
  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(ErrorCode::bad_format, "this image is damaged (" + what + ")",
                {.where = *where_, .hint = "copy or download the file again"});
  }
  [[noreturn]] void unsupported(const std::string& found) const {
    throw Error(ErrorCode::unsupported, "a kind of image that cannot be read",
                {.where = *where_,
                 .found = found,
                 .expected = std::string(kPictureKinds) + " with 8 or 16 bits a channel",
                 .hint = "convert it to PNG or JPEG"});
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string* where_;
};

}  // namespace mtcnn
