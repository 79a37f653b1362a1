#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

namespace mtcnn {

/// A text file read line by line, which knows where it is. Only one line is held in memory, but for a file in UTF-16,
/// which is converted. Windows line ends, a byte order mark, blanks at either end of a line and blank lines make no
/// difference.
class TextLines {
 public:
  /// \param kind  what the file is, for messages: "detections file".
  /// \throws Error if `path` cannot be opened.
  TextLines(std::filesystem::path path, std::string kind);

  /// Goes to the next line that is not blank; false at the end of the file.
  /// \throws Error if the file cannot be read on, or a line is longer than 64 MiB.
  bool next();

  /// The current line without blanks around it; valid until next().
  std::string_view text() const { return text_; }
  /// Its number, from 1.
  int64_t number() const { return number_; }
  /// "file:number", as messages begin.
  std::string where() const;

 private:
  void skip_mark();
  int next_byte();
  bool read_line();

  std::filesystem::path path_;
  std::string kind_;
  std::unique_ptr<std::istream> file_;
  std::string ahead_;  ///< what was read to find a mark, before the rest of `file_`
  std::string line_;
  std::string_view text_;
  int64_t number_ = 0;
};

}  // namespace mtcnn
