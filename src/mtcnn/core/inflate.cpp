#include "mtcnn/core/inflate.h"

#include <algorithm>

#include <zlib.h>

namespace mtcnn {

std::optional<std::string> inflated(std::span<const std::byte> stream, size_t most) {
  // No stream of n bytes holds more than 1032 n.
  std::string content(std::min(most, stream.size() * 1032 + 1), '\0');
  uLongf size = content.size();
  const int status = ::uncompress(reinterpret_cast<Bytef*>(content.data()), &size,
                                  reinterpret_cast<const Bytef*>(stream.data()), stream.size());
  if (status != Z_OK) return std::nullopt;
  content.resize(size);
  return content;
}

}  // namespace mtcnn
