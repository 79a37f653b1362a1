#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/text_lines.h"
#include "mtcnn/image/read.h"
#include "mtcnn/labels/raw_labels.h"
#include "mtcnn/labels/yolo_config.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace mtcnn::labels {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBoxValues = 5;  ///< class, x, y, w, h

/// Images and where their label files are.
struct Listed {
  fs::path root;  ///< what the names of images are relative to
  std::vector<fs::path> images;
  std::vector<fs::path> label_folders;  ///< to find label files without an image
};

fs::path yaml_in(const fs::path& folder) {
  if (path_exists(folder / "data.yaml")) return folder / "data.yaml";
  std::vector<fs::path> files;
  for (const fs::path& entry : folder_entries(folder)) {
    if (entry.extension() == ".yaml" || entry.extension() == ".yml") files.push_back(entry);
  }
  return files.size() == 1 ? files.front() : fs::path();
}

/// What data.yaml, or else a list of classes, says; puts its name into `files`.
YoloConfig config_of(const fs::path& file, const fs::path& folder, std::vector<fs::path>& files) {
  if (!file.empty()) {
    files.push_back(file);
    return read_yolo_config(file);
  }
  YoloConfig config;
  for (const fs::path& names : {folder / "classes.txt", folder / "labels" / "classes.txt", folder / "obj.names"}) {
    if (!path_exists(names)) continue;
    files.push_back(names);
    TextLines lines(names, "list of classes");
    while (lines.next()) config.classes.push_back(utf8(std::string(lines.text()), lines.where()));
    return config;
  }
  throw Error(ErrorCode::not_found, "neither data.yaml nor classes.txt is here: the names of the classes are missing",
              {.where = folder.string()});
}

/// `path` with the last folder "images" in it as "labels".
fs::path labels_beside(const fs::path& path) {
  std::vector<fs::path> parts(path.begin(), path.end());
  const auto last = std::find(parts.rbegin(), parts.rend(), fs::path("images"));
  if (last == parts.rend()) return path;
  *last = "labels";
  fs::path result;
  for (const fs::path& part : parts) result /= part;
  return result;
}

/// Where an entry of data.yaml leads; many files begin paths with one "../" too many.
fs::path entry_path(const fs::path& base, const std::string& entry) {
  for (const fs::path& path : {base / entry, base / (entry.starts_with("../") ? entry.substr(3) : entry)}) {
    if (path_exists(path)) return path.lexically_normal();
  }
  throw Error(ErrorCode::not_found, "the images that data.yaml names are missing", {.where = (base / entry).string()});
}

void add_folder(const fs::path& folder, Listed& listed) {
  const std::vector<fs::path> images = files_below(folder, is_picture_name);
  listed.images.insert(listed.images.end(), images.begin(), images.end());
  listed.label_folders.push_back(labels_beside(folder));
}

/// A number of a row, from text that is only looked at.
double value_in(const std::vector<std::string>& row, size_t at, const TextLines& lines) {
  return number_in(row[at], lines.where(), concat("number ", at + 1, " of this row"));
}

class RowReader {
 public:
  RowReader(const YoloConfig& config, const Size& size) : config_(config), size_(size) {}

  RawObject read(const TextLines& lines) const {
    std::vector<std::string> row;
    std::string text(lines.text());
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    std::replace(text.begin(), text.end(), '\t', ' ');
    for (const std::string& part : split(text, ' ')) {
      if (!trim(part).empty()) row.emplace_back(trim(part));
    }
    RawObject object{.where = lines.where(), .category = class_name(row, lines)};
    const size_t with_points = kBoxValues + config_.points * config_.point_values;
    const bool pose = config_.points > 0 && row.size() == with_points;
    if (row.size() == kBoxValues || pose) {
      const double x = across(row, 1, lines);
      const double y = down(row, 2, lines);
      const double w = across(row, 3, lines);
      const double h = down(row, 4, lines);
      object.x1 = x - w / 2;
      object.y1 = y - h / 2;
      object.x2 = x + w / 2;
      object.y2 = y + h / 2;
      if (pose) read_points(row, lines, object);
      return object;
    }
    if (row.size() < 7 || row.size() % 2 == 0) refuse(row, lines, with_points);
    Extent extent;
    for (size_t at = 1; at < row.size(); at += 2) extent.add(across(row, at, lines), down(row, at + 1, lines));
    extent.to(object);
    return object;
  }

