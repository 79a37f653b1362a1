#include "mtcnn/eval/picture_size.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace mtcnn {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kPngHeader = 24;
constexpr uint32_t kLargestSide = 65535;
constexpr std::array<uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr std::array<uint8_t, 2> kJpegSignature = {0xFF, 0xD8};

template <size_t Count>
bool starts_with(Bytes bytes, const std::array<uint8_t, Count>& signature) {
  return bytes.size() >= Count &&
         std::equal(signature.begin(), signature.end(), bytes.begin(),
                    [](uint8_t expected, std::byte found) { return expected == std::to_integer<uint8_t>(found); });
}

/// `count` bytes as one number, the most significant first.
uint32_t big_endian(Bytes bytes, size_t offset, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

struct StatedSize {
  uint32_t width;
  uint32_t height;
};

std::optional<StatedSize> png_size(Bytes bytes) {
  if (bytes.size() < kPngHeader) return std::nullopt;
  return StatedSize{big_endian(bytes, 16, 4), big_endian(bytes, 20, 4)};
}

/// SOF0 to SOF15 without the tables DHT, JPG and DAC that lie between them.
bool is_frame_header(uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::optional<StatedSize> jpeg_size(Bytes bytes) {
  size_t at = kJpegSignature.size();
  while (at + 4 <= bytes.size()) {
    if (big_endian(bytes, at, 1) != 0xFF) return std::nullopt;
    const uint32_t marker = big_endian(bytes, at + 1, 1);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {  // markers without content
      at += 2;
      continue;
    }
    if (is_frame_header(marker)) {
      if (at + 9 > bytes.size()) return std::nullopt;
      return StatedSize{big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2)};
    }
    if (marker == 0xD9 || marker == 0xDA) return std::nullopt;  // end, or pixels without a frame header
    at += 2 + std::max<size_t>(2, big_endian(bytes, at + 2, 2));
  }
  return std::nullopt;
}

}  // namespace

FddbSize read_picture_size(const std::filesystem::path& path) {
  const MappedFile file(path);
  const bool png = starts_with(file.bytes(), kPngSignature);
  if (!png && !starts_with(file.bytes(), kJpegSignature)) {
    throw Error(ErrorCode::unsupported, "neither a JPEG nor a PNG file",
                {.where = path.string(), .hint = "convert it, or choose another --extension"});
  }
  const auto size = png ? png_size(file.bytes()) : jpeg_size(file.bytes());
  if (!size) throw Error(ErrorCode::bad_format, "the file ends before its width and height", {.where = path.string()});
  if (size->width == 0 || size->height == 0 || size->width > kLargestSide || size->height > kLargestSide) {
    throw Error(ErrorCode::bad_format, "not a size that a picture can have",
                {.where = path.string(),
                 .found = concat(size->width, " x ", size->height),
                 .expected = concat("1 to ", kLargestSide, " pixels a side")});
  }
  return {static_cast<int>(size->width), static_cast<int>(size->height)};
}

}  // namespace mtcnn
