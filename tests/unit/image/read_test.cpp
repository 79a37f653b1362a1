#include "mtcnn/image/read.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <array>
#include <random>

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Colour = std::array<int, 3>;

constexpr Colour kRed = {220, 30, 40};
constexpr Colour kGreen = {20, 200, 60};
constexpr Colour kBlue = {30, 50, 210};
constexpr Colour kGrey = {128, 128, 128};
constexpr Colour kWhite = {255, 255, 255};

fs::path fixture(const std::string& name) { return testing::source_folder() / "tests/data/pictures" / name; }

void expect_colour(const Image& image, int x, int y, const Colour& expected, int tolerance) {
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(image.row(y)[3 * x + k], expected[static_cast<size_t>(k)], tolerance)
        << "pixel " << x << ", " << y << ", channel " << k;
  }
}

/// The image of tests/data/pictures/make.py, looked at in the middle of its quarters.
void expect_quarters(const Image& image, const Colour& last, int tolerance) {
  ASSERT_EQ(image.width(), 24);
  ASSERT_EQ(image.height(), 16);
  expect_colour(image, 4, 4, kRed, tolerance);
  expect_colour(image, 20, 4, kGreen, tolerance);
  expect_colour(image, 4, 12, kBlue, tolerance);
  expect_colour(image, 20, 12, last, tolerance);
}

Image decoded(const std::vector<uint8_t>& bytes) { return decode_image(std::as_bytes(std::span(bytes)), "memory"); }

std::vector<uint8_t> encoded(const std::string& ending, const cv::Mat& picture, const std::vector<int>& options = {}) {
  std::vector<uint8_t> bytes;
  if (!cv::imencode(ending, picture, bytes, options)) throw std::runtime_error("cannot encode " + ending);
  return bytes;
}

/// BGR, smooth with a little texture, so that files have some length.
cv::Mat sample_picture(int width = 61, int height = 47) {
  cv::Mat picture(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.at<cv::Vec3b>(y, x) = {static_cast<uchar>(4 * x), static_cast<uchar>(5 * y),
                                     static_cast<uchar>((x * y * 7) % 90)};
    }
  }
  return picture;
}

void expect_equal(const Image& image, const cv::Mat& bgr) {
  ASSERT_EQ(image.width(), bgr.cols);
  ASSERT_EQ(image.height(), bgr.rows);
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      for (int k = 0; k < 3; ++k) ASSERT_EQ(image.row(y)[3 * x + k], bgr.at<cv::Vec3b>(y, x)[2 - k]);
    }
  }
}

/// What reading throws, as text; fails where it throws nothing.
template <class Read>
std::string error_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(ReadImage, TurnsPicturesUpright) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    expect_quarters(read_image(fixture(concat("orientation", orientation, ".jpg"))), kGrey, 4);
  }
  expect_quarters(read_image(fixture("orientation6.png")), kGrey, 0);
  expect_quarters(read_image(fixture("orientation6.webp")), kGrey, 0);
  expect_quarters(read_image(fixture("orientation6.tif")), kGrey, 0);
}

TEST(ReadImage, ReadsInksAndPalettes) {
  expect_quarters(read_image(fixture("cmyk.jpg")), kGrey, 4);
  expect_quarters(read_image(fixture("cmyk.tif")), kGrey, 1);
  expect_quarters(read_image(fixture("palette.png")), kGrey, 0);
}

TEST(ReadImage, LaysTransparencyOnWhite) {
  for (const char* name : {"alpha.png", "alpha.tif", "alpha.jp2", "colour_key.png"}) {
    SCOPED_TRACE(name);
    expect_quarters(read_image(fixture(name)), kWhite, 0);
  }
  const Image grey = read_image(fixture("grey_alpha.png"));
  expect_colour(grey, 20, 12, kWhite, 0);
  EXPECT_EQ(grey.row(4)[3 * 4], grey.row(4)[3 * 4 + 2]);
  EXPECT_LT(grey.row(4)[3 * 4], 100);
}

TEST(ReadImage, BlendsHalfTransparency) {
  const cv::Mat picture(3, 4, CV_8UC4, cv::Scalar(10, 100, 200, 51));  // a fifth
  for (const char* ending : {".png", ".webp"}) {
    const std::vector<int> options = {cv::IMWRITE_WEBP_QUALITY, 101};
    expect_colour(decoded(encoded(ending, picture, options)), 2, 1, {244, 224, 206}, 0);
  }
  cv::Mat wide;
  picture.convertTo(wide, CV_16U, 257);
  expect_colour(decoded(encoded(".png", wide)), 2, 1, {244, 224, 206}, 0);
  expect_colour(decoded(encoded(".tif", wide)), 2, 1, {244, 224, 206}, 0);
  expect_colour(read_image(fixture("fifth.tif")), 2, 1, {244, 224, 206}, 0);
}