 private:
  [[noreturn]] void refuse(const std::vector<std::string>& row, const TextLines& lines, size_t with_points) const {
    throw Error(ErrorCode::bad_format, "a row that is neither box nor outline nor pose",
                {.where = lines.where(),
                 .found = concat(row.size(), " numbers"),
                 .expected = concat("5, ", config_.points > 0 ? concat(with_points, " with points, ") : "",
                                    "or an odd number from 7 for an outline"),
                 .hint = config_.points > 0 ? "" : "rows with points need kpt_shape in data.yaml"});
  }

  double across(const std::vector<std::string>& row, size_t at, const TextLines& lines) const {
    return value_in(row, at, lines) * size_.width;
  }
  double down(const std::vector<std::string>& row, size_t at, const TextLines& lines) const {
    return value_in(row, at, lines) * size_.height;
  }

  std::string class_name(const std::vector<std::string>& row, const TextLines& lines) const {
    value_in(row, 0, lines);
    const auto number = parse_whole_number(row[0], std::numeric_limits<int>::max());
    if (number && *number < config_.classes.size()) return config_.classes[*number];
    throw Error(
        ErrorCode::bad_format, "a class without a name",
        {.where = lines.where(),
         .found = row[0],
         .expected = concat("a whole number from 0 to ", config_.classes.size() - 1, ", the classes that have names")});
  }

  void read_points(const std::vector<std::string>& row, const TextLines& lines, RawObject& object) const {
    std::vector<NamedPoint> points;
    size_t labelled = 0;
    for (size_t at = kBoxValues; at < row.size(); at += config_.point_values) {
      points.push_back({"", across(row, at, lines), down(row, at + 1, lines)});
      const bool is_nowhere = points.back().x == 0 && points.back().y == 0;
      if (config_.point_values == 3 ? value_in(row, at + 2, lines) > 0 : !is_nowhere) ++labelled;
    }
    set_points(object, std::move(points), labelled);
  }

  const YoloConfig& config_;
  Size size_;
};

/// The folder that these share.
fs::path shared_folder(const std::vector<fs::path>& folders) {
  fs::path shared = folders.front();
  for (const fs::path& folder : folders) {
    while (std::mismatch(shared.begin(), shared.end(), folder.begin(), folder.end()).first != shared.end())
      shared = shared.parent_path();
  }
  return shared;
}

/// Images in one folder, their label files in another or beside them.
Listed list_folder(const fs::path& folder, const LabelOptions& options) {
  const fs::path labels = is_folder(folder / "labels") ? folder / "labels" : folder;
  Listed listed{.root = images_folder(folder, labels, options.images)};
  add_folder(listed.root, listed);
  if (labels != folder) listed.label_folders = {labels};
  return listed;
}

Listed list_images(const fs::path& folder, const YoloConfig& config, const LabelOptions& options) {
  if (!options.images.empty() || config.images.empty()) return list_folder(folder, options);
  const fs::path named = folder / config.path;
  const fs::path base =
      !config.path.empty() && path_exists(named) && is_folder(named) ? named.lexically_normal() : folder;
  Listed listed;
  std::vector<fs::path> folders;
  std::unordered_set<std::string> seen;
  for (const auto& [split, entry] : config.images) {
    if ((!options.split.empty() && split != options.split) || !seen.insert(entry).second) continue;
    const fs::path path = entry_path(base, entry);
    if (is_folder(path)) {
      folders.push_back(path);
      add_folder(path, listed);
      continue;
    }
    folders.push_back(base);
    TextLines lines(path, "list of images");
    while (lines.next()) {
      listed.images.push_back(base / std::string(lines.text()));
      picture_path(base, std::string(lines.text()), lines.where());
    }
  }
  listed.root = folders.empty() ? base : shared_folder(folders);
  return listed;
}

class SetReader {
 public:
  SetReader(RawLabels& raw, const YoloConfig& config, const Listed& listed, const LabelOptions& options)
      : raw_(raw), config_(config), listed_(listed), options_(options) {}

  void run() {
    for (const fs::path& image : listed_.images) {
      read_image(image);
      if (options_.progress) options_.progress();
    }
    for (const fs::path& folder : listed_.label_folders) {
      if (!path_exists(folder)) continue;
      for (const fs::path& file : files_below(folder, ".txt")) {
        const std::string name = file.filename().string();
        if (used_.contains(file.lexically_normal().string()) || name == "classes.txt" || name == "train.txt" ||
            name == "val.txt" || name == "test.txt")
          continue;
        raw_.dropped.add("label file without an image, whose size it needs", file.string());
      }
    }
  }

