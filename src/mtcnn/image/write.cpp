#include "mtcnn/image/write.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr int kJpegQuality = 95;
constexpr int kWebpLossless = 101;  // OpenCV: any quality over 100

std::string checked_ending(const fs::path& path) {
  static constexpr std::array kEndings = {".jpg", ".jpeg", ".jpe",  ".png", ".webp", ".bmp",
                                          ".dib", ".tif",  ".tiff", ".ppm", ".pnm"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::find(kEndings.begin(), kEndings.end(), ending) == kEndings.end()) {
    throw Error(ErrorCode::usage, "cannot tell an image format from this name",
                {.where = path.string(),
                 .found = ending.empty() ? "no ending" : "the ending " + ending,
                 .expected = ".jpg, .png, .webp, .bmp, .tif or .ppm"});
  }
  return ending;
}

/// Says in comments of files who made them.
constexpr std::string_view kMark = "made by mtcnn detect";

std::string big_endian(uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

/// The mark as a comment segment behind JFIF's own, or as a text chunk behind PNG's header.
void insert_mark(std::vector<uint8_t>& encoded, const std::string& ending) {
  constexpr ptrdiff_t kJfifEnd = 2 + 18;
  constexpr ptrdiff_t kHeaderEnd = 8 + 25;
  std::string comment;
  if (ending == ".png") {
    const std::string chunk = concat("tEXtComment", '\0', kMark);
    comment = big_endian(static_cast<uint32_t>(chunk.size() - 4), 4) + chunk +
              big_endian(crc32(std::as_bytes(std::span(chunk))), 4);
  } else {
    comment = concat("\xFF\xFE", big_endian(static_cast<uint32_t>(2 + kMark.size()), 2), kMark);
  }
  encoded.insert(encoded.begin() + (ending == ".png" ? kHeaderEnd : kJfifEnd), comment.begin(), comment.end());
}

/// OpenCV warns on stderr of settings that are another format's.
std::vector<int> settings_for(const std::string& ending) {
  if (ending == ".jpg" || ending == ".jpeg" || ending == ".jpe") return {cv::IMWRITE_JPEG_QUALITY, kJpegQuality};
  if (ending == ".webp") return {cv::IMWRITE_WEBP_QUALITY, kWebpLossless};
  return {};
}

std::vector<uint8_t> encode(const fs::path& path, const ImageView& image, const std::string& ending) {
  require(!image.empty() && image.pixels != nullptr, "write_image: an empty image");
  std::vector<uint8_t> encoded;
  std::string reason = "the encoder refused it";
  bool done = false;
  try {
    // OpenCV takes no const data, but only reads it.
    auto* pixels = const_cast<uint8_t*>(image.pixels);
    const cv::Mat rgb(image.height, image.width, CV_8UC3, pixels, static_cast<size_t>(image.stride));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    done = cv::imencode(ending, bgr, encoded, settings_for(ending));
  } catch (const cv::Exception& failure) {
    reason = failure.err;
  }
  if (!done || encoded.empty()) {
    throw Error(ErrorCode::unwritable, "cannot encode this image (" + reason + ")",
                {.where = path.string(), .found = concat(image.width, " x ", image.height)});
  }
  return encoded;
}

void write_bytes(const fs::path& path, std::span<const uint8_t> bytes) {
  AtomicFile file(path);
  file.write(std::as_bytes(bytes));
  file.commit();
}

}  // namespace

void write_image(const fs::path& path, const ImageView& image) {
  write_bytes(path, encode(path, image, checked_ending(path)));
}

void write_marked_image(const fs::path& path, const ImageView& image) {
  const std::string ending = checked_ending(path);
  require(ending == ".png" || ending == ".jpg" || ending == ".jpeg", "write_marked_image: JPEG or PNG");
  std::vector<uint8_t> encoded = encode(path, image, ending);
  insert_mark(encoded, ending);
  write_bytes(path, encoded);
}

bool is_marked_image(const fs::path& path) {
  std::string start(96, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  return start.find(kMark) != std::string::npos;
}

}  // namespace mtcnn
