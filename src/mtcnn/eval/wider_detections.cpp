#include "mtcnn/eval/wider_detections.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <unordered_map>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr size_t kShownNames = 5;

/// "<event>/<name>" of ".../<event>/<name>.jpg".
std::string image_key(std::string_view path) {
  const size_t name = path.rfind('/');
  if (name == std::string_view::npos) return std::string(path.substr(0, path.rfind('.')));
  const size_t before = name == 0 ? std::string_view::npos : path.rfind('/', name - 1);
  const std::string_view key = before == std::string_view::npos ? path : path.substr(before + 1);
  const size_t dot = key.rfind('.');
  return std::string(dot != std::string_view::npos && dot > key.rfind('/') ? key.substr(0, dot) : key);
}

/// Takes images one by one and puts them in their place.
class Collector {
 public:
  explicit Collector(const WiderGroundTruth& truth) {
    run_.faces.resize(truth.images.size());
    for (size_t i = 0; i < truth.images.size(); ++i)
      places_.emplace(truth.images[i].event + "/" + truth.images[i].name, i);
  }

  void add(ImageDetections&& image, const fs::path& file) {
    const std::string key = image_key(image.image);
    seen_.add(key, file);
    ++run_.listed_images;
    const auto count = static_cast<int64_t>(image.faces.size());
    const auto place = places_.find(key);
    if (place == places_.end()) {
      ++run_.unknown_images;
      run_.unknown_detections += count;
      if (run_.unknown_names.size() < kShownNames) run_.unknown_names.push_back(image.image);
      return;
    }
    run_.detections += count;
    if (!image.error.empty()) ++run_.unreadable_images;
    run_.negative_sizes +=
        std::count_if(image.faces.begin(), image.faces.end(), [](const Detection& d) { return d.w < 0 || d.h < 0; });
    run_.faces[place->second] = std::move(image.faces);
  }

  WiderRun finish(const DetectionFiles& files) {
    const int64_t known = run_.listed_images - run_.unknown_images;
    if (known == 0 && run_.unknown_images > 0) {
      throw Error(ErrorCode::bad_format, "none of its images is in the ground truth",
                  {.where = shown_files(files),
                   .found = run_.unknown_names.front(),
                   .expected = "paths that end in <event>/<name>.jpg",
                   .hint = "is this the ground truth of these detections?"});
    }
    run_.missing_images = static_cast<int64_t>(run_.faces.size()) - known;
    return std::move(run_);
  }

 private:
  WiderRun run_;
  std::unordered_map<std::string, size_t> places_;
  ImageFiles seen_;
};

/// The lines of one official result file.
class ResultFile {
 public:
  explicit ResultFile(const fs::path& path) : path_(path), text_(read_text(path)), rest_(text_) {}

  std::vector<Detection> faces() {
    next();
    const std::string_view count_text = next();
    uint64_t count = 0;
    const char* end = count_text.data() + count_text.size();
    const auto [stop, failure] = std::from_chars(count_text.data(), end, count);
    if (failure != std::errc() || stop != end) refuse("bad number of faces", count_text, "a whole number");
    std::vector<Detection> result;
    for (std::string_view row = next(); !row.empty(); row = next()) {
      if (result.size() == count) refuse("more faces than announced", row, concat(count, " rows"));
      result.push_back(face(row));
    }
    if (result.size() != count) refuse("fewer faces than announced", concat(result.size()), concat(count, " rows"));
    if (!trim(rest_).empty()) refuse("an empty line between faces", "", concat(count, " rows"));
    return result;
  }

 private:
  [[noreturn]] void refuse(const std::string& message, std::string_view found, const std::string& expected) const {
    constexpr size_t kLongest = 60;
    throw Error(ErrorCode::bad_format, message,
                {.where = concat(path_.string(), ":", line_),
                 .found = "'" + std::string(found.substr(0, kLongest)) + "'",
                 .expected = expected});
  }

  std::string_view next() {
    if (rest_.empty()) return {};
    ++line_;
    const size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return trim(line);
  }

  Detection face(std::string_view row) const {
    std::array<double, 5> values{};
    std::string_view rest = row;
    for (double& value : values) {
      rest = trim(rest);
      const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
      if (failure != std::errc() || !std::isfinite(value)) refuse("bad face", row, "x y w h score, finite numbers");
      rest = rest.substr(static_cast<size_t>(end - rest.data()));
      if (!rest.empty() && rest.front() != ' ' && rest.front() != '\t') refuse("bad face", row, "x y w h score");
    }
    if (!trim(rest).empty()) refuse("more than five numbers", row, "x y w h score");
    return {values[0], values[1], values[2], values[3], values[4]};
  }

  const fs::path& path_;
  std::string text_;
  std::string_view rest_;
  int64_t line_ = 0;
};

void read_folder(const fs::path& folder, Collector& collector) {
  int64_t files = 0;
  for (const fs::path& event : folder_entries(folder)) {
    if (!is_folder(event)) continue;
    for (const fs::path& path : folder_entries(event)) {
      if (path.extension() != ".txt") continue;
      ++files;
      collector.add(
          {.image = event.filename().string() + "/" + path.filename().string(), .faces = ResultFile(path).faces()},
          folder);
    }
  }
  if (files == 0) {
    throw Error(ErrorCode::not_found, "no result files in this folder",
                {.where = folder.string(), .expected = "<event>/<name>.txt"});
  }
}

std::string number(double value) {
  char text[32];
  return {std::begin(text), std::to_chars(std::begin(text), std::end(text), value).ptr};
}

}  // namespace

WiderRun read_wider_run(const DetectionFiles& files, const WiderGroundTruth& truth) {
  require(!files.empty(), "read_wider_run: no files");
  Collector collector(truth);
  std::error_code ignored;
  for (const fs::path& file : files) {
    if (fs::is_directory(file, ignored)) {
      read_folder(file, collector);
    } else {
      read_detections(file, [&](ImageDetections&& image) { collector.add(std::move(image), file); });
    }
  }
  WiderRun run = collector.finish(files);
  // "out/val/" names the folder "val".
  const fs::path& first = files.front();
  run.name = (first.has_filename() ? first : first.parent_path()).stem().string();
  if (files.size() > 1) run.name += concat(" and ", files.size() - 1, " more");
  return run;
}

void write_wider_results(const fs::path& folder, const WiderRun& run, const WiderGroundTruth& truth) {
  require(run.faces.size() == truth.images.size(), "write_wider_results: run and ground truth differ in images");
  AtomicFolder output(folder);
  for (size_t i = 0; i < truth.images.size(); ++i) {
    const WiderImage& image = truth.images[i];
    std::string text = concat(image.name, "\n", run.faces[i].size(), "\n");
    for (const Detection& face : by_falling_score(run.faces[i])) {
      for (const double value : {face.x, face.y, face.w, face.h}) text += number(value) + " ";
      text += number(face.confidence) + "\n";
    }
    write_unsynced(output.place() / image.event / (image.name + ".txt"), text);
  }
  output.commit();
}

std::vector<Detection> by_falling_score(std::vector<Detection> faces) {
  std::stable_sort(faces.begin(), faces.end(),
                   [](const Detection& a, const Detection& b) { return a.confidence > b.confidence; });
  return faces;
}

}  // namespace mtcnn