 private:
  /// The label file of an image: in the labels' folder where that is known, else where YOLO looks.
  fs::path label_file_of(const fs::path& image) const {
    fs::path file = labels_beside(image).replace_extension(".txt");
    if (listed_.label_folders.size() != 1) return file;
    return (listed_.label_folders.front() / image.lexically_relative(raw_.images_folder)).replace_extension(".txt");
  }

  void read_image(const fs::path& path) {
    const fs::path file = label_file_of(path).lexically_normal();
    RawImage image{.where = file.string()};
    image.name = utf8(path.lexically_relative(raw_.images_folder).generic_string(), path.string());
    if (!path_exists(path)) {
      raw_.dropped.add("image that is not there, whose size its labels need", path.string());
      used_.insert(file.string());
      return;
    }
    const ImageSize size = read_image_size(path);
    image.width = size.width;
    image.height = size.height;
    if (path_exists(file)) {
      used_.insert(file.string());
      raw_.files.push_back(file);
      TextLines lines(file, "label file");
      const RowReader reader(config_, {size.width, size.height});
      while (lines.next()) image.objects.push_back(reader.read(lines));
    }
    raw_.images.push_back(std::move(image));
  }

  RawLabels& raw_;
  const YoloConfig& config_;
  const Listed& listed_;
  const LabelOptions& options_;
  std::unordered_set<std::string> used_;
};

std::string row_of(const FaceAnnotation& face, const LabelSet& set, const Size& size) {
  constexpr int kDigits = 9;  // a hundred thousandth of a pixel in the largest images
  const auto x = [&](double value) { return fixed(value / size.width, kDigits); };
  const auto y = [&](double value) { return fixed(value / size.height, kDigits); };
  std::string row = concat(class_index(set, face), " ", x(face.x + face.w / 2), " ", y(face.y + face.h / 2), " ",
                           x(face.w), " ", y(face.h));
  if (set.landmark_names.empty()) return row;
  for (size_t i = 0; i < set.landmark_names.size(); ++i) {
    if (face.landmarks) {
      row += concat(" ", x((*face.landmarks)[i][0]), " ", y((*face.landmarks)[i][1]), " 2");
    } else {
      row += " 0 0 0";
    }
  }
  return row;
}

}  // namespace

RawLabels read_yolo(const fs::path& path, const LabelOptions& options) {
  if (!path_exists(path)) throw Error(ErrorCode::not_found, "the labels are missing", {.where = path.string()});
  const fs::path folder = is_folder(path) ? path : path.parent_path();
  fs::path yaml = is_folder(path) ? yaml_in(path) : path;
  if (fs::path(options.list).extension() == ".yaml") yaml = folder / options.list;
  RawLabels raw;
  const YoloConfig config = config_of(yaml, folder, raw.files);
  raw.classes = config.classes;
  raw.point_names = config.point_names;
  const Listed listed = list_images(folder, config, options);
  raw.images_folder = listed.root;
  SetReader(raw, config, listed, options).run();
  return raw;
}

SkipCounts write_yolo(const LabelSet& set, const fs::path& out) {
  SkipCounts lost;
  LabelFileNames names(out / "labels", ".txt");
  for (const ImageAnnotation& image : set.images) {
    std::string text;
    const Size size = size_of(image, set);
    for (const FaceAnnotation& face : image.faces) {
      if (face.ignore) {
        lost.add("ignored object, which this format has no place for", image.image);
      } else {
        text += row_of(face, set, size) + "\n";
      }
    }
    write_unsynced(names.of(image), text);
  }
  // JSON's texts are YAML's too.
  std::string yaml = "path: .\ntrain: images\nval: images\n";
  if (!set.landmark_names.empty()) {
    yaml += concat("kpt_shape: [", set.landmark_names.size(), ", 3]\n",
                   "kpt_names:\n  0: ", Json(set.landmark_names).dump(), "\n");
  }
  yaml += "names:\n";
  for (size_t i = 0; i < set.classes.size(); ++i) yaml += concat("  ", i, ": ", Json(set.classes[i]).dump(), "\n");
  write_unsynced(out / "data.yaml", yaml);
  return lost;
}

}  // namespace mtcnn::labels
