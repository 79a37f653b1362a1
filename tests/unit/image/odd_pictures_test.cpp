#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"

#include <array>
#include <cstdlib>

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

/// Images as scanners, old programs and phones write them: kinds that a decoder reads wrongly, or not at all.
namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Colour = std::array<int, 3>;

constexpr std::array<Colour, 4> kQuarters = {{{220, 30, 40}, {20, 200, 60}, {30, 50, 210}, {128, 128, 128}}};

fs::path fixture(const std::string& name) { return testing::source_folder() / "tests/data/pictures" / name; }

Image decoded(const std::string& bytes) { return decode_image(std::as_bytes(std::span(bytes)), "memory"); }

std::string error_of(const std::string& bytes) {
  try {
    decoded(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

void expect_quarters(const Image& image, int tolerance, const Colour& last = kQuarters[3]) {
  ASSERT_EQ(image.width(), 24);
  ASSERT_EQ(image.height(), 16);
  for (int i = 0; i < 4; ++i) {
    const Colour& expected = i == 3 ? last : kQuarters[static_cast<size_t>(i)];
    for (int k = 0; k < 3; ++k) {
      EXPECT_NEAR(image.row(i < 2 ? 4 : 12)[3 * (i % 2 == 0 ? 4 : 20) + k], expected[static_cast<size_t>(k)], tolerance)
          << "quarter " << i << ", channel " << k;
    }
  }
}

std::string little(uint64_t value, int size) {
  std::string out;
  for (int k = 0; k < size; ++k) out += k < 8 ? static_cast<char>(value >> (8 * k) & 0xFF) : '\0';
  return out;
}

/// The rows of the quarters from the bottom, `pixel` bytes for each.
template <class Pixel>
std::string rows(const Pixel& pixel) {
  std::string out;
  for (int y = 15; y >= 0; --y) {
    for (int x = 0; x < 24; ++x) out += pixel(kQuarters[static_cast<size_t>((y < 8 ? 0 : 2) + (x < 12 ? 0 : 1))]);
  }
  return out;
}

std::string bmp(const std::string& header, const std::string& pixels) {
  return "BM" + little(14 + header.size() + pixels.size(), 4) + little(0, 4) + little(14 + header.size(), 4) + header +
         pixels;
}

std::string windows_header(int bits, int compression, const std::string& more = {}) {
  return little(40, 4) + little(24, 4) + little(16, 4) + little(1, 2) + little(static_cast<uint64_t>(bits), 2) +
         little(static_cast<uint64_t>(compression), 4) + little(0, 20) + more;
}

std::string bgr(const Colour& colour) {
  return {static_cast<char>(colour[2]), static_cast<char>(colour[1]), static_cast<char>(colour[0])};
}

TEST(OddBmp, OfOs2IsInColour) {
  const std::string old = little(12, 4) + little(24, 2) + little(16, 2) + little(1, 2);
  expect_quarters(decoded(bmp(old + little(24, 2), rows(bgr))), 0);
  const std::string second = little(16, 4) + little(24, 4) + little(16, 4) + little(1, 2);
  expect_quarters(decoded(bmp(second + little(24, 2), rows(bgr))), 0);
  const auto index = [](const Colour& colour) {
    return std::string(1, static_cast<char>(std::find(kQuarters.begin(), kQuarters.end(), colour) - kQuarters.begin()));
  };
  std::string palette;
  for (const Colour& colour : kQuarters) palette += bgr(colour);
  palette.resize(768, '\0');
  expect_quarters(decoded(bmp(old + little(8, 2) + palette, rows(index))), 0);
  // An array of bitmaps; its offsets count from the start of the file.
  std::string inner = bmp(old + little(24, 2), rows(bgr));
  inner.replace(10, 4, little(14 + 26, 4));
  expect_quarters(decoded("BA" + little(40, 4) + little(0, 4) + little(0, 4) + inner), 0);
}

TEST(OddBmp, MasksSayWhereTheColoursAre) {
  const auto masks = [](uint64_t red, uint64_t green, uint64_t blue) {
    return little(red, 4) + little(green, 4) + little(blue, 4);
  };
  const auto rgbx = [](const Colour& c) { return std::string(1, '\7') + bgr(c); };
  expect_quarters(decoded(bmp(windows_header(32, 3, masks(0xFF000000, 0xFF0000, 0xFF00)), rows(rgbx))), 0);
  const auto xbgr = [](const Colour& c) { return bgr({c[2], c[1], c[0]}) + '\7'; };
  expect_quarters(decoded(bmp(windows_header(32, 3, masks(0xFF, 0xFF00, 0xFF0000)), rows(xbgr))), 0);
  const auto four = [](const Colour& c) {
    return little(static_cast<uint64_t>((c[0] >> 4) << 8 | (c[1] >> 4) << 4 | c[2] >> 4), 2);
  };
  expect_quarters(decoded(bmp(windows_header(16, 3, masks(0xF00, 0xF0, 0xF)), rows(four))), 17);
  EXPECT_THAT(error_of(bmp(windows_header(0, 5), rows(bgr))), HasSubstr("holds a PNG"));
  EXPECT_THAT(error_of(bmp(windows_header(2, 0), rows(bgr))), HasSubstr("2 bits"));
}

/// A little-endian TIFF of 2 x 2 pixels, one strip, with these entries (tag, value) in the order of their tags.
std::string tiff(const std::vector<std::pair<int, int>>& entries, const std::string& pixels) {
  std::string out = std::string("II*\0", 4) + little(8, 4) + little(entries.size(), 2);
  const size_t data = 8 + 2 + 12 * entries.size() + 4;
  for (const auto& [tag, value] : entries) {
    const uint64_t shown = tag == 273 ? data : static_cast<uint64_t>(value);
    out += little(static_cast<uint64_t>(tag), 2) + little(4, 2) + little(1, 4) + little(shown, 4);
  }
  return out + little(0, 4) + pixels;
}

TEST(OddTiff, WhatNobodyDecodesIsNamed) {
  const std::string pixels(64, '\x40');
  const auto with = [&](int bits, int compression, int samples, int format) {
    return tiff({{256, 2},
                 {257, 2},
                 {258, bits},
                 {259, compression},
                 {262, 1},
                 {273, 0},
                 {277, samples},
                 {278, 2},
                 {279, 64},
                 {339, format}},
                pixels);
  };
  EXPECT_NO_THROW(decoded(with(8, 1, 1, 1)));
  EXPECT_THAT(error_of(with(8, 34712, 1, 1)), HasSubstr("JPEG 2000"));
  EXPECT_THAT(error_of(with(8, 50002, 1, 1)), HasSubstr("JPEG XL"));
  EXPECT_THAT(error_of(with(8, 12345, 1, 1)), HasSubstr("no known number"));
  EXPECT_THAT(error_of(with(16, 1, 1, 3)), HasSubstr("16-bit float"));
  EXPECT_THAT(error_of(with(8, 1, 1, 2)), HasSubstr("8-bit signed"));
  EXPECT_THAT(error_of(with(8, 1, 5, 1)), HasSubstr("5 channels"));
  EXPECT_THAT(error_of(with(4, 1, 1, 1)), HasSubstr("4 bits"));
}

/// No sign of a compression that the decoder lacks.
TEST(OddTiff, BlackIsAPicture) {
  constexpr int kDeflate = 8;
  std::vector<uint8_t> bytes;
  ASSERT_TRUE(cv::imencode(".tif", cv::Mat(8, 8, CV_8UC3, cv::Scalar(0, 0, 0)), bytes,
                           {cv::IMWRITE_TIFF_COMPRESSION, kDeflate}));
  const Image image = decode_image(std::as_bytes(std::span(bytes)), "black.tif");
  EXPECT_EQ(image.width(), 8);
  EXPECT_EQ(image.row(0)[0], 0);
}

TEST(OddTiff, SixteenBitsWithWhiteAsZero) {
  const std::string black_then_white("\xFF\xFF\0\0\xFF\xFF\0\0", 8);
  const Image image = decoded(tiff(
      {{256, 2}, {257, 2}, {258, 16}, {259, 1}, {262, 0}, {273, 0}, {277, 1}, {278, 2}, {279, 8}}, black_then_white));
  EXPECT_EQ(image.row(0)[0], 0);
  EXPECT_EQ(image.row(0)[3], 255);
}

TEST(OddTiff, SizesCountAsTheyAreTurned) {
  const ImageSize size = read_image_size(fixture("orientation6.tif"));
  EXPECT_EQ(size.width, 24);
  EXPECT_EQ(size.height, 16);
}

std::string big(uint64_t value, int size) {
  std::string out;
  for (int k = size - 1; k >= 0; --k) out += static_cast<char>(value >> (8 * k) & 0xFF);
  return out;
}

std::string exif(int orientation) {
  return std::string("MM\0*", 4) + big(8, 4) + big(1, 2) + big(0x112, 2) + big(3, 2) + big(1, 4) +
         big(static_cast<uint64_t>(orientation), 2) + big(0, 2) + big(0, 4);
}

TEST(Orientation, TheFirstExifSegmentCounts) {
  const std::string turned = read_text(fixture("orientation6.jpg"));
  const std::string block = std::string("Exif\0\0", 6) + exif(1);
  const std::string second = "\xFF\xE1" + big(block.size() + 2, 2) + block;
  const size_t first = turned.find("Exif") - 4;
  ASSERT_EQ(turned.substr(first, 2), "\xFF\xE1");
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(turned[at])); };
  const size_t after = first + 2 + (byte(first + 2) << 8 | byte(first + 3));
  expect_quarters(decoded(turned.substr(0, after) + second + turned.substr(after)), 4);
}

TEST(Orientation, OfAPngMayBeText) {
  const std::string png = read_text(fixture("orientation6.png"));
  const size_t note = png.find("eXIf") - 4;
  const std::string block = std::string("Exif\0\0", 6) + exif(6);
  std::string text =
      "Raw profile type exif" + std::string(1, '\0') + "\nexif\n      " + std::to_string(block.size()) + "\n";
  for (const char byte : block) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += {kDigits[static_cast<uint8_t>(byte) >> 4U], kDigits[static_cast<uint8_t>(byte) & 15U]};
  }
  const auto length = static_cast<size_t>(static_cast<uint8_t>(png[note + 3])) +
                      (static_cast<size_t>(static_cast<uint8_t>(png[note + 2])) << 8);
  std::string other = png;
  const std::string chunk = "tEXt" + text;
  other.replace(note, length + 12, big(text.size(), 4) + chunk + big(crc32(std::as_bytes(std::span(chunk))), 4));
  expect_quarters(decoded(other), 0);
}

