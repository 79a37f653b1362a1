#include "mtcnn/image/png.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/image/exif.h"

namespace mtcnn {
namespace {

constexpr uint64_t kFirstChunk = 8;  ///< behind the signature

/// A chunk: length, type, content, checksum.
struct Chunk {
  uint64_t at = 0;
  uint64_t length = 0;  ///< of its content

  Chunk(const PictureBytes& bytes, uint64_t place) : at(place), length(bytes.number(place, 4, ByteOrder::big)) {}

  uint64_t type() const { return at + 4; }
  uint64_t content() const { return at + 8; }
  uint64_t checksum() const { return content() + length; }
  uint64_t end() const { return checksum() + 4; }
};

/// A capital first letter: no decoder may do without the chunk. The others only carry notes, but for transparency.
bool is_critical(const PictureBytes& bytes, const Chunk& chunk) { return (bytes.byte(chunk.type()) & 0x20) == 0; }

}  // namespace

PictureFacts inspect_png(const PictureBytes& bytes) {
  PictureFacts facts{.kind = PictureKind::png};
  bool has_data = false;
  std::optional<int> orientation;
  std::optional<int> from_text;
  for (uint64_t at = kFirstChunk;;) {
    if (has_data && at == bytes.size()) {
      facts.lacks_end = true;
      break;
    }
    const Chunk chunk(bytes, at);
    const PictureBytes content = bytes.within(chunk.content(), chunk.length);
    const uint64_t stored = bytes.number(chunk.checksum(), 4, ByteOrder::big);
    const bool first = at == kFirstChunk;
    if (first != bytes.says(chunk.type(), "IHDR")) bytes.damaged("a PNG with chunks out of order");
    if (is_critical(bytes, chunk) && crc32(bytes.part(chunk.type(), chunk.length + 4)) != stored)
      bytes.damaged("a PNG with a wrong checksum");
    if (first) {
      facts.width = static_cast<int64_t>(content.number(0, 4, ByteOrder::big));
      facts.height = static_cast<int64_t>(content.number(4, 4, ByteOrder::big));
    }
    if (bytes.says(chunk.type(), "eXIf") && !orientation) orientation = exif_orientation(content);
    for (const std::string_view type : {"tEXt", "zTXt", "iTXt"}) {
      if (bytes.says(chunk.type(), type) && !from_text) from_text = raw_profile_orientation(type, content);
    }
    has_data = has_data || bytes.says(chunk.type(), "IDAT");
    if (bytes.says(chunk.type(), "IEND")) break;
    at = chunk.end();
  }
  if (!has_data) bytes.damaged("a PNG without an image");
  facts.orientation = orientation ? *orientation : from_text.value_or(1);
  return facts;
}

std::optional<std::string> plain_png(const PictureBytes& bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::string plain(file.substr(0, kFirstChunk));
  bool same = true;
  for (uint64_t at = kFirstChunk; at < bytes.size();) {
    const Chunk chunk(bytes, at);
    const bool kept = is_critical(bytes, chunk) || bytes.says(chunk.type(), "tRNS");
    if (kept) plain += file.substr(at, chunk.end() - at);
    same = same && kept;
    if (bytes.says(chunk.type(), "IEND")) return same ? std::nullopt : std::optional(std::move(plain));
    at = chunk.end();
  }
  constexpr std::string_view kEnd("\0\0\0\0IEND\xAE\x42\x60\x82", 12);
  return plain.append(kEnd);
}

}  // namespace mtcnn
