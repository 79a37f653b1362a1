#include "mtcnn/image/exif.h"

#include "mtcnn/core/inflate.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/tiff.h"

namespace mtcnn {
namespace {

using namespace std::string_view_literals;

constexpr size_t kLargestProfile = size_t{1} << 20;

/// "\nexif\n      72\n4578…": a name, the number of bytes, their digits in lines.
std::string profile_content(std::string_view text) {
  size_t at = text.find_first_not_of('\n');
  at = text.find('\n', at == std::string_view::npos ? text.size() : at);      // behind the name
  at = text.find('\n', at == std::string_view::npos ? text.size() : at + 1);  // behind the number
  std::string content;
  if (at == std::string_view::npos) return content;
  int high = -1;
  for (const char digit : text.substr(at)) {
    const int value = hex_digit(digit);
    if (value < 0) continue;
    if (high < 0) {
      high = value;
    } else {
      content += static_cast<char>(high * 16 + value);
      high = -1;
    }
  }
  return content;
}

/// Where the text of a chunk begins, behind its keyword and what else stands before it.
size_t text_start(std::string_view type, std::string_view chunk, bool& compressed) {
  size_t at = chunk.find('\0') + 1;
  if (type == "zTXt") {
    compressed = true;
    return at + 1;
  }
  if (type == "iTXt") {
    compressed = at < chunk.size() && chunk[at] == 1;
    at += 2;
    for (int k = 0; k < 2 && at < chunk.size(); ++k) at = chunk.find('\0', at) + 1;  // language, translated keyword
  }
  return at;
}

}  // namespace

std::optional<int> exif_orientation(const PictureBytes& block) {
  try {
    constexpr std::string_view kPrefix = "Exif\0\0"sv;
    const PictureBytes bytes =
        block.says(0, kPrefix) ? block.within(kPrefix.size(), block.size() - kPrefix.size()) : block;
    if (!starts_tiff(bytes)) return std::nullopt;
    return tiff_orientation(bytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<int> raw_profile_orientation(std::string_view type, const PictureBytes& chunk) {
  if (!chunk.says(0, "Raw profile type exif\0"sv) && !chunk.says(0, "Raw profile type APP1\0"sv)) return std::nullopt;
  const std::string_view whole(reinterpret_cast<const char*>(chunk.data()), chunk.size());
  bool compressed = false;
  const size_t start = text_start(type, whole, compressed);
  if (start >= whole.size() || whole.size() > kLargestProfile) return std::nullopt;
  std::string_view text = whole.substr(start);
  const std::optional<std::string> content =
      compressed ? inflated(std::as_bytes(std::span(text)), kLargestProfile) : std::string(text);
  if (!content) return std::nullopt;
  const std::string profile = profile_content(*content);
  return exif_orientation({std::as_bytes(std::span(profile)), "profile"});
}

}  // namespace mtcnn