TEST(CutOff, APngWithoutItsEndIsRead) {
  const std::string png = read_text(fixture("orientation6.png"));
  std::string heard;
  log::set_sink([&](log::Level, const std::string& message) { heard += message; });
  expect_quarters(decoded(png.substr(0, png.size() - 12)), 0);
  log::set_sink({});
  EXPECT_THAT(heard, HasSubstr("no end"));
}

TEST(Notes, OfAPngAreNoNoise) {
  std::string png = read_text(fixture("orientation6.png"));
  const size_t behind_header = 33;
  const auto add = [&](const std::string& chunk, uint32_t checksum) {
    png.insert(behind_header, big(chunk.size() - 4, 4) + chunk + big(checksum, 4));
  };
  const std::string profile = "iCCP" + std::string("profile\0\0", 9) + "not compressed at all";
  add(profile, crc32(std::as_bytes(std::span(profile))));
  add("tIMEyesterday", 0);
  ::testing::internal::CaptureStderr();  // libpng, which not every build of OpenCV reads PNGs with, would complain
  expect_quarters(decoded(png), 0);
  expect_quarters(decoded(png.substr(0, png.size() - 12)), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(HasSubstr("libpng")));
}

#ifdef MTCNN_TEST_JPEG
TEST(CutOff, AJpegWithAllItsPixelsIsRead) {
  const std::string jpeg = read_text(fixture("orientation1.jpg"));
  std::string heard;
  log::set_sink([&](log::Level, const std::string& message) { heard += message; });
  for (const size_t missing : {1, 2}) expect_quarters(decoded(jpeg.substr(0, jpeg.size() - missing)), 4);
  expect_quarters(decoded(jpeg.substr(0, jpeg.size() - 2) + std::string(4096, '\0')), 4);
  log::set_sink({});
  EXPECT_THAT(heard, HasSubstr("no end marker"));
  EXPECT_THAT(error_of(jpeg.substr(0, jpeg.size() - 12)), HasSubstr("cut off"));
  EXPECT_THAT(error_of(jpeg.substr(0, jpeg.size() - 12) + std::string(4096, '\0')), HasSubstr("cut off"));
}
#endif

