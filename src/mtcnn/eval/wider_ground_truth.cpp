#include "mtcnn/eval/wider_ground_truth.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/mat_file.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// Reads one of the files and knows where it is when something is wrong.
class WiderFile {
 public:
  explicit WiderFile(fs::path path) : path_(std::move(path)) {}

  /// The lists of one file: events, and per event images with faces. `with_kept`: gt_list too, as numbers in `kept`.
  struct Content {
    std::vector<WiderImage> images;
    std::vector<std::vector<size_t>> kept;  ///< per image, from 0
    int64_t events = 0;
  };

  Content read(bool with_kept) const {
    std::vector<std::string> names = {"event_list", "file_list", "face_bbx_list"};
    if (with_kept) names.emplace_back("gt_list");
    const std::vector<MatValue> lists = read_mat(path_, names);
    if (lists[0].kind != MatValue::Kind::cells) refuse("wrong shape of event_list", described(lists[0]), "cells");
    for (size_t i = 1; i < lists.size(); ++i) expect_cells(lists[i], lists[0].cells.size(), names[i]);
    Content content;
    content.events = static_cast<int64_t>(lists[0].cells.size());
    for (size_t e = 0; e < lists[0].cells.size(); ++e) {
      const std::string event = file_name(lists[0].cells[e], "event_list");
      const std::vector<MatValue>& files = lists[1].cells[e].cells;
      for (size_t i = 1; i < lists.size(); ++i)
        expect_cells(lists[i].cells[e], files.size(), names[i] + " of " + event);
      for (size_t i = 0; i < files.size(); ++i) {
        WiderImage image{event, file_name(files[i], "file_list of " + event), {}};
        const std::string where = event + "/" + image.name;
        image.faces = faces(lists[2].cells[e].cells[i], where);
        if (with_kept) content.kept.push_back(kept(lists[3].cells[e].cells[i], image.faces.size(), where));
        content.images.push_back(std::move(image));
      }
    }
    return content;
  }

  [[noreturn]] void refuse(const std::string& message, const std::string& found, const std::string& expected) const {
    throw Error(ErrorCode::bad_format, message, {.where = path_.string(), .found = found, .expected = expected});
  }

 private:
  void expect_cells(const MatValue& value, size_t count, const std::string& what) const {
    if (value.kind != MatValue::Kind::cells || value.cells.size() != count)
      refuse("wrong shape of " + what, described(value), concat(count, " cells"));
  }

  /// Names become file names when results are written: they must not lead anywhere else.
  std::string file_name(const MatValue& value, const std::string& what) const {
    if (value.kind != MatValue::Kind::text) refuse("wrong kind of value in " + what, described(value), "a name");
    const bool plain = !value.text.empty() && value.text != "." && value.text != ".." &&
                       value.text.find_first_of(std::string_view("/\\\0\n", 4)) == std::string::npos;
    if (!plain) refuse("bad name in " + what, "'" + value.text + "'", "a file name without its folder");
    return value.text;
  }

  std::vector<WiderFace> faces(const MatValue& value, const std::string& image) const {
    if (value.kind == MatValue::Kind::numbers && value.numbers.empty()) return {};
    if (value.kind != MatValue::Kind::numbers || value.shape.size() != 2 || value.shape[1] != 4)
      refuse("wrong shape of face_bbx_list of " + image, described(value), "N x 4 numbers");
    const size_t rows = value.shape[0];
    std::vector<WiderFace> result(rows);
    for (size_t i = 0; i < rows; ++i) {
      const auto column = [&](size_t c) { return value.numbers[c * rows + i]; };
      result[i] = {column(0), column(1), column(2), column(3)};
      for (size_t c = 0; c < 4; ++c) {
        if (!std::isfinite(column(c))) refuse("bad face in " + image, concat(column(c)), "finite numbers");
      }
    }
    return result;
  }

  std::vector<size_t> kept(const MatValue& value, size_t faces, const std::string& image) const {
    if (value.kind != MatValue::Kind::numbers)
      refuse("wrong kind of value in gt_list of " + image, described(value), "numbers of faces");
    std::vector<size_t> result;
    for (const double number : value.numbers) {
      const bool valid = number >= 1 && number <= static_cast<double>(faces) && number == std::floor(number);
      if (!valid)
        refuse("no such face in gt_list of " + image, concat(number), concat("whole numbers from 1 to ", faces));
      result.push_back(static_cast<size_t>(number) - 1);
    }
    std::vector<size_t> sorted = result;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
      refuse("a face comes twice in gt_list of " + image, concat(*twice + 1), "each face once");
    return result;
  }

  fs::path path_;
};

bool same_faces(const WiderImage& a, const WiderImage& b) {
  const auto same = [](const WiderFace& f, const WiderFace& g) {
    return f.x == g.x && f.y == g.y && f.w == g.w && f.h == g.h;
  };
  return a.event == b.event && a.name == b.name &&
         std::equal(a.faces.begin(), a.faces.end(), b.faces.begin(), b.faces.end(), same);
}

}  // namespace

fs::path wider_ground_truth_folder(const fs::path& dataset) { return dataset / "eval_tools/ground_truth"; }

fs::path wider_images_folder(const fs::path& dataset) { return dataset / "WIDER_val/images"; }

std::vector<fs::path> wider_ground_truth_files(const fs::path& folder) {
  std::vector<fs::path> files = {folder / "wider_face_val.mat"};
  for (const char* setting : kWiderSettingNames) files.push_back(folder / concat("wider_", setting, "_val.mat"));
  return files;
}

WiderGroundTruth read_wider_ground_truth(const fs::path& folder) {
  const std::vector<fs::path> files = wider_ground_truth_files(folder);
  const WiderFile face_file(files[0]);
  WiderFile::Content content = face_file.read(false);
  WiderGroundTruth truth{.images = std::move(content.images), .events = content.events};
  std::set<std::pair<std::string, std::string>> seen;
  for (const WiderImage& image : truth.images) {
    if (!seen.emplace(image.event, image.name).second)
      face_file.refuse("an image is listed twice", image.event + "/" + image.name, "each image once");
    truth.faces += static_cast<int64_t>(image.faces.size());
  }
  for (size_t setting = 0; setting < kWiderSettings; ++setting) {
    const WiderFile file(files[setting + 1]);
    const WiderFile::Content kept = file.read(true);
    if (kept.images.size() != truth.images.size())
      file.refuse("these files do not belong together", concat(kept.images.size(), " images"),
                  concat(truth.images.size(), " as in wider_face_val.mat"));
    for (size_t i = 0; i < kept.images.size(); ++i) {
      if (!same_faces(kept.images[i], truth.images[i]))
        file.refuse("these files do not belong together", kept.images[i].event + "/" + kept.images[i].name,
                    concat("the same images and faces as in wider_face_val.mat"));
      for (const size_t face : kept.kept[i]) truth.images[i].faces[face].kept[setting] = true;
      truth.kept_faces[setting] += static_cast<int64_t>(kept.kept[i].size());
    }
  }
  return truth;
}

}  // namespace mtcnn
