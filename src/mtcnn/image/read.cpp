#include "mtcnn/image/read.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/bmp.h"
#include "mtcnn/image/formats.h"
#include "mtcnn/image/more_decoders.h"
#include "mtcnn/image/picture_bytes.h"
#include "mtcnn/image/png.h"
#include "mtcnn/image/tiff.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <new>
#include <optional>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr uintmax_t kMaxFileBytes = uintmax_t{1} << 30;
constexpr int64_t kMaxSide = int64_t{1} << 20;  // OpenCV's own limit

[[noreturn]] void damaged(const std::string& where) {
  throw Error(ErrorCode::bad_format, "this image is damaged and cannot be decoded",
              {.where = where, .hint = "copy or download the file again"});
}

void check_size(const PictureFacts& facts, const std::string& where) {
  if (facts.width < 1 || facts.height < 1) {
    throw Error(ErrorCode::bad_format, "an image without pixels",
                {.where = where, .found = concat(facts.width, " x ", facts.height)});
  }
  if (facts.width > kMaxSide || facts.height > kMaxSide || facts.width * facts.height > kMaxImagePixels) {
    throw Error(ErrorCode::unsupported, "this image is too large",
                {.where = where,
                 .found = concat(facts.width, " x ", facts.height),
                 .expected = concat("at most ", kMaxImagePixels, " pixels"),
                 .hint = "make it smaller or cut it into parts"});
  }
}

/// A JPEG without its last bytes, the end marker, is what every viewer shows; one with fewer pixels is cut off.
std::string with_jpeg_end(std::span<const std::byte> bytes, const std::string& where) {
  std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // What a card or a disk puts behind a file that it did not finish; a single zero may belong to the pixels.
  constexpr size_t kPadding = 8;
  if (const size_t last = content.find_last_not_of('\0'); content.size() - last > kPadding)
    content = content.substr(0, last + 1);
  if (content.back() == '\xFF') content.remove_suffix(1);
  std::string whole = std::string(content) + "\xFF\xD9";
  if (!is_whole_jpeg(std::as_bytes(std::span(content)))) PictureBytes(bytes, where).truncated();
  log::warning(where + ": this JPEG has no end marker; all its pixels are there, and it is read");
  return whole;
}

/// The same image as the decoder reads it right; nothing where it does so as it is.
std::optional<std::string> mended(std::span<const std::byte> bytes, const PictureFacts& facts,
                                  const std::string& where) {
  const PictureBytes picture(bytes, where);
  if (facts.kind == PictureKind::bmp) return plain_bmp(picture);
  if (facts.kind == PictureKind::tiff && facts.orientation != 1) return without_orientation(picture);
  if (facts.kind == PictureKind::jpeg && facts.lacks_end) return with_jpeg_end(bytes, where);
  if (facts.kind == PictureKind::png) {
    if (facts.lacks_end) log::warning(where + ": this PNG has no end; it is read as far as it goes");
    return plain_png(picture);
  }
  return std::nullopt;
}

/// A black image from a compression that not every build of the decoder knows is none.
void check_decoded(const cv::Mat& decoded, const PictureFacts& facts, const std::string& where) {
  if (*facts.doubtful == '\0') return;
  const cv::Mat samples = decoded.reshape(1);
  double largest = 0;
  for (int y = 0; y < samples.rows && largest == 0; ++y) cv::minMaxLoc(samples.row(y), nullptr, &largest);
  if (largest > 0 && decoded.channels() < 4) return;
  if (decoded.channels() == 4 && cv::countNonZero(samples) > 0) return;
  PictureBytes({}, where).unsupported(concat("a TIFF compressed with ", facts.doubtful, " that decodes to nothing"));
}

cv::Mat decode_by_module(std::span<const std::byte> bytes, const PictureFacts& facts, const std::string& where) {
  cv::Mat decoded(static_cast<int>(facts.height), static_cast<int>(facts.width), CV_8UC4);
  decode_more(facts.kind, bytes, {facts.width, facts.height}, decoded.data, where);
  cv::cvtColor(decoded, decoded, cv::COLOR_RGBA2BGRA);
  return decoded;
}

cv::Mat decode(std::span<const std::byte> bytes, const std::string& where) {
  try {
    // OpenCV takes no const data, but only reads it.
    auto* data = const_cast<std::byte*>(bytes.data());
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1, data);
    cv::Mat decoded = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
    if (decoded.empty()) damaged(where);
    return decoded;
  } catch (const cv::Exception& failure) {
    if (failure.code == cv::Error::StsNoMem) throw std::bad_alloc();
    damaged(where);
  }
}

/// Turns a stored image upright. Source: CIPA DC-008, tag Orientation.
cv::Mat upright(const cv::Mat& stored, int orientation) {
  constexpr int kVertical = 0;
  constexpr int kHorizontal = 1;
  constexpr int kBoth = -1;
  if (orientation == 1) return stored;
  cv::Mat turned = stored;
  if (orientation >= 5) cv::transpose(stored, turned);
  cv::Mat result;
  switch (orientation) {
    case 2:
    case 6:
      cv::flip(turned, result, kHorizontal);
      break;
    case 3:
    case 7:
      cv::flip(turned, result, kBoth);
      break;
    case 4:
    case 8:
      cv::flip(turned, result, kVertical);
      break;
    default:
      result = turned;  // 5 is the transposition itself
  }
  return result;
}