TEST(MoreKinds, AreReadWhereTheirLibraryIs) {
#ifdef MTCNN_TEST_HEIF
  expect_quarters(read_image(fixture("picture.heic")), 4);
  expect_quarters(read_image(fixture("picture.avif")), 6);
  expect_quarters(read_image(fixture("orientation6.avif")), 6);  // turned once
  expect_quarters(read_image(fixture("alpha.heic")), 4, {255, 255, 255});
  EXPECT_EQ(read_image_size(fixture("orientation6.avif")).width, 24);
#endif
#ifdef MTCNN_TEST_JXL
  expect_quarters(read_image(fixture("picture.jxl")), 0);
#endif
#ifdef MTCNN_TEST_GIF
  expect_quarters(read_image(fixture("picture.gif")), 0);
#endif
#ifdef MTCNN_TEST_WEBP
  expect_quarters(read_image(fixture("animated.webp")), 5);
#endif
}

TEST(MoreKinds, CutOffOrDamagedFilesAreErrors) {
  for (const char* name : {"picture.heic", "picture.avif", "picture.jxl", "picture.gif", "animated.webp"}) {
    const std::string whole = read_text(fixture(name));
    for (size_t size = 0; size + 8 < whole.size(); size += 3)
      EXPECT_THROW(decoded(whole.substr(0, size)), Error) << name << size;
  }
}

