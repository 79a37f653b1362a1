#include "mtcnn/image/formats.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/image/bmp.h"
#include "mtcnn/image/exif.h"
#include "mtcnn/image/more_decoders.h"
#include "mtcnn/image/picture_bytes.h"
#include "mtcnn/image/png.h"
#include "mtcnn/image/tiff.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>

namespace mtcnn {
namespace {

using namespace std::string_view_literals;

/// The position after the next marker from `at` on, or 0 where there is none; stuffed bytes, fill bytes and restart
/// markers are none.
size_t after_next_marker(const PictureBytes& bytes, size_t at) {
  for (;;) {
    if (at >= bytes.size()) return 0;
    const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - at);
    if (found == nullptr) return 0;
    at = static_cast<size_t>(static_cast<const std::byte*>(found) - bytes.data()) + 1;
    if (at >= bytes.size()) return 0;
    const uint32_t code = bytes.byte(at);
    if (code != 0 && code != 0xFF && (code < 0xD0 || code > 0xD7)) return at + 1;
  }
}

PictureFacts inspect_jpeg(const PictureBytes& bytes) {
  PictureFacts facts{.kind = PictureKind::jpeg};
  bool has_frame = false;
  bool has_scan = false;
  std::optional<int> orientation;
  for (size_t at = 2;;) {
    at = after_next_marker(bytes, at);
    if (at == 0) {
      if (!has_scan) bytes.truncated();
      facts.lacks_end = true;
      break;
    }
    const uint32_t marker = bytes.byte(at - 1);
    if (marker == 0xD9) break;                       // end of image
    if (marker == 0xD8 || marker == 0x01) continue;  // these two have no length
    const uint64_t length = bytes.number(at, 2, ByteOrder::big);
    if (length < 2) bytes.damaged("a JPEG segment without length");
    const PictureBytes segment = bytes.within(at + 2, length - 2);
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame && !has_frame) {
      has_frame = true;
      if (segment.byte(0) != 8) bytes.unsupported("a JPEG with " + std::to_string(segment.byte(0)) + " bits a channel");
      facts.height = static_cast<int64_t>(segment.number(1, 2, ByteOrder::big));
      facts.width = static_cast<int64_t>(segment.number(3, 2, ByteOrder::big));
    }
    // The first that says it counts, as in other readers: what follows are notes of programs that added theirs.
    if (marker == 0xE1 && segment.says(0, "Exif\0\0"sv) && !orientation) orientation = exif_orientation(segment);
    has_scan = has_scan || marker == 0xDA;
    at += static_cast<size_t>(length);
  }
  if (!has_frame || !has_scan) bytes.damaged("a JPEG without an image");
  facts.orientation = orientation.value_or(1);
  return facts;
}

PictureFacts inspect_webp(const PictureBytes& file) {
  const auto number = [&](uint64_t at, unsigned size) {
    return static_cast<int64_t>(file.number(at, size, ByteOrder::little));
  };
  const PictureBytes bytes = file.within(0, file.number(4, 4, ByteOrder::little) + 8);
  PictureFacts facts{.kind = PictureKind::webp};
  if (bytes.says(12, "VP8 ")) {
    facts.width = number(26, 2) & 0x3FFF;
    facts.height = number(28, 2) & 0x3FFF;
  } else if (bytes.says(12, "VP8L")) {
    facts.width = (number(21, 4) & 0x3FFF) + 1;
    facts.height = (number(21, 4) >> 14 & 0x3FFF) + 1;
  } else if (bytes.says(12, "VP8X")) {
    if ((bytes.byte(20) & 0x02) != 0) facts.kind = PictureKind::animated_webp;
    facts.width = number(24, 3) + 1;
    facts.height = number(27, 3) + 1;
  } else {
    bytes.damaged("a WebP without an image");
  }
  std::optional<int> orientation;
  for (uint64_t at = 12; at + 8 <= bytes.size();) {
    const uint64_t length = file.number(at + 4, 4, ByteOrder::little);
    const PictureBytes content = bytes.within(at + 8, length);
    if (bytes.says(at, "EXIF") && !orientation) orientation = exif_orientation(content);
    at += 8 + length + length % 2;
  }
  facts.orientation = orientation.value_or(1);
  return facts;
}

