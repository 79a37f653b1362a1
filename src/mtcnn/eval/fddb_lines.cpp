#include "mtcnn/eval/fddb_lines.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace mtcnn {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
constexpr size_t kShownCharacters = 60;

}  // namespace

std::string fddb_quoted(std::string_view text) {
  return concat("'", text.substr(0, kShownCharacters), text.size() > kShownCharacters ? "…'" : "'");
}

FddbLines::FddbLines(std::filesystem::path path) : path_(std::move(path)), text_(read_text(path_)) { advance(); }

void FddbLines::advance() {
  line_ = {};
  while (line_.empty() && at_ < text_.size()) {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    line_ = trim(std::string_view(text_).substr(at_, end - at_));
    at_ = end + 1;
    ++number_;
  }
}

std::vector<std::string_view> FddbLines::columns() const {
  std::vector<std::string_view> columns;
  for (size_t start = line_.find_first_not_of(kBlanks); start != std::string_view::npos;) {
    const size_t end = std::min(line_.find_first_of(kBlanks, start), line_.size());
    columns.push_back(line_.substr(start, end - start));
    start = line_.find_first_not_of(kBlanks, end);
  }
  return columns;
}

std::array<double, FddbLines::kMostColumns> FddbLines::numbers(size_t count) const {
  const std::vector<std::string_view> texts = columns();
  require(count <= std::min(texts.size(), kMostColumns), "FddbLines::numbers: the line has fewer columns");
  std::array<double, kMostColumns> values{};
  for (size_t i = 0; i < count; ++i) {
    const char* begin = texts[i].data();
    const char* const end = begin + texts[i].size();
    if (*begin == '+') ++begin;
    const auto [read, error] = std::from_chars(begin, end, values[i]);
    if (error != std::errc() || read != end || !std::isfinite(values[i])) {
      refuse(concat("column ", i + 1, " is no finite number"), concat(count, " finite numbers"));
    }
  }
  return values;
}

void FddbLines::expect_name(const std::string& name, size_t index) {
  if (done() || line_ != name) {
    refuse(concat("image ", index + 1, " is not that of the fold list"), fddb_quoted(name),
           "images must be in the order of FDDB-fold-NN.txt, each with its count and as many rows");
  }
  advance();
}

int64_t FddbLines::count() {
  int64_t value = 0;
  const char* const end = line_.data() + line_.size();
  const auto [read, error] = std::from_chars(line_.data(), end, value);
  if (done() || error != std::errc() || read != end || value < 0) {
    refuse("not a count", "the image's number of rows");
  }
  advance();
  return value;
}

void FddbLines::check_drawable(const FddbRegion& region) const {
  if (fddb_drawable(region)) return;
  refuse("this region cannot be drawn",
         concat("numbers within +-", static_cast<int64_t>(kFddbLargest), ", half axes above -1"));
}

void FddbLines::refuse(const std::string& message, const std::string& expected, const std::string& hint) const {
  throw Error(ErrorCode::bad_format, done() ? "the file ends too early" : message,
              {.where = concat(path_.string(), ":", number_),
               .found = done() ? "" : fddb_quoted(line_),
               .expected = expected,
               .hint = hint});
}

}  // namespace mtcnn
