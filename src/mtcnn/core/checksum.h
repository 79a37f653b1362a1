#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mtcnn {

/// CRC-32 as in zip and zlib; `previous` continues an earlier one, so that parts give the same as the whole.
uint32_t crc32(std::span<const std::byte> bytes, uint32_t previous = 0);

/// "crc32:0123abcd", as our files carry it.
std::string checksum_text(uint32_t crc);

}  // namespace mtcnn
