#include "mtcnn/data/celeba.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/text_lines.h"

#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBoxColumns = 4;
constexpr size_t kPointColumns = 10;

constexpr const char* kNoTables =
    "these are the comma-separated tables that Kaggle's copy of CelebA has; the lists of the original (Anno/*.txt, "
    "Eval/*.txt) are needed, with blanks between the columns";

/// What is known of one image before its landmarks are read.
struct Entry {
  CelebaSplit split = CelebaSplit::train;
  bool has_box = false;
  bool has_landmarks = false;
  std::array<double, kBoxColumns> box = {};
};

using Entries = std::unordered_map<std::string, Entry>;

struct Folder {
  explicit Folder(const fs::path& root)
      : boxes(root / "Anno" / "list_bbox_celeba.txt"),
        landmarks(root / "Anno" / "list_landmarks_celeba.txt"),
        partition(root / "Eval" / "list_eval_partition.txt") {}

  fs::path boxes;
  fs::path landmarks;
  fs::path partition;
};

[[noreturn]] void refuse(const TextLines& lines, const std::string& what, std::string_view found,
                         const std::string& expected) {
  const bool table = lines.text().find(',') != std::string_view::npos;
  throw Error(ErrorCode::bad_format, what,
              {.where = lines.where(),
               .found = std::string(found.substr(0, 60)),
               .expected = expected,
               .hint = table ? kNoTables : ""});
}

/// Cuts the next word off the front of `text`; empty at the end.
std::string_view take_word(std::string_view& text) {
  constexpr std::string_view kBlanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
bool parse_number(std::string_view word, Number& value) {
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
  return !word.empty() && failure == std::errc() && end == word.data() + word.size();
}

/// The name and numbers of one row.
std::string_view read_row(const TextLines& lines, std::span<double> values) {
  std::string_view rest = lines.text();
  const std::string_view name = take_word(rest);
  for (double& value : values) {
    const std::string_view word = take_word(rest);
    if (!parse_number(word, value) || !std::isfinite(value)) {
      refuse(lines, word.empty() ? "this row is too short" : "not a finite number", word.empty() ? lines.text() : word,
             concat("a file name and ", values.size(), " numbers"));
    }
  }
  if (!take_word(rest).empty()) {
    refuse(lines, "this row is too long", lines.text(), concat("a file name and ", values.size(), " numbers"));
  }
  return name;
}

/// A list of Anno/: a line with the number of rows, a line with the names of the columns, the rows.
template <class Use>
void read_list(const fs::path& path, const char* first_column, std::span<double> values, const Use& use) {
  TextLines lines(path, "CelebA list");
  int64_t promised = 0;
  if (!lines.next() || !parse_number(lines.text(), promised) || promised < 0) {
    refuse(lines, "the first line of a CelebA list", lines.text(), "the number of rows");
  }
  if (!lines.next() || lines.text().find(first_column) == std::string_view::npos) {
    refuse(lines, "the second line of a CelebA list", lines.text(),
           concat("the names of the columns, ", first_column, " among them"));
  }
  int64_t rows = 0;
  for (; lines.next(); ++rows) use(lines, read_row(lines, values));
  if (rows != promised) {
    throw Error(ErrorCode::bad_format, "the number of rows is not what the first line says",
                {.where = path.string(),
                 .found = concat(rows, " rows"),
                 .expected = concat(promised),
                 .hint = "the file may be cut off; fetch it again"});
  }
}

Entries read_partition(const fs::path& path) {
  Entries entries;
  TextLines lines(path, "CelebA list");
  while (lines.next()) {
    double number = 0;
    const std::string_view name = read_row(lines, {&number, 1});
    if (number != 0 && number != 1 && number != 2) {
      refuse(lines, "an unknown split", lines.text(), "0 (train), 1 (validation) or 2 (test)");
    }
    Entry entry;
    entry.split = static_cast<CelebaSplit>(static_cast<int>(number));
    if (!entries.emplace(name, entry).second) refuse(lines, "this image occurs twice", name, "one row an image");
  }
  return entries;
}

/// The entry of `name`, whose flag `seen` is then set: every list names an image once.
Entry& find_entry(Entries& entries, const TextLines& lines, std::string_view name, bool Entry::*seen) {
  const auto found = entries.find(std::string(name));
  if (found == entries.end()) {
    refuse(lines, "this image is not in Eval/list_eval_partition.txt", name, "the same images in all three lists");
  }
  if (found->second.*seen) refuse(lines, "this image occurs twice", name, "one row an image");
  found->second.*seen = true;
  return found->second;
}

/// Every image of the partition must have been seen in the list `path`.
void require_complete(const Entries& entries, bool Entry::*seen, const fs::path& path) {
  const std::string* missing = nullptr;
  int64_t count = 0;
  for (const auto& [name, entry] : entries) {
    if (entry.*seen) continue;
    ++count;
    if (missing == nullptr || name < *missing) missing = &name;
  }
  if (missing == nullptr) return;
  throw Error(ErrorCode::bad_format, "images of Eval/list_eval_partition.txt are not in this list",
              {.where = path.string(),
               .found = concat(count, " missing, the first is '", *missing, "'"),
               .expected = "the same images in all three lists"});
}

void read_boxes(const fs::path& path, Entries& entries) {
  std::array<double, kBoxColumns> box = {};
  read_list(path, "x_1", box, [&](const TextLines& lines, std::string_view name) {
    if (box[2] < 0 || box[3] < 0) refuse(lines, "a negative size", lines.text(), "x y width height");
    find_entry(entries, lines, name, &Entry::has_box).box = box;
  });
  require_complete(entries, &Entry::has_box, path);
}

ImageAnnotation annotation(std::string_view name, const Entry& entry, std::span<const double> points) {
  FaceAnnotation face{entry.box[0], entry.box[1], entry.box[2], entry.box[3]};
  ExactPoints& own = face.landmarks.emplace();
  for (size_t i = 0; i < points.size(); i += 2) own.push_back({points[i], points[i + 1]});
  ImageAnnotation image;
  image.image = name;
  image.faces.push_back(face);
  return image;
}

}  // namespace