#ifdef MTCNN_TEST_GIF
TEST(MoreKinds, AGifHasPixelsAndBytesForThem) {
  std::string gif = read_text(fixture("picture.gif"));
  const size_t frame = gif.find(',');  // left, top, width, height: two bytes each, from the next one on
  ASSERT_NE(frame, std::string::npos);
  // The canvas takes its height from where the frame ends, or from its own field.
  std::string no_pixels = gif;
  no_pixels.replace(frame + 1, 8, std::string("\1\0\6\x6a\0\0\0\0", 8)).replace(8, 2, std::string(2, '\0'));
  EXPECT_THAT(error_of(no_pixels), HasSubstr("without pixels"));
  EXPECT_THAT(error_of(gif.replace(6, 4, "\xff\x3f\xff\x3f")), HasSubstr("too few bytes"));
}
#endif

TEST(MoreKinds, OthersAreNamed) {
  EXPECT_THAT(error_of(std::string("\0\0\0\x18"
                                   "ftypisom\0\0\2\0isommp42",
                                   24)),
              HasSubstr("video"));
  EXPECT_THAT(error_of(std::string("\0\0\0\x18"
                                   "ftypcrx \0\0\0\1crx isom",
                                   24)),
              HasSubstr("raw"));
  EXPECT_THAT(error_of("8BPS" + std::string(30, '\0')), HasSubstr("Photoshop"));
}

}  // namespace
}  // namespace mtcnn
