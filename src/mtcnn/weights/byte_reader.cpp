#include "mtcnn/weights/byte_reader.h"

#include "mtcnn/core/text.h"

namespace mtcnn {

std::span<const std::byte> ByteReader::take(uint64_t count) {
  if (count > remaining()) {
    throw Error(
        ErrorCode::bad_format, "the file is truncated or damaged",
        {.where = where_, .found = concat(remaining(), " bytes after byte ", position_), .expected = concat(count)});
  }
  const auto taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

std::string_view ByteReader::take_text(uint64_t count) {
  const auto taken = take(count);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::string_view ByteReader::take_line() {
  const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, remaining());
  const size_t length = rest.find('\n');
  if (length == std::string_view::npos) {
    throw Error(ErrorCode::bad_format, "the file is truncated or damaged",
                {.where = where_, .found = concat("no line end after byte ", position_)});
  }
  position_ += length + 1;
  return rest.substr(0, length);
}

std::string printable(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text.size() > kLongest ? shown + "…" : shown;
}

}  // namespace mtcnn