/// The next number of a PNM header; `at` moves behind it. Blanks and comments come before it.
int64_t pnm_number(const PictureBytes& bytes, size_t& at) {
  while (bytes.byte(at) == '#' || std::isspace(static_cast<int>(bytes.byte(at))) != 0) {
    if (bytes.byte(at) == '#') {
      while (bytes.byte(at) != '\n') ++at;
    }
    ++at;
  }
  int64_t value = 0;
  const size_t start = at;
  for (; std::isdigit(static_cast<int>(bytes.byte(at))) != 0; ++at) {
    value = std::min<int64_t>(value * 10 + bytes.byte(at) - '0', INT32_MAX);
  }
  if (at == start) bytes.damaged("a PNM header without numbers");
  return value;
}

PictureFacts inspect_pnm(const PictureBytes& bytes) {
  const uint32_t variant = bytes.byte(1) - '0';
  const bool is_text = variant <= 3;
  const bool is_bitmap = variant == 1 || variant == 4;
  PictureFacts facts{.kind = PictureKind::pnm};
  size_t at = 2;
  facts.width = pnm_number(bytes, at);
  facts.height = pnm_number(bytes, at);
  const int64_t largest = is_bitmap ? 1 : pnm_number(bytes, at);
  if (largest < 1 || largest > 65535) bytes.damaged("a PNM whose largest value is " + std::to_string(largest));
  const int64_t samples = facts.width * (variant % 3 == 0 ? 3 : 1);
  // In text every sample takes a digit, and a blank before the next; the decoder scales text itself, but not bytes.
  const int64_t row = is_text               ? samples * (is_bitmap ? 1 : 2)
                      : is_bitmap           ? (samples + 7) / 8
                      : largest > UINT8_MAX ? samples * 2
                                            : samples;
  if (facts.height > 0 && row > INT64_MAX / 2 / facts.height) bytes.truncated();
  const int64_t need = row * facts.height - (is_text && !is_bitmap && row > 0 ? 1 : 0);
  bytes.part(at + 1, static_cast<uint64_t>(need));
  if (!is_text && !is_bitmap) facts.largest_sample = static_cast<uint32_t>(largest);
  return facts;
}

PictureFacts inspect_jpeg2000(const PictureBytes& file) {
  uint64_t start = 0;
  uint64_t length = file.size();
  if (!file.says(0, "\xFF\x4F"sv)) {  // a sequence of boxes, one of which holds the codestream
    for (uint64_t at = 0;;) {
      uint64_t size = file.number(at, 4, ByteOrder::big);
      const uint64_t header = size == 1 ? 16 : 8;
      if (size == 1) size = file.number(at + 8, 8, ByteOrder::big);
      if (size == 0) size = file.size() - at;
      if (size < header) file.damaged("a JPEG 2000 box without length");
      start = at + header;
      length = size - header;
      file.part(start, length);
      if (file.says(at + 4, "jp2c")) break;
      at += size;
    }
  }
  const PictureBytes stream = file.within(start, length);
  if (!stream.says(0, "\xFF\x4F\xFF\x51"sv)) file.damaged("a JPEG 2000 codestream without size");
  if (!stream.says(stream.size() - 2, "\xFF\xD9"sv)) file.truncated();
  const auto extent = [&](uint64_t at) {
    return static_cast<int64_t>(stream.number(at, 4, ByteOrder::big)) -
           static_cast<int64_t>(stream.number(at + 8, 4, ByteOrder::big));
  };
  return {.kind = PictureKind::jpeg2000, .width = extent(8), .height = extent(12)};
}