cv::Mat to_8_bits(const cv::Mat& stored, const PictureFacts& facts, const std::string& where) {
  if (stored.depth() != CV_8U && stored.depth() != CV_16U) {
    throw Error(ErrorCode::unsupported, "a kind of image that cannot be read",
                {.where = where, .found = "float or signed samples", .expected = "8 or 16 bits a channel"});
  }
  const double usual = stored.depth() == CV_8U ? 255 : 65535;
  const double white = facts.largest_sample > 0 ? facts.largest_sample : usual;
  if (white == 255) return stored;
  cv::Mat result;
  stored.convertTo(result, CV_8U, facts.white_is_zero ? -255 / white : 255 / white, facts.white_is_zero ? 255 : 0);
  return result;
}

/// `stored` is BGRA; the result lies on white.
void lay_on_white(const cv::Mat& stored, bool premultiplied, Image& image) {
  for (int y = 0; y < stored.rows; ++y) {
    const uint8_t* from = stored.ptr<uint8_t>(y);
    uint8_t* to = image.row(y);
    for (int x = 0; x < stored.cols; ++x, from += 4, to += 3) {
      const int alpha = from[3];
      for (int channel = 0; channel < 3; ++channel) {
        const int colour = from[2 - channel];
        const int lit = premultiplied ? colour * 255 : colour * alpha;
        to[channel] = static_cast<uint8_t>(std::min(255, (lit + 255 * (255 - alpha) + 127) / 255));
      }
    }
  }
}

Image to_image(const cv::Mat& stored, const PictureFacts& facts, const std::string& where) {
  Image image(stored.cols, stored.rows);
  cv::Mat target(stored.rows, stored.cols, CV_8UC3, image.row(0));
  switch (stored.channels()) {
    case 1:
      cv::cvtColor(stored, target, cv::COLOR_GRAY2RGB);
      break;
    case 3:
      cv::cvtColor(stored, target, cv::COLOR_BGR2RGB);
      break;
    case 4:
      if (facts.alpha_is_undefined) {
        cv::cvtColor(stored, target, cv::COLOR_BGRA2RGB);
      } else {
        lay_on_white(stored, facts.premultiplied, image);
      }
      break;
    default:
      throw Error(ErrorCode::unsupported, "a kind of image that cannot be read",
                  {.where = where, .found = concat(stored.channels(), " channels"), .expected = "1, 3 or 4"});
  }
  return image;
}

/// Read, not mapped: a file that shrinks under our hands must not kill the program.
std::string read_encoded(const fs::path& path) {
  std::error_code failure;
  if (const fs::file_status status = fs::status(path, failure);
      fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
    throw Error(ErrorCode::unreadable, "this is no plain file", {.where = path.string()});
  }
  if (const uintmax_t size = fs::file_size(path, failure); !failure && size > kMaxFileBytes) {
    throw Error(ErrorCode::unsupported, "this file is too large for an image",
                {.where = path.string(), .found = concat(size, " bytes"), .expected = "at most 1 GiB"});
  }
  return read_text(path);
}

}  // namespace

Image decode_image(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() > kMaxFileBytes) {
    throw Error(ErrorCode::unsupported, "this file is too large for an image",
                {.where = where, .found = concat(bytes.size(), " bytes"), .expected = "at most 1 GiB"});
  }
  const PictureFacts facts = inspect_picture(bytes, where);
  check_size(facts, where);
  try {
    if (facts.kind >= PictureKind::animated_webp)
      return to_image(upright(decode_by_module(bytes, facts, where), facts.orientation), facts, where);
    const std::optional<std::string> other = mended(bytes, facts, where);
    const cv::Mat stored = decode(other ? std::as_bytes(std::span(*other)) : bytes, where);
    check_decoded(stored, facts, where);
    return to_image(to_8_bits(upright(stored, facts.orientation), facts, where), facts, where);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::unsupported, "not enough memory for this image",
                {.where = where, .found = concat(facts.width, " x ", facts.height)});
  }
}

Image read_image(const fs::path& path) {
  const std::string content = read_encoded(path);
  return decode_image(std::as_bytes(std::span(content)), path.string());
}

ImageSize read_image_size(const fs::path& path) {
  const std::string content = read_encoded(path);
  const PictureFacts facts = inspect_picture(std::as_bytes(std::span(content)), path.string());
  check_size(facts, path.string());
  const ImageSize stored{static_cast<int>(facts.width), static_cast<int>(facts.height)};
  return facts.lies_on_its_side() ? ImageSize{stored.height, stored.width} : stored;
}

bool is_picture_name(const fs::path& path) {
  // The last two rows are kinds that are refused: whoever names a folder hears of them.
  static constexpr std::array kEndings = {
      ".jpg", ".jpeg", ".jpe", ".jfif", ".png",  ".bmp",  ".dib", ".webp", ".tif", ".tiff", ".pbm", ".pgm",
      ".ppm", ".pnm",  ".jp2", ".j2k",  ".heic", ".heif", ".hif", ".avif", ".gif", ".jxl",  //
      ".cr2", ".cr3",  ".crw", ".nef",  ".nrw",  ".arw",  ".srf", ".sr2",  ".dng", ".orf",  ".rw2", ".raf",
      ".pef", ".srw",  ".x3f", ".psd",  ".psb",  ".tga",  ".exr", ".hdr",  ".pcx", ".jxr",  ".pam", ".pfm"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

}  // namespace mtcnn
