#include "mtcnn/labels/raw_labels.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

namespace mtcnn::labels {
namespace fs = std::filesystem;

void Extent::add(double x, double y) {
  if (empty_) sides_ = {x, y, x, y};
  empty_ = false;
  sides_ = {std::min(sides_[0], x), std::min(sides_[1], y), std::max(sides_[2], x), std::max(sides_[3], y)};
}

void Extent::to(RawObject& object) const {
  object.x1 = sides_[0];
  object.y1 = sides_[1];
  object.x2 = sides_[2];
  object.y2 = sides_[3];
}

void set_points(RawObject& object, std::vector<NamedPoint>&& points, size_t labelled) {
  object.some_points = labelled > 0 && labelled < points.size();
  if (labelled == points.size()) object.points = std::move(points);
}

Extent turned_box(const std::array<double, 4>& corners, double degrees, double about_x, double about_y) {
  const double angle = degrees * std::numbers::pi / 180;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  Extent extent;
  for (const double x : {corners[0], corners[2]}) {
    for (const double y : {corners[1], corners[3]}) {
      extent.add(about_x + c * (x - about_x) - s * (y - about_y), about_y + s * (x - about_x) + c * (y - about_y));
    }
  }
  return extent;
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

double number_in(std::string_view text, const std::string& where, const std::string& what) {
  if (const std::optional<double> value = parse_number(text)) return *value;
  throw Error(ErrorCode::bad_format, concat("bad ", what),
              {.where = where, .found = shown(Json(std::string(text))), .expected = "a finite number"});
}

std::optional<size_t> parse_whole_number(std::string_view text, size_t most) {
  const std::optional<double> value = parse_number(text);  // as some tools write "3.0"
  if (!value || !(*value >= 0 && *value <= static_cast<double>(most)) || *value != std::floor(*value)) return {};
  return static_cast<size_t>(*value);
}

int size_in(std::string_view text, const std::string& where, const std::string& what) {
  number_in(text, where, what);
  if (const auto value = parse_whole_number(text, std::numeric_limits<int>::max())) return static_cast<int>(*value);
  throw Error(ErrorCode::bad_format, concat("bad ", what),
              {.where = where, .found = std::string(trim(text)), .expected = "a whole number of pixels"});
}

std::string utf8(std::string text, const std::string& where) {
  if (is_utf8(text)) return text;
  throw Error(ErrorCode::bad_format, "a name that is no UTF-8", {.where = where, .hint = "save the file as UTF-8"});
}

std::vector<fs::path> files_below(const fs::path& folder, const std::function<bool(const fs::path&)>& wanted) {
  std::vector<fs::path> files;
  std::error_code failure;
  fs::recursive_directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    const fs::path& path = entry->path();
    // Hidden files, as macOS leaves beside others ("._a.xml"), are nobody's labels.
    if (!path.filename().string().starts_with('.') && wanted(path) && is_file(path)) files.push_back(path);
  }
  if (failure) throw system_error(failure, ErrorCode::unreadable, "cannot read this folder", folder);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> files_below(const fs::path& folder, std::string_view ending) {
  return files_below(folder, [ending](const fs::path& path) { return path.extension() == ending; });
}

namespace {

bool has_file(const fs::path& folder, std::string_view ending) {
  const std::vector<fs::path> entries = folder_entries(folder);
  return std::any_of(entries.begin(), entries.end(), [&](const fs::path& path) { return path.extension() == ending; });
}

fs::path usable(const fs::path& path, bool folder) {
  if (!path_exists(path)) {
    throw Error(ErrorCode::not_found, "the labels are missing", {.where = path.string()});
  }
  if (is_folder(path) != folder) {
    throw Error(ErrorCode::bad_format, folder ? "this is no folder" : "this is a folder",
                {.where = path.string(), .expected = folder ? "a folder of label files" : "a file with labels"});
  }
  return path;
}

}  // namespace

fs::path label_folder(const fs::path& path, const std::string& list, const std::vector<const char*>& usual,
                      std::string_view ending) {
  if (!list.empty()) return usable(path / list, true);
  usable(path, true);
  for (const char* name : usual) {
    if (is_folder(path / name)) return path / name;
  }
  if (has_file(path, ending)) return path;
  std::vector<fs::path> with;
  for (const fs::path& entry : folder_entries(path)) {
    if (is_folder(entry) && has_file(entry, ending)) with.push_back(entry);
  }
  return with.size() == 1 ? with.front() : path;
}

fs::path label_file(const fs::path& path, const std::string& list, const char* usual, std::string_view ending) {
  if (!list.empty()) return usable(path / list, false);
  if (!path_exists(path) || !is_folder(path)) return usable(path, false);
  if (path_exists(path / usual)) return usable(path / usual, false);
  std::vector<fs::path> files;
  for (const fs::path& entry : folder_entries(path)) {
    if (entry.extension() == ending && is_file(entry)) files.push_back(entry);
  }
  if (files.size() == 1) return files.front();
  throw Error(ErrorCode::not_found, "which file has the labels is not clear",
              {.where = path.string(),
               .found = concat(files.size(), " files *", ending),
               .expected = usual,
               .hint = "name the file itself"});
}

fs::path images_folder(const fs::path& path, const fs::path& labels, const std::string& images) {
  if (!images.empty()) {
    for (const fs::path& place : {path / images, fs::path(images)}) {
      if (path_exists(place) && is_folder(place)) return place;
    }
    throw Error(ErrorCode::not_found, "the folder of the images is missing", {.where = (path / images).string()});
  }
  fs::path folder = is_folder(labels) ? labels : labels.parent_path();
  for (const fs::path& entry : folder_entries(folder.empty() ? "." : folder)) {
    if (is_picture_name(entry)) return folder;
  }
  for (const fs::path& base : {is_folder(path) ? path : folder, (folder / "..").lexically_normal()}) {
    for (const char* name : {"JPEGImages", "images"}) {
      if (is_folder(base / name)) return base / name;
    }
  }
  return folder;
}

void find_image(RawImage& image, const fs::path& images, const std::string& named, const fs::path& below,
                const std::string& stem) {
  std::string name = named;
  std::replace(name.begin(), name.end(), '\\', '/');
  std::vector<std::string> shorter;
  for (std::string rest = name; !rest.empty();) {
    while (rest.starts_with("./")) rest.erase(0, 2);
    if (!rest.empty() && !leaves_folder(rest)) shorter.push_back(rest);
    const size_t slash = rest.find('/');
    if (slash == std::string::npos) break;
    rest.erase(0, slash + 1);
  }
  std::vector<std::string> candidates;
  for (const std::string& rest : shorter) {
    candidates.push_back((below / rest).generic_string());
    if (!below.empty()) candidates.push_back(rest);
  }
  if (!stem.empty()) {
    for (const char* ending : {".jpg", ".jpeg", ".JPG", ".png", ".PNG", ".JPEG", ".webp", ".bmp"})
      candidates.push_back((below / (stem + ending)).generic_string());
  }
  for (const std::string& candidate : candidates) {
    if (!path_exists(images / candidate) || is_folder(images / candidate)) continue;
    image.name = candidate;
    return;
  }
  if (candidates.empty()) {
    throw Error(ErrorCode::bad_format, "no name of an image", {.where = image.where, .found = shown(Json(named))});
  }
  image.missing = true;
  image.name = candidates.front();
}

fs::path LabelFileNames::of(const ImageAnnotation& image) {
  const std::string name = fs::path(image.image).replace_extension(ending_).generic_string();
  if (names_.insert(name).second) return folder_ / name;
  throw Error(ErrorCode::unsupported, "two images would have one label file",
              {.where = name, .found = concat("'", image.image, "' and another"), .hint = "rename one of the images"});
}

Size size_of(const ImageAnnotation& image, const LabelSet& set) {
  if (image.width > 0 && image.height > 0) return {image.width, image.height};
  const fs::path path = set.images_folder / image.image;
  if (path_exists(path)) {
    const ImageSize size = read_image_size(path);
    return {size.width, size.height};
  }
  throw Error(ErrorCode::not_found, "the size of this image is needed, and neither it nor the labels tell it",
              {.where = path.string(), .hint = "--images names the folder of the images"});
}

size_t class_index(const LabelSet& set, const FaceAnnotation& face) {
  return static_cast<size_t>(std::find(set.classes.begin(), set.classes.end(), face.category) - set.classes.begin());
}

std::string label_text(const fs::path& file, size_t most) {
  return as_utf8(read_text(file, most));  // programs on Windows write byte order marks
}

}  // namespace mtcnn::labels
