#include "mtcnn/eval/fddb_files.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/eval/fddb_lines.h"
#include "mtcnn/image/formats.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

FddbEllipse face_of(const FddbLines& lines) {
  const auto columns = lines.columns();
  if (columns.size() < 5) lines.refuse("not a face", "major minor angle x y");
  const auto v = lines.numbers(5);
  const FddbEllipse face{v[0], v[1], v[2], v[3], v[4]};
  lines.check_drawable(face);
  return face;
}

FddbDetection detection_of(const FddbLines& lines) {
  const auto columns = lines.columns();
  if (columns.size() != 5 && columns.size() != 6) {
    lines.refuse("not a detection", "x y w h score, or major minor angle x y score");
  }
  const auto v = lines.numbers(columns.size());
  FddbDetection detection{FddbRectangle{v[0], v[1], v[2], v[3]}, v[4]};
  if (columns.size() == 6) detection = {FddbEllipse{v[0], v[1], v[2], v[3], v[4]}, v[5]};
  lines.check_drawable(detection.region);
  return detection;
}

/// Calls `use` for every row that the file has for the images, which must be those of the fold, in its order.
template <class Use>
void read_rows(const fs::path& path, std::vector<FddbImage>& images, const Use& use) {
  FddbLines lines(path);
  for (size_t i = 0; i < images.size(); ++i) {
    lines.expect_name(images[i].name, i);
    for (int64_t left = lines.count(); left > 0; --left, lines.advance()) {
      if (lines.done()) lines.refuse("", concat(left, " more rows for ", fddb_quoted(images[i].name)));
      use(lines, images[i]);
    }
  }
  if (!lines.done()) lines.refuse("more than the fold list has images", "the end of the file");
}

/// The digits between `before` and `after`, where the name is made of these.
std::optional<std::string> number_in(const fs::path& file, std::string_view before, std::string_view after) {
  const std::string name = file.filename().string();
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after)) return {};
  const std::string digits = name.substr(before.size(), name.size() - before.size() - after.size());
  constexpr size_t most_digits = 6;
  if (digits.size() > most_digits || digits.find_first_not_of("0123456789") != std::string::npos) return {};
  return digits;
}

/// All such numbers of a folder, rising.
std::vector<std::string> numbers_in(const fs::path& folder, std::string_view before, std::string_view after) {
  std::error_code error;
  std::vector<std::string> numbers;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (const auto number = number_in(entry->path(), before, after)) numbers.push_back(*number);
  }
  if (error) {
    throw Error(ErrorCode::not_found, concat("cannot read this folder (", error.message(), ")"),
                {.where = folder.string()});
  }
  std::sort(numbers.begin(), numbers.end(), [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); });
  return numbers;
}

void refuse_gaps(const std::vector<std::string>& numbers, const fs::path& folder) {
  for (size_t i = 1; i < numbers.size(); ++i) {
    if (std::stoi(numbers[i]) == std::stoi(numbers[i - 1]) + 1) continue;
    throw Error(ErrorCode::bad_format, "the numbers of the folds do not follow each other",
                {.where = folder.string(),
                 .found = concat("FDDB-fold-", numbers[i - 1], ".txt, then FDDB-fold-", numbers[i], ".txt"),
                 .expected = "each number once, none left out"});
  }
}

fs::path result_file(const fs::path& folder, const FddbFold& fold) {
  return folder / concat("fold-", fold.number, "-out.txt");
}

FddbSize size_of(const fs::path& path) {
  const PictureFacts facts = inspect_picture(MappedFile(path).bytes(), path.string());
  constexpr auto most = static_cast<int64_t>(kFddbLargest);
  if (facts.width < 1 || facts.height < 1 || facts.width > most || facts.height > most) {
    throw Error(ErrorCode::bad_format, "not a size that an image can have",
                {.where = path.string(),
                 .found = concat(facts.width, " x ", facts.height),
                 .expected = concat("1 to ", most, " pixels a side")});
  }
  return {static_cast<int>(facts.lies_on_its_side() ? facts.height : facts.width),
          static_cast<int>(facts.lies_on_its_side() ? facts.width : facts.height)};
}

using ImagesByName = std::unordered_map<std::string, FddbImage*>;

ImagesByName by_name(std::vector<FddbFold>& folds) {
  ImagesByName images;
  for (FddbFold& fold : folds) {
    for (FddbImage& image : fold.images) images.emplace(image.name, &image);
  }
  return images;
}

void add_boxes(FddbImage& image, const ImageDetections& line, const fs::path& file) {
  for (const Detection& face : line.faces) {
    image.detections.push_back({FddbRectangle{face.x, face.y, face.w, face.h}, face.confidence});
    if (fddb_drawable(image.detections.back().region)) continue;
    throw Error(ErrorCode::bad_format, concat("a box of ", fddb_quoted(image.name), " cannot be drawn"),
                {.where = file.string(),
                 .found = concat("[", face.x, ", ", face.y, ", ", face.w, ", ", face.h, "]"),
                 .expected = concat("numbers within +-", static_cast<int64_t>(kFddbLargest))});
  }
}