TEST(ReadImage, LosslessFormatsGiveThePixels) {
  const cv::Mat picture = sample_picture();
  for (const char* ending : {".png", ".bmp", ".tif", ".ppm"}) {
    SCOPED_TRACE(ending);
    expect_equal(decoded(encoded(ending, picture)), picture);
  }
  expect_equal(decoded(encoded(".webp", picture, {cv::IMWRITE_WEBP_QUALITY, 101})), picture);
  expect_equal(decoded(encoded(".jp2", picture, {cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000})), picture);
}

TEST(ReadImage, JpegsComeNear) {
  const cv::Mat smooth(40, 50, CV_8UC3, cv::Scalar(40, 90, 170));
  for (const int progressive : {0, 1}) {
    for (const int restart : {0, 2}) {
      const Image image = decoded(
          encoded(".jpg", smooth, {cv::IMWRITE_JPEG_PROGRESSIVE, progressive, cv::IMWRITE_JPEG_RST_INTERVAL, restart}));
      expect_colour(image, 25, 20, {170, 90, 40}, 3);
    }
  }
}

TEST(ReadImage, GreyBecomesThreeEqualChannels) {
  cv::Mat grey;
  cv::cvtColor(sample_picture(), grey, cv::COLOR_BGR2GRAY);
  cv::Mat expected;
  cv::cvtColor(grey, expected, cv::COLOR_GRAY2BGR);
  for (const char* ending : {".png", ".bmp", ".tif", ".pgm"}) {
    SCOPED_TRACE(ending);
    expect_equal(decoded(encoded(ending, grey)), expected);
  }
  const Image jpeg = decoded(encoded(".jpg", grey));
  for (int x = 0; x < jpeg.width(); ++x) EXPECT_EQ(jpeg.row(9)[3 * x], jpeg.row(9)[3 * x + 1]);
}

TEST(ReadImage, SixteenBitsAreRoundedToEight) {
  cv::Mat wide(1, 65536, CV_16UC1);
  for (int x = 0; x < wide.cols; ++x) wide.at<uint16_t>(0, x) = static_cast<uint16_t>(x);
  for (const char* ending : {".png", ".pgm", ".tif"}) {
    const Image image = decoded(encoded(ending, wide));
    for (int x = 0; x < wide.cols; ++x) ASSERT_NEAR(image.row(0)[3 * x], x / 257.0, 0.5 + 1e-6) << ending;
  }
}

TEST(ReadImage, PortableMapsByHand) {
  const auto read = [](const std::string& text) { return decode_image(std::as_bytes(std::span(text)), "memory"); };
  const std::string blob("\x00\x07\x0F", 3);
  expect_colour(read("P5 # a comment\n3 1\n15\n" + blob), 1, 0, {119, 119, 119}, 0);
  expect_colour(read("P5\n3 1\n15\n" + blob), 2, 0, kWhite, 0);
  expect_colour(read("P6\n1 1\n15\n" + blob), 0, 0, {0, 119, 255}, 0);
  expect_colour(read("P2\n2 1\n15\n15 3\n"), 1, 0, {51, 51, 51}, 0);
  expect_colour(read("P3\n1 1\n255\n1 20 255\n"), 0, 0, {1, 20, 255}, 0);
  expect_colour(read("P1\n2 1\n1 0\n"), 1, 0, kWhite, 0);
  expect_colour(read("P4\n2 1\n\x80"), 0, 0, {0, 0, 0}, 0);
  EXPECT_THROW(read("P5\n3 1\n70000\n" + blob), Error);
  EXPECT_THROW(read("P5\n0 1\n255\n" + blob), Error);
  EXPECT_THROW(read("P5\n-3 1\n255\n" + blob), Error);
  EXPECT_THROW(read("P6\n2147483647 2147483647\n255\n"), Error);
}

TEST(ReadImage, FourthByteOfABmpIsNoAlpha) {
  std::vector<uint8_t> bytes = encoded(".bmp", cv::Mat(2, 2, CV_8UC4, cv::Scalar(10, 20, 30, 0)));
  expect_colour(decoded(bytes), 1, 1, {30, 20, 10}, 0);
}

