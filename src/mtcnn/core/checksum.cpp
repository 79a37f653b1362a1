#include "mtcnn/core/checksum.h"

#include <cstdio>

#include <zlib.h>

namespace mtcnn {

uint32_t crc32(std::span<const std::byte> bytes, uint32_t previous) {
  if (bytes.empty()) return previous;  // zlib starts anew when it is given no buffer
  return static_cast<uint32_t>(::crc32_z(previous, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string checksum_text(uint32_t crc) {
  char text[16];
  std::snprintf(text, sizeof text, "crc32:%08x", crc);
  return text;
}

}  // namespace mtcnn