/// A kind whose size the decoder tells.
PictureFacts inspect_more(PictureKind kind, std::span<const std::byte> content, const std::string& where) {
  const MoreSize size = more_size(kind, content, where);
  return {.kind = kind, .width = size.width, .height = size.height};
}

/// Whether the brands of an ISO base media file are those of still images: HEIC and AVIF.
bool has_still_brand(const PictureBytes& bytes) {
  const uint64_t end = std::min<uint64_t>({bytes.number(0, 4, ByteOrder::big), bytes.size(), 256});
  for (uint64_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
    for (const std::string_view brand :
         {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "mif2", "msf1", "avif", "avis"}) {
      if (bytes.says(at, brand)) return true;
    }
  }
  return false;
}

/// Refuses files that are known to be images, or videos, of a kind that is not read.
void refuse_known(const PictureBytes& bytes) {
  struct Known {
    uint64_t at;
    std::string_view text;
    const char* name;
  };
  constexpr Known kKnown[] = {
      {4, "ftypcrx ", "a camera's raw file"},
      {0, "FUJIFILMCCD-RAW", "a camera's raw file"},
      {0, "IIRO", "a camera's raw file"},
      {0, "IIU\0"sv, "a camera's raw file"},
      {0, "FOVb", "a camera's raw file"},
      {0, "\0MRM"sv, "a camera's raw file"},
      {4, "ftyp", "a video; faces in videos are found by mtcnn live"},
      {0, "8BPS", "a Photoshop file"},
      {0, "II\xBC"sv, "a JPEG XR"},
      {0, "v/1\x01"sv, "an OpenEXR file"},
      {0, "#?RADIANCE", "a Radiance HDR file"},
      {0, "\0\0\x01\0"sv, "an icon"},
      {0, "P7\n", "a PAM"},
      {0, "PF\n", "a PFM"},
      {0, "Pf\n", "a PFM"},
      {0, "DDS ", "a DirectDraw surface"},
      {0, "%PDF", "a PDF"},
      {0, "%!PS", "a PostScript file"},
  };
  for (const Known& known : kKnown) {
    if (bytes.says(known.at, known.text)) bytes.unsupported(known.name);
  }
}

}  // namespace

PictureFacts inspect_picture(std::span<const std::byte> content, const std::string& where) {
  const PictureBytes bytes(content, where);
  if (bytes.size() == 0) throw Error(ErrorCode::bad_format, "this file is empty, an image was expected", {where});
  if (bytes.says(0, "\xFF\xD8\xFF"sv)) return inspect_jpeg(bytes);
  if (bytes.says(0, "\x89PNG\r\n\x1A\n"sv)) return inspect_png(bytes);
  if (bytes.says(0, "RIFF") && bytes.says(8, "WEBP")) return inspect_webp(bytes);
  if (starts_tiff(bytes)) return inspect_tiff(bytes);
  if (bytes.says(0, "\0\0\0\x0CjP  \r\n\x87\n"sv) || bytes.says(0, "\xFF\x4F\xFF\x51"sv))
    return inspect_jpeg2000(bytes);
  if (starts_bmp(bytes)) return inspect_bmp(bytes);
  const bool pnm = bytes.size() > 2 && bytes.says(0, "P") && bytes.byte(1) >= '1' && bytes.byte(1) <= '6';
  if (pnm && std::isspace(static_cast<int>(bytes.byte(2))) != 0) return inspect_pnm(bytes);
  if (bytes.says(0, "GIF87a") || bytes.says(0, "GIF89a")) return inspect_more(PictureKind::gif, content, where);
  if (bytes.says(4, "ftyp") && has_still_brand(bytes)) return inspect_more(PictureKind::heif, content, where);
  if (bytes.says(0, "\xFF\x0A"sv) || bytes.says(0, "\0\0\0\x0CJXL \r\n\x87\n"sv))
    return inspect_more(PictureKind::jpeg_xl, content, where);
  refuse_known(bytes);
  throw Error(ErrorCode::bad_format, "this is no image", {.where = where, .expected = kPictureKinds});
}

}  // namespace mtcnn
