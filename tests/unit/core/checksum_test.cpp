#include "mtcnn/core/checksum.h"

#include <random>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// The definition, bit by bit: reflected polynomial 0x04C11DB7, inverted before and after.
uint32_t plain_crc32(std::span<const std::byte> bytes) {
  uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

TEST(Checksum, GivesThePublishedCheckValue) { EXPECT_EQ(crc32(bytes_of("123456789")), 0xCBF43926U); }

TEST(Checksum, EqualsTheDefinition) {
  std::mt19937 random(3);
  for (size_t size = 0; size < 200; ++size) {
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xFFU);
    EXPECT_EQ(crc32(bytes), plain_crc32(bytes)) << size << " bytes";
  }
}

TEST(Checksum, PartsGiveTheSameAsTheWhole) {
  const std::string_view text = "parts of any size, empty ones too";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32(bytes_of(text.substr(cut)), crc32(bytes_of(text.substr(0, cut)))), crc32(bytes_of(text)));
  }
  EXPECT_EQ(crc32({}, crc32(bytes_of(text))), crc32(bytes_of(text)));
}

TEST(Checksum, TextHasEightDigits) {
  EXPECT_EQ(checksum_text(0xCBF43926U), "crc32:cbf43926");
  EXPECT_EQ(checksum_text(0xABU), "crc32:000000ab");
}

}  // namespace
}  // namespace mtcnn
