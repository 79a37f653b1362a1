#include "mtcnn/image/bmp.h"

#include <algorithm>
#include <array>
#include <bit>

namespace mtcnn {
namespace {

enum Compression : uint64_t { kNone = 0, kRle8 = 1, kRle4 = 2, kMasks = 3, kMasksWithAlpha = 6 };
constexpr uint64_t kPlainHeader = 40;  ///< bytes of the header that everybody reads

/// What the headers say. Sources: Microsoft, Bitmap Storage; IBM, OS/2 Presentation Manager, Bitmap Formats.
struct Header {
  uint64_t start = 0;  ///< of the image's own headers
  uint64_t size = 0;   ///< bytes of the second header
  uint64_t data = 0;   ///< where the pixels begin
  int64_t width = 0;
  int64_t height = 0;
  bool top_down = false;
  uint64_t bits = 0;
  uint64_t compression = kNone;
  uint64_t data_bytes = 0;
  uint64_t colours = 0;
  std::array<uint32_t, 3> masks = {};  ///< red, green, blue

  bool of_os2() const { return size < kPlainHeader || size == 64; }
  bool masked() const { return !of_os2() && (compression == kMasks || compression == kMasksWithAlpha); }
  uint64_t row_bytes() const { return (static_cast<uint64_t>(width) * bits + 31) / 32 * 4; }
};

Header read_header(const PictureBytes& bytes) {
  const auto number = [&](uint64_t at, unsigned size) { return bytes.number(at, size, ByteOrder::little); };
  Header header;
  header.start = bytes.says(0, "BA") ? 14 : 0;
  const uint64_t second = header.start + 14;
  header.data = number(header.start + 10, 4);
  header.size = number(second, 4);
  if (header.size != 12 && (header.size < 16 || header.size > 4096))
    bytes.damaged("a BMP with a header of no known size");
  const auto field = [&](uint64_t at, unsigned size) {
    return at + size <= header.size ? number(second + at, size) : 0;
  };
  const bool old = header.size == 12;
  const auto extent = [&](uint64_t at) {
    return old ? static_cast<int64_t>(field(at, 2)) : int64_t{static_cast<int32_t>(field(at, 4))};
  };
  header.width = extent(4);
  const int64_t height = extent(old ? 6 : 8);
  header.top_down = height < 0;
  header.height = height < 0 ? -height : height;
  header.bits = field(old ? 10 : 14, 2);
  if (!old) {
    header.compression = field(16, 4);
    header.data_bytes = field(20, 4);
    header.colours = field(32, 4);
  }
  // Behind a header of 40 bytes, within a longer one.
  if (header.masked()) {
    for (unsigned k = 0; k < 3; ++k) header.masks[k] = static_cast<uint32_t>(number(second + 40 + uint64_t{4} * k, 4));
  }
  return header;
}

void check_kind(const PictureBytes& bytes, const Header& header) {
  const auto refuse = [&](const std::string& what) { bytes.unsupported("a BMP " + what); };
  constexpr std::array<uint64_t, 6> kBits = {1, 4, 8, 16, 24, 32};
  if (header.of_os2() && header.compression == 3) refuse("in OS/2's Huffman coding");
  if (header.of_os2() && header.compression == 4) refuse("in OS/2's run-length coding of 24 bits");
  if (!header.of_os2() && header.compression == 4) refuse("that holds a JPEG");
  if (!header.of_os2() && header.compression == 5) refuse("that holds a PNG");
  if (header.compression > kMasks && !header.masked()) refuse("with compression " + std::to_string(header.compression));
  if (std::find(kBits.begin(), kBits.end(), header.bits) == kBits.end())
    refuse("with " + std::to_string(header.bits) + " bits a pixel");
  if (header.masked() && header.bits != 16 && header.bits != 32)
    refuse("with masks and " + std::to_string(header.bits) + " bits a pixel");
}

void append_number(std::string& out, uint64_t value, int size) {
  for (int k = 0; k < size; ++k) out += static_cast<char>(value >> (8 * k) & 0xFF);
}

/// Both headers, for pixels that come behind `palette`.
std::string plain_headers(const Header& header, uint64_t bits, uint64_t compression, uint64_t pixels,
                          const std::string& palette) {
  std::string out = "BM";
  const uint64_t data = 14 + kPlainHeader + palette.size();
  append_number(out, data + pixels, 4);
  append_number(out, 0, 4);
  append_number(out, data, 4);
  append_number(out, kPlainHeader, 4);
  append_number(out, static_cast<uint64_t>(header.width), 4);
  append_number(out, static_cast<uint64_t>(header.top_down ? -header.height : header.height), 4);
  append_number(out, 1, 2);
  append_number(out, bits, 2);
  append_number(out, compression, 4);
  append_number(out, pixels, 4);
  append_number(out, 0, 8);
  append_number(out, palette.size() / 4, 4);
  append_number(out, 0, 4);
  return out + palette;
}

/// The palette with four bytes a colour.
std::string plain_palette(const PictureBytes& bytes, const Header& header) {
  std::string palette;
  if (header.bits > 8) return palette;
  const uint64_t entry = header.size == 12 ? 3 : 4;
  const uint64_t start = header.start + 14 + header.size;
  const uint64_t room = header.data > start ? (header.data - start) / entry : 0;
  const uint64_t most = uint64_t{1} << header.bits;
  const uint64_t count = std::min(header.colours == 0 ? most : std::min(header.colours, most), room);
  for (uint64_t k = 0; k < count; ++k) append_number(palette, bytes.number(start + k * entry, 3, ByteOrder::little), 4);
  palette.resize(most * 4, '\0');  // indices beyond a short palette are black
  return palette;
}

std::string without_masks(const PictureBytes& bytes, const Header& header) {
  const uint64_t row = (static_cast<uint64_t>(header.width) * 3 + 3) / 4 * 4;
  std::string out = plain_headers(header, 24, kNone, row * static_cast<uint64_t>(header.height), {});
  const size_t start = out.size();
  out.resize(start + static_cast<size_t>(row * static_cast<uint64_t>(header.height)));
  const auto pixel_bytes = static_cast<unsigned>(header.bits / 8);
  for (uint64_t y = 0; y < static_cast<uint64_t>(header.height); ++y) {
    const std::span<const std::byte> from = bytes.part(header.data + y * header.row_bytes(), header.row_bytes());
    char* to = out.data() + start + y * row;
    for (size_t x = 0; x < static_cast<size_t>(header.width); ++x) {
      uint32_t value = 0;
      for (unsigned k = 0; k < pixel_bytes; ++k) value |= static_cast<uint32_t>(from[x * pixel_bytes + k]) << (8 * k);
      for (size_t channel = 0; channel < 3; ++channel) {
        const uint32_t mask = header.masks[2 - channel];  // stored blue, green, red
        const int shift = std::countr_zero(mask);
        const uint64_t largest = mask == 0 ? 1 : mask >> shift;
        const uint64_t part = mask == 0 ? 0 : (value & mask) >> shift;
        *to++ = static_cast<char>((part * 255 + largest / 2) / largest);
      }
    }
  }
  return out;
}

}  // namespace

bool starts_bmp(const PictureBytes& bytes) {
  return bytes.size() >= 26 && (bytes.says(0, "BM") || (bytes.says(0, "BA") && bytes.says(14, "BM")));
}

PictureFacts inspect_bmp(const PictureBytes& bytes) {
  const Header header = read_header(bytes);
  if (header.width <= 0) bytes.damaged("a BMP without width");
  check_kind(bytes, header);
  const bool runs = header.compression == kRle8 || header.compression == kRle4;
  bytes.part(header.data, runs ? header.data_bytes : header.row_bytes() * static_cast<uint64_t>(header.height));
  return {.kind = PictureKind::bmp, .width = header.width, .height = header.height, .alpha_is_undefined = true};
}

std::optional<std::string> plain_bmp(const PictureBytes& bytes) {
  const Header header = read_header(bytes);
  if (header.masked()) return without_masks(bytes, header);
  if (header.size >= kPlainHeader && header.start == 0) return std::nullopt;
  const std::span<const std::byte> pixels = bytes.part(header.data, bytes.size() - header.data);
  std::string out = plain_headers(header, header.bits, header.compression, pixels.size(), plain_palette(bytes, header));
  return out.append(reinterpret_cast<const char*>(pixels.data()), pixels.size());
}

}  // namespace mtcnn
