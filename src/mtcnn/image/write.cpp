#include "mtcnn/image/write.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>
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
    throw Error(ErrorCode::usage, "cannot tell a picture format from this name",
                {.where = path.string(),
                 .found = ending.empty() ? "no ending" : "the ending " + ending,
                 .expected = ".jpg, .png, .webp, .bmp, .tif or .ppm"});
  }
  return ending;
}

}  // namespace

void write_image(const fs::path& path, const ImageView& image) {
  require(!image.empty() && image.pixels != nullptr, "write_image: an empty picture");
  const std::string ending = checked_ending(path);
  std::vector<uint8_t> encoded;
  std::string reason = "the encoder refused it";
  bool done = false;
  try {
    // OpenCV takes no const data, but only reads it.
    auto* pixels = const_cast<uint8_t*>(image.pixels);
    const cv::Mat rgb(image.height, image.width, CV_8UC3, pixels, static_cast<size_t>(image.stride));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    done = cv::imencode(ending, bgr, encoded,
                        {cv::IMWRITE_JPEG_QUALITY, kJpegQuality, cv::IMWRITE_WEBP_QUALITY, kWebpLossless});
  } catch (const cv::Exception& failure) {
    reason = failure.err;
  }
  if (!done || encoded.empty()) {
    throw Error(ErrorCode::unwritable, "cannot encode this picture (" + reason + ")",
                {.where = path.string(), .found = concat(image.width, " x ", image.height)});
  }
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(encoded)));
  file.commit();
}

}  // namespace mtcnn
