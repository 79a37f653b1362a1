#include "mtcnn/data/wider_lists.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/text_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>

namespace mtcnn {
namespace {

constexpr size_t kColumns = 10;
constexpr size_t kBoxColumns = 4;
constexpr size_t kInvalidColumn = 7;
constexpr int64_t kMostFaces = 1000000;

/// A row of numbers; columns that are not there are 0.
struct Row {
  std::array<double, kColumns> values = {};
  size_t count = 0;
};

/// The line as numbers, or nothing where it is something else or has more than ten.
std::optional<Row> parse_row(std::string_view text) {
  Row row;
  while (!(text = trim(text)).empty()) {
    if (row.count == kColumns) return std::nullopt;
    double& value = row.values[row.count++];
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto used = static_cast<size_t>(end - text.data());
    const bool ends = used == text.size() || text[used] == ' ' || text[used] == '\t';
    if (failure != std::errc() || !ends || !std::isfinite(value)) return std::nullopt;
    text.remove_prefix(used);
  }
  return row;
}

/// Reads the entries one by one.
class WiderList {
 public:
  explicit WiderList(const std::filesystem::path& path) : path_(path), lines_(path, "WIDER FACE list") {
    has_line_ = lines_.next();
  }

  bool done() const { return !has_line_; }

  ImageAnnotation next(const std::function<void(const std::string& where)>& skip) {
    ImageAnnotation image;
    image.image = take_name();
    const int64_t count = take_count(image.image);
    for (int64_t i = 0; i < count; ++i) {
      const Row row = take_face(image.image, i, count);
      const FaceAnnotation face{.x = row.values[0],
                                .y = row.values[1],
                                .w = row.values[2],
                                .h = row.values[3],
                                .ignore = row.values[kInvalidColumn] != 0};
      if (face.w > 0 && face.h > 0) {
        image.faces.push_back(face);
      } else {
        skip(face_where_);
      }
    }
    if (count == 0) pass_zero_row();
    return image;
  }

 private:
  [[noreturn]] void refuse(const std::string& message, const std::string& expected,
                           const std::string& hint = {}) const {
    const std::string line(lines_.text().substr(0, 60));
    throw Error(ErrorCode::bad_format, message,
                {.where = has_line_ ? lines_.where() : path_.string(),
                 .found = !has_line_      ? "the end of the file"
                          : is_utf8(line) ? concat("'", line, "'")
                                          : "bytes that are no UTF-8",
                 .expected = expected,
                 .hint = hint});
  }

  std::string take_name() {
    std::string name(lines_.text());
    if (!is_utf8(name)) refuse("a file name that is no UTF-8", "UTF-8", "rename the image and its entry");
    const bool leaves = leaves_folder(name);
    if (leaves || parse_row(name)) {
      refuse(
          leaves ? "a file name that leaves the folder of the images" : "a row of numbers where a file name should be",
          "an image's name, as event/name.jpg", "the number of faces above it may be wrong");
    }
    const auto [entry, is_new] = first_line_.emplace(name, lines_.number());
    if (!is_new) {
      refuse("this image occurs twice", concat("one entry per image; line ", entry->second, " has it too"),
             "join the faces of both entries");
    }
    has_line_ = lines_.next();
    return name;
  }

  int64_t take_count(const std::string& name) {
    const std::optional<Row> row = has_line_ ? parse_row(lines_.text()) : std::nullopt;
    const double count = row && row->count == 1 ? row->values[0] : -1;
    if (count < 0 || count != std::floor(count) || count > static_cast<double>(kMostFaces))
      refuse(concat("no number of faces for ", name), "a whole number of at least 0");
    has_line_ = lines_.next();
    return static_cast<int64_t>(count);
  }

  Row take_face(const std::string& name, int64_t index, int64_t count) {
    const std::optional<Row> row = has_line_ ? parse_row(lines_.text()) : std::nullopt;
    if (!row || row->count < kBoxColumns) {
      refuse(concat("face ", index + 1, " of ", name, " cannot be read"), "x y w h and up to six flags",
             concat("its entry says that there are ", count, " faces; the file may be damaged or cut off"));
    }
    face_where_ = lines_.where();
    has_line_ = lines_.next();
    return *row;
  }

  /// The official lists have a row of zeros behind the number 0.
  void pass_zero_row() {
    const std::optional<Row> row = has_line_ ? parse_row(lines_.text()) : std::nullopt;
    if (!row || row->count < kBoxColumns) return;
    if (std::any_of(row->values.begin(), row->values.end(), [](double value) { return value != 0; }))
      refuse("a face in an image that has none", "the next image's name, or a row of zeros");
    has_line_ = lines_.next();
  }

  std::filesystem::path path_;
  TextLines lines_;
  bool has_line_ = false;
  std::string face_where_;
  std::unordered_map<std::string, int64_t> first_line_;
};

}  // namespace

WiderSplit wider_split(const std::filesystem::path& folder, std::string_view name) {
  if (name != "train" && name != "val") {
    throw Error(ErrorCode::usage, "WIDER FACE has no such split",
                {.found = concat("'", name, "'"), .expected = "train or val"});
  }
  return {.list = folder / "wider_face_split" / concat("wider_face_", name, "_bbx_gt.txt"),
          .images = folder / concat("WIDER_", name) / "images"};
}

void read_wider_list(const std::filesystem::path& path, const std::function<void(ImageAnnotation&&)>& use,
                     const std::function<void(const std::string& where)>& skip) {
  WiderList list(path);
  while (!list.done()) use(list.next(skip));
}

}  // namespace mtcnn
