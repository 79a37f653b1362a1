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
  skip_mark();
}

void TextLines::skip_mark() {
  // A mark of UTF-8 is three bytes, one of UTF-16 two. A pipe cannot go back to its start, so what is read is kept.
  constexpr size_t kMark = 3;
  ahead_.resize(kMark);
  file_->read(ahead_.data(), kMark);
  ahead_.resize(static_cast<size_t>(file_->gcount()));
  if (ahead_ == "\xEF\xBB\xBF") ahead_.clear();
  if (!ahead_.starts_with("\xFF\xFE") && !ahead_.starts_with("\xFE\xFF")) return;
  file_ = std::make_unique<std::istringstream>(as_utf8(read_text(path_)));
  ahead_.clear();
}

int TextLines::next_byte() {
  if (ahead_.empty()) return file_->rdbuf()->sbumpc();
  const auto byte = static_cast<unsigned char>(ahead_.front());
  ahead_.erase(0, 1);
  return byte;
}

bool TextLines::read_line() {
  constexpr size_t kLongest = size_t{64} << 20;
  line_.clear();
  int next = next_byte();
  const bool some = next != std::char_traits<char>::eof();
  for (; next != std::char_traits<char>::eof() && next != '\n'; next = next_byte()) {
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
