#include "mtcnn/eval/picture_size.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

/// A segment of a JPEG file: marker, length, content.
std::string segment(char marker, const std::string& content) {
  const size_t length = content.size() + 2;
  return "\xFF"s + marker + static_cast<char>(length >> 8) + static_cast<char>(length & 0xFF) + content;
}

std::string frame(char marker, const std::string& height_and_width) {
  return segment(marker, "\x08"s + height_and_width + "\x01\x01\x11\x00"s);
}

const std::string kStart = "\xFF\xD8"s;
const std::string kSize = "\x01\x2C\x00\xC8"s;  // 300 high, 200 wide

class PictureSize : public ::testing::Test {
 protected:
  FddbSize size_of(const std::string& bytes) {
    write_text(folder_ / "picture", bytes);
    return read_picture_size(folder_ / "picture");
  }

  std::string refusal(const std::string& bytes) {
    try {
      size_of(bytes);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  testing::TempFolder folder_;
};

TEST_F(PictureSize, ReadsJpegOfAnyProcess) {
  for (const char marker : {'\xC0', '\xC1', '\xC2', '\xC9'}) {
    const FddbSize size = size_of(kStart + segment('\xE0', "JFIF") + frame(marker, kSize));
    EXPECT_EQ(size.width, 200);
    EXPECT_EQ(size.height, 300);
  }
}

TEST_F(PictureSize, PassesOverOtherSegmentsAndFillBytes) {
  // The thumbnail inside the second segment has a frame header of its own.
  const std::string thumbnail = segment('\xE1', kStart + frame('\xC0', "\x00\x10\x00\x10"s));
  const FddbSize size = size_of(kStart + segment('\xC4', "table") + thumbnail + "\xFF\xFF" + frame('\xC0', kSize));
  EXPECT_EQ(size.width, 200);
  EXPECT_EQ(size.height, 300);
}

TEST_F(PictureSize, ReadsPng) {
  const FddbSize size = size_of("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x01\0\0\0\0\x7F"s);
  EXPECT_EQ(size.width, 256);
  EXPECT_EQ(size.height, 127);
}

TEST_F(PictureSize, RefusesEveryTruncation) {
  const std::string whole = kStart + segment('\xE0', "JFIF") + frame('\xC0', kSize);
  const size_t needed = whole.find(kSize) + kSize.size();
  for (size_t length = 0; length < needed; ++length) EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
  EXPECT_EQ(refusal(whole.substr(0, needed)), "");
  EXPECT_THAT(refusal(whole.substr(0, needed - 1)), HasSubstr("ends before its width and height"));
}

TEST_F(PictureSize, RefusesWhatIsNoPicture) {
  EXPECT_THAT(refusal(""), HasSubstr("neither a JPEG nor a PNG"));
  EXPECT_THAT(refusal("P6 3 3 255"), HasSubstr("neither a JPEG nor a PNG"));
  EXPECT_THAT(refusal(kStart + "rubbish"), HasSubstr("ends before"));
  EXPECT_THAT(refusal(kStart + segment('\xDA', "pixels") + frame('\xC0', kSize)), HasSubstr("ends before"));
  EXPECT_THAT(refusal(kStart + frame('\xC0', "\0\0\0\x05"s)), HasSubstr("5 x 0"));
  EXPECT_THAT(refusal("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\x7F\0\0\0\0\0\0\x01"s), HasSubstr("1 to 65535"));
}

TEST_F(PictureSize, ASegmentOfLengthZeroDoesNotStopTheReading) {
  EXPECT_EQ(size_of(kStart + "\xFF\xE0\0\0"s + frame('\xC0', kSize)).width, 200);
}

TEST_F(PictureSize, NamesAMissingFile) {
  try {
    read_picture_size(folder_ / "nowhere.jpg");
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_THAT(error.what(), HasSubstr("nowhere.jpg"));
  }
}

}  // namespace
}  // namespace mtcnn