CelebaSplit celeba_split(std::string_view name) {
  if (name == "train") return CelebaSplit::train;
  if (name == "val") return CelebaSplit::validation;
  if (name == "test") return CelebaSplit::test;
  throw Error(ErrorCode::usage, "unknown split", {.found = std::string(name), .expected = "train, val or test"});
}

void refuse_celeba_tables(const fs::path& folder) {
  for (const char* name : {"list_bbox_celeba.csv", "list_eval_partition.csv", "Anno/list_bbox_celeba.csv"}) {
    if (path_exists(folder / name) && !path_exists(Folder(folder).boxes))
      throw Error(ErrorCode::unsupported, "CelebA with tables instead of lists",
                  {.where = (folder / name).string(), .hint = kNoTables});
  }
}

bool is_celeba(const fs::path& folder) { return is_folder(folder) && path_exists(Folder(folder).boxes); }

std::vector<fs::path> celeba_lists(const fs::path& folder) {
  const Folder files(folder);
  return {files.boxes, files.landmarks, files.partition};
}

fs::path celeba_images(const fs::path& folder) { return folder / "Img" / "img_celeba"; }

CelebaCounts read_celeba(const fs::path& folder, CelebaSplit split, const std::function<void(ImageAnnotation&&)>& use) {
  const Folder files(folder);
  Entries entries = read_partition(files.partition);
  read_boxes(files.boxes, entries);
  CelebaCounts counts;
  std::array<double, kPointColumns> points = {};
  read_list(files.landmarks, "lefteye_x", points, [&](const TextLines& lines, std::string_view name) {
    const Entry& entry = find_entry(entries, lines, name, &Entry::has_landmarks);
    if (entry.split != split) return;
    if (entry.box[2] == 0 || entry.box[3] == 0) {
      ++counts.without_area;
      return;
    }
    ++counts.images;
    use(annotation(name, entry, points));
  });
  require_complete(entries, &Entry::has_landmarks, files.landmarks);
  return counts;
}

}  // namespace mtcnn