TEST(ReadImage, ErrorsNameTheFileAndTheFault) {
  const testing::TempFolder folder;
  const fs::path path = folder / "some.jpg";
  const auto message = [&] { return error_of([&] { read_image(path); }); };
  EXPECT_THAT(message(), HasSubstr("some.jpg"));  // missing
  write_text(path, "");
  EXPECT_THAT(message(), AllOf(HasSubstr("some.jpg"), HasSubstr("empty")));
  write_text(path, "Hello, this is a text and no picture at all.");
  EXPECT_THAT(message(), AllOf(HasSubstr("some.jpg"), HasSubstr("no image")));
  EXPECT_THAT(error_of([&] { read_image(folder.path()); }), HasSubstr("folder"));
  EXPECT_THAT(error_of([] { read_image("/dev/zero"); }), HasSubstr("no plain file"));
  EXPECT_THAT(error_of([] { decoded(encoded(".tif", cv::Mat(2, 2, CV_32FC1, cv::Scalar(0.5)))); }),
              HasSubstr("32-bit float"));
}

TEST(ReadImage, RefusesGiantClaimsBeforeDecoding) {
  std::vector<uint8_t> jpeg = encoded(".jpg", sample_picture());
  for (size_t i = 0; i + 8 < jpeg.size(); ++i) {
    if (jpeg[i] == 0xFF && jpeg[i + 1] == 0xC0) {
      std::fill_n(jpeg.begin() + static_cast<ptrdiff_t>(i) + 5, 4, uint8_t{0xFF});
      break;
    }
  }
  EXPECT_THAT(error_of([&] { decoded(jpeg); }), AllOf(HasSubstr("65535 x 65535"), HasSubstr("too large")));
}

TEST(ReadImage, CutOffFilesAreErrorsWithoutChatter) {
  const cv::Mat picture = sample_picture();
  std::vector<std::pair<std::string, std::vector<uint8_t>>> files;
  for (const char* ending : {".jpg", ".png", ".bmp", ".webp", ".tif", ".ppm", ".jp2"}) {
    files.emplace_back(ending, encoded(ending, picture));
  }
  const std::string text = read_text(fixture("alpha.tif"));  // its directory stands before its pixels
  files.emplace_back("alpha.tif", std::vector<uint8_t>(text.begin(), text.end()));
  for (const auto& [name, whole] : files) {
    EXPECT_NO_THROW(decoded(whole)) << name;
    ::testing::internal::CaptureStderr();
    for (size_t part = 0; part < 32; ++part) {
      const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(whole.size() * part / 32));
      EXPECT_THROW(decoded(cut), Error) << name << ", " << part << "/32";
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << name;
  }
}

TEST(ReadImage, EveryShortHeaderIsAnError) {
  for (const fs::directory_entry& entry : fs::directory_iterator(fixture(""))) {
    if (!is_picture_name(entry.path())) continue;
    const std::string whole = read_text(entry.path());
    // Without their ends alone PNGs and GIFs are read.
    constexpr size_t kEnd = 12;
    for (size_t size = 0; size < std::min<size_t>(whole.size() - kEnd, 200); ++size) {
      EXPECT_THROW(decode_image(std::as_bytes(std::span(whole).first(size)), "memory"), Error) << entry.path() << size;
    }
  }
}

TEST(ReadImage, FlippedBitsGiveAPictureOrAnError) {
  std::vector<std::vector<uint8_t>> files;
  for (const char* ending : {".jpg", ".png", ".bmp", ".webp", ".tif", ".ppm", ".jp2"}) {
    files.push_back(encoded(ending, sample_picture()));
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(fixture(""))) {
    const std::string text = read_text(entry.path());
    files.emplace_back(text.begin(), text.end());
  }
  std::mt19937 random(3);
  size_t errors = 0;
  ::testing::internal::CaptureStderr();  // the codecs' own words; only what we return is under test
  for (const std::vector<uint8_t>& whole : files) {
    for (int round = 0; round < 60; ++round) {
      std::vector<uint8_t> bytes = whole;
      // Half of the flips in the first bytes, where the structure is.
      const size_t reach = round % 2 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 100);
      for (int flip = 0; flip <= round % 3; ++flip) {
        bytes[random() % reach] ^= static_cast<uint8_t>(1U << random() % 8);
      }
      try {
        EXPECT_FALSE(decoded(bytes).empty());
      } catch (const Error&) {
        ++errors;
      }
    }
  }
  ::testing::internal::GetCapturedStderr();
  EXPECT_GT(errors, 0U);
}

TEST(PictureName, IsToldByItsEndingInAnyCase) {
  for (const char* name : {"a.jpg", "a.JPG", "x/y.JpEg", "a.b.png", "a.webp", "a.TIFF", "a.tif", "a.ppm", "a.jp2",
                           "a.gif", "a.HEIC", "a.avif", "a.jxl", "a.CR2", "a.psd"}) {
    EXPECT_TRUE(is_picture_name(name)) << name;
  }
  for (const char* name : {"a.txt", "jpg", ".jpg", "a.jpg.json", "a", "", "jpg/a"}) {
    EXPECT_FALSE(is_picture_name(name)) << name;
  }
}

}  // namespace
}  // namespace mtcnn
