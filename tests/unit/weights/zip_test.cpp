#include "mtcnn/weights/zip.h"

#include "mtcnn/core/error.h"

#include "support/foreign_weights.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal;
using testing::zip_file;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string content_of(const std::string& archive, const std::string& name) {
  const auto content = Zip(bytes_of(archive), "file").content(name);
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

TEST(Zip, GivesItsEntries) {
  const std::string archive = zip_file({{"folder/b", "second"}, {"folder/a", ""}});
  const Zip zip(bytes_of(archive), "file");
  EXPECT_THAT(zip.names(), ElementsAre("folder/a", "folder/b"));
  EXPECT_TRUE(zip.contains("folder/a"));
  EXPECT_FALSE(zip.contains("a"));
  EXPECT_EQ(content_of(archive, "folder/a"), "");
  EXPECT_EQ(content_of(archive, "folder/b"), "second");
  EXPECT_THAT(refusal([&] { content_of(archive, "c"); }), HasSubstr("file: zip entry 'c' is missing"));
}

TEST(Zip, ACommentMayFollow) {
  std::string archive = zip_file({{"a", "text"}});
  archive[archive.size() - 2] = 7;
  EXPECT_EQ(content_of(archive + "comment", "a"), "text");
}

TEST(Zip, WhatItCannotReadIsRefused) {
  EXPECT_THAT(refusal([] { content_of(zip_file({{"a", "text"}}, 8), "a"); }), HasSubstr("compressed or encrypted"));
  EXPECT_THAT(refusal([] { content_of(zip_file({{"a", "1"}, {"a", "2"}}), "a"); }), HasSubstr("'a' is there twice"));
  EXPECT_THAT(refusal([] { content_of("PK\x03\x04", "a"); }), HasSubstr("truncated?"));
  std::string archive = zip_file({{"a", "text"}});
  archive.replace(archive.size() - 6, 4, "\xff\xff\xff\xff");
  EXPECT_THAT(refusal([&] { content_of(archive, "a"); }), HasSubstr("zip64"));
  archive.replace(archive.size() - 6, 4, "\xff\xff\xff\x7f");
  EXPECT_THAT(refusal([&] { content_of(archive, "a"); }), HasSubstr("outside the file"));
}

TEST(Zip, EveryFlippedBitIsFoundOrHarmless) {
  const std::string archive = zip_file({{"a", "some text"}, {"b", "more text"}});
  const size_t start = archive.find("some text");
  for (size_t bit = 0; bit < archive.size() * 8; ++bit) {
    std::string damaged = archive;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      EXPECT_EQ(content_of(damaged, "a"), "some text");
      EXPECT_FALSE(bit / 8 >= start && bit / 8 < start + 9) << "the checksum missed byte " << bit / 8;
    } catch (const Error&) {
    }
  }
}

TEST(Zip, EntriesMayNotShareTheirBytes) {
  std::string archive = zip_file({{"a", std::string(1000, 'x')}, {"b", "y"}});
  // The directory's entry of b gets a's size: together they are longer than the file.
  const size_t entry = archive.rfind("PK\x01\x02");
  archive.replace(entry + 20, 2, "\xe8\x07");
  EXPECT_THAT(refusal([&] { Zip(bytes_of(archive), "file"); }), HasSubstr("overlap"));
}

}  // namespace
}  // namespace mtcnn
