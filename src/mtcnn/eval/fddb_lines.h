#pragma once

#include "mtcnn/eval/fddb_regions.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// 'text', shortened where it is long, for messages.
std::string fddb_quoted(std::string_view text);

/// The lines of one of FDDB's text files that are not blank, one after the other, without blanks and CR around them.
/// Knows what to say when one is wrong.
class FddbLines {
 public:
  static constexpr size_t kMostColumns = 6;

  /// \throws Error as read_text does.
  explicit FddbLines(std::filesystem::path path);
  FddbLines(const FddbLines&) = delete;
  FddbLines& operator=(const FddbLines&) = delete;

  bool done() const { return line_.empty(); }
  std::string_view line() const { return line_; }
  std::vector<std::string_view> columns() const;
  void advance();

  /// The first `count` columns as numbers; the line must have them.
  /// \throws Error unless they are finite.
  std::array<double, kMostColumns> numbers(size_t count) const;

  /// Passes over the line with the name of image `index` (from 0) of the fold list.
  /// \throws Error if it is another one.
  void expect_name(const std::string& name, size_t index);

  /// Passes over a line that is one number of at least 0.
  /// \throws Error if it is not.
  int64_t count();

  /// \throws Error unless fddb_drawable(region), which was read from this line.
  void check_drawable(const FddbRegion& region) const;

  /// Throws an Error about this line, or about the early end of the file.
  [[noreturn]] void refuse(const std::string& message, const std::string& expected, const std::string& hint = {}) const;

 private:
  std::filesystem::path path_;
  std::string text_;
  std::string_view line_;
  size_t at_ = 0;
  int64_t number_ = 0;
};

}  // namespace mtcnn
