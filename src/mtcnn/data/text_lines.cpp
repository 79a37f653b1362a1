#include "mtcnn/data/text_lines.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"

#include <cerrno>
#include <fstream>
#include <sstream>

namespace mtcnn {

TextLines::TextLines(std::filesystem::path path, std::string kind)
    : path_(std::move(path)), kind_(std::move(kind)), file_(std::make_unique<std::ifstream>(path_)) {
  if (!*file_) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    throw system_error(missing ? ErrorCode::not_found : ErrorCode::unreadable, concat("cannot open this ", kind_),
                       path_);
  }
  if (is_folder(path_)) {
    throw Error(ErrorCode::unreadable, concat("this is a folder, a ", kind_, " was expected"),
                {.where = path_.string()});
  }
  // A mark of UTF-8 is three bytes, one of UTF-16 two.
  std::string start(3, '\0');
  file_->read(start.data(), 3);
  start.resize(static_cast<size_t>(file_->gcount()));
  const bool utf16 = start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF");
  file_->clear();
  if (utf16) {
    file_ = std::make_unique<std::istringstream>(as_utf8(read_text(path_)));
  } else if (start != "\xEF\xBB\xBF") {
    file_->seekg(0);
  }
}

bool TextLines::read_line() {
  constexpr size_t kLongest = size_t{64} << 20;
  line_.clear();
  std::streambuf& bytes = *file_->rdbuf();
  int next = bytes.sbumpc();
  const bool some = next != std::char_traits<char>::eof();
  for (; next != std::char_traits<char>::eof() && next != '\n'; next = bytes.sbumpc()) {
    if (line_.size() >= kLongest) {
      throw Error(
          ErrorCode::unsupported, "a line is too long",
          {.where = concat(path_.string(), ":", number_ + 1), .expected = concat("at most ", kLongest, " bytes")});
    }
    line_ += static_cast<char>(next);
  }
  return some;
}

bool TextLines::next() try {
  while (read_line()) {
    ++number_;
    text_ = trim(line_);
    if (!text_.empty()) return true;
  }
  return false;
} catch (const std::ios_base::failure&) {
  throw system_error(ErrorCode::unreadable, concat("cannot read this ", kind_), path_);
}

std::string TextLines::where() const { return concat(path_.string(), ":", number_); }

}  // namespace mtcnn