/// The shortest digits that read back as the same double.
std::string shortest(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string row_of(const FddbDetection& detection) {
  std::vector<double> values;
  if (const auto* box = std::get_if<FddbRectangle>(&detection.region)) {
    values = {box->x, box->y, box->w, box->h};
  } else {
    const auto& ellipse = std::get<FddbEllipse>(detection.region);
    values = {ellipse.major, ellipse.minor, ellipse.angle, ellipse.x, ellipse.y};
  }
  std::string row;
  for (const double value : values) row += shortest(value) + " ";
  return row + shortest(detection.score) + "\n";
}

}  // namespace

std::vector<FddbFold> read_fddb_annotations(const fs::path& folder) {
  std::vector<FddbFold> folds;
  const std::vector<std::string> numbers = numbers_in(folder, "FDDB-fold-", ".txt");
  if (numbers.empty()) {
    throw Error(ErrorCode::not_found, "no FDDB-fold-NN.txt in this folder",
                {.where = folder.string(), .hint = "--annotations takes the folder FDDB-folds"});
  }
  refuse_gaps(numbers, folder);
  std::unordered_map<std::string, fs::path> seen;
  for (const std::string& number : numbers) {
    FddbFold& fold = folds.emplace_back(FddbFold{number, {}});
    const fs::path list = folder / concat("FDDB-fold-", number, ".txt");
    for (FddbLines lines(list); !lines.done(); lines.advance()) {
      const auto columns = lines.columns();
      if (columns.size() != 1) lines.refuse("not an image's name", "one name a line, without blanks");
      const auto [other, is_new] = seen.emplace(lines.line(), list);
      if (!is_new) lines.refuse("this image is listed twice", concat("each once; first in ", other->second.string()));
      fold.images.push_back({.name = std::string(lines.line())});
    }
    const fs::path faces = folder / concat("FDDB-fold-", number, "-ellipseList.txt");
    read_rows(faces, fold.images,
              [](const FddbLines& lines, FddbImage& image) { image.faces.push_back(face_of(lines)); });
  }
  return folds;
}

void read_fddb_sizes(std::vector<FddbFold>& folds, const fs::path& folder, const std::string& extension) {
  for (FddbFold& fold : folds) {
    for (FddbImage& image : fold.images) image.size = size_of(folder / (image.name + extension));
  }
}

void read_fddb_results(std::vector<FddbFold>& folds, const fs::path& folder) {
  for (const std::string& number : numbers_in(folder, "fold-", "-out.txt")) {
    if (std::any_of(folds.begin(), folds.end(), [&](const FddbFold& fold) { return fold.number == number; })) continue;
    throw Error(ErrorCode::bad_format, "results for a fold that has no annotations",
                {.where = (folder / concat("fold-", number, "-out.txt")).string(),
                 .expected = concat("folds ", folds.front().number, " to ", folds.back().number)});
  }
  std::optional<size_t> kind;
  for (FddbFold& fold : folds) {
    read_rows(result_file(folder, fold), fold.images, [&](const FddbLines& lines, FddbImage& image) {
      image.detections.push_back(detection_of(lines));
      const size_t found = image.detections.back().region.index();
      if (kind.value_or(found) != found) {
        lines.refuse("rectangles and ellipses in one set of results",
                     *kind == 0 ? "x y w h score" : "major minor angle x y score");
      }
      kind = found;
    });
  }
}

FddbMismatch read_fddb_json(std::vector<FddbFold>& folds, const DetectionFiles& files, const std::string& extension) {
  const ImagesByName images = by_name(folds);
  ImageFiles seen;
  FddbMismatch mismatch;
  for (const fs::path& file : files) {
    read_detections(file, [&](ImageDetections&& line) {
      auto known = images.find(line.image);
      if (known == images.end() && line.image.ends_with(extension))
        known = images.find(line.image.substr(0, line.image.size() - extension.size()));
      if (known == images.end()) return mismatch.unknown.push_back(line.image);
      FddbImage& image = *known->second;
      seen.add(image.name, file);
      if (!line.error.empty()) mismatch.unusable.push_back(image.name);
      add_boxes(image, line, file);
    });
  }
  for (const FddbFold& fold : folds) {
    for (const FddbImage& image : fold.images) {
      if (!seen.contains(image.name)) mismatch.missing.push_back(image.name);
    }
  }
  if (seen.empty() && !mismatch.unknown.empty() && !images.empty()) {
    throw Error(
        ErrorCode::bad_format, "no line is about an image of the folds",
        {.where = shown_files(files),
         .found = fddb_quoted(mismatch.unknown.front()),
         .expected = concat("names as ", fddb_quoted(mismatch.missing.front()), ", with or without ", extension),
         .hint = "detect in the folder that --images names, so that names are relative to it"});
  }
  return mismatch;
}

void write_fddb_results(const std::vector<FddbFold>& folds, const fs::path& folder) {
  for (const FddbFold& fold : folds) {
    std::string text;
    for (const FddbImage& image : fold.images) {
      text += concat(image.name, "\n", image.detections.size(), "\n");
      for (const FddbDetection& detection : image.detections) text += row_of(detection);
    }
    write_text(result_file(folder, fold), text);
  }
}

int64_t make_fddb_ellipses(std::vector<FddbFold>& folds) {
  int64_t changed = 0;
  for (FddbFold& fold : folds) {
    for (FddbImage& image : fold.images) {
      for (FddbDetection& detection : image.detections) {
        const auto* box = std::get_if<FddbRectangle>(&detection.region);
        if (box == nullptr) continue;
        detection.region = fddb_upright_ellipse(*box);
        ++changed;
      }
    }
  }
  return changed;
}

}  // namespace mtcnn
