#include "data_prep/contact_sheet.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/random.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/thread_pool.h"
#include "mtcnn/geometry/face.h"
#include "mtcnn/image/draw.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace mtcnn {
namespace {

constexpr int kSheetTile = 240;  ///< pixels
constexpr int kSheetGap = 6;
constexpr const char* kMissing = "image that is not there";
constexpr const char* kUnreadable = "image that cannot be read";

/// What was found about one image; an empty reason is nothing.
struct Finding {
  const char* reason = "";
  std::string example;
};

/// Shares out the work in pieces between which progress is told.
void for_all(size_t count, const ImageReading& reading, const std::function<void(size_t)>& body) {
  constexpr size_t kPiece = 64;
  ThreadPool pool(std::max(1, reading.threads));
  for (size_t first = 0; first < count; first += kPiece) {
    const size_t piece = std::min(kPiece, count - first);
    pool.run(static_cast<int64_t>(piece), [&](int64_t i) {
      if (!interrupted()) body(first + static_cast<size_t>(i));
    });
    if (interrupted()) throw Error(ErrorCode::interrupted, "stopped while images were read; nothing was written");
    if (reading.progress) reading.progress(static_cast<int64_t>(first + piece));
  }
}

Finding check_image(ImageAnnotation& image, const LabelSet& set) {
  const std::filesystem::path path = set.images_folder / image.image;
  try {
    if (!path_exists(path)) return {kMissing, path.string()};
    const ImageSize size = read_image_size(path);
    if (image.width <= 0 || image.height <= 0) {
      image.width = size.width;
      image.height = size.height;
    } else if (image.width != size.width || image.height != size.height) {
      return {"image of another size than its labels say",
              concat(path.string(), ": ", size.width, " x ", size.height, ", in the labels ", image.width, " x ",
                     image.height)};
    }
  } catch (const Error& failure) {
    return {kUnreadable, failure.what()};
  }
  return {};
}

void count_findings(const std::vector<Finding>& findings, LabelSet& set) {
  const std::vector<Skipped>& kept = set.kept.all();
  const bool counted =
      std::any_of(kept.begin(), kept.end(), [](const Skipped& item) { return item.reason == kMissing; });
  for (const Finding& finding : findings) {
    if (*finding.reason == '\0' || (counted && finding.reason == kMissing)) continue;
    set.kept.add(finding.reason, finding.example);
  }
}

/// The label of a class as far as it can be drawn.
std::string label_of(const FaceAnnotation& face, bool classes) {
  if (face.ignore) return "ignored";
  const bool ascii =
      std::all_of(face.category.begin(), face.category.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return classes && ascii ? face.category : "";
}

/// The image as large as a tile has space for, with what the labels say.
Image drawn_tile(const Image& whole, const ImageAnnotation& labels, bool classes) {
  const double scale = static_cast<double>(kSheetTile) / std::max(whole.width(), whole.height());
  const int width = std::max(1, static_cast<int>(std::lround(whole.width() * scale)));
  const int height = std::max(1, static_cast<int>(std::lround(whole.height() * scale)));
  std::vector<float> values(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  resample(whole.view(), {0, 0, static_cast<float>(whole.width()), static_cast<float>(whole.height())}, 0,
           {.pixels = values.data(), .width = width, .height = height, .row_stride = ptrdiff_t{3} * width});
  Image tile(width, height);
  for (size_t i = 0; i < values.size(); ++i)
    tile.row(0)[i] = static_cast<uint8_t>(std::lround(std::clamp(values[i], 0.0F, 255.0F)));
  std::vector<Face> faces;
  std::vector<std::string> names;
  const auto pixel = [scale](double value) { return static_cast<float>(value * scale); };
  for (const FaceAnnotation& face : labels.faces) {
    Face& drawn = faces.emplace_back();
    drawn.box = {pixel(face.x), pixel(face.y), pixel(face.x + face.w), pixel(face.y + face.h)};
    for (const auto& [x, y] : face.landmarks.value_or(ExactPoints{})) drawn.landmarks.push_back({pixel(x), pixel(y)});
    names.push_back(label_of(face, classes));
  }
  draw_faces(tile, faces, names);
  return tile;
}

}  // namespace

void check_images(LabelSet& set, const ImageReading& reading) {
  std::vector<Finding> findings(set.images.size());
  for_all(set.images.size(), reading, [&](size_t i) { findings[i] = check_image(set.images[i], set); });
  count_findings(findings, set);
}

Image draw_contact_sheet(LabelSet& set, int count, uint64_t seed, const ImageReading& reading) {
  require(!set.images.empty() && count >= 1 && count <= kMostSheetImages, "draw_contact_sheet: no images, or too many");
  const size_t total = set.images.size();
  const size_t shown = std::min(static_cast<size_t>(count), total);
  RandomStream random(seed, "contact sheet");
  std::vector<size_t> chosen;
  for (size_t i = 0; i < shown; ++i) {
    const size_t first = i * total / shown;
    chosen.push_back(first + static_cast<size_t>(random.below(static_cast<int64_t>((i + 1) * total / shown - first))));
  }
  const auto columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(shown))));
  const int rows = (static_cast<int>(shown) + columns - 1) / columns;
  constexpr int kStep = kSheetTile + kSheetGap;
  Image sheet(columns * kStep + kSheetGap, rows * kStep + kSheetGap);
  std::vector<Finding> findings(shown);
  for_all(shown, reading, [&](size_t i) {
    const ImageAnnotation& labels = set.images[chosen[i]];
    const std::filesystem::path path = set.images_folder / labels.image;
    try {
      if (!path_exists(path)) return;  // counted by check_images()
      const Image tile = drawn_tile(read_image(path), labels, set.classes.size() > 1);
      const int left = kSheetGap + static_cast<int>(i) % columns * kStep + (kSheetTile - tile.width()) / 2;
      const int top = kSheetGap + static_cast<int>(i) / columns * kStep + (kSheetTile - tile.height()) / 2;
      for (int y = 0; y < tile.height(); ++y)
        std::copy_n(tile.row(y), ptrdiff_t{3} * tile.width(), sheet.row(top + y) + ptrdiff_t{3} * left);
    } catch (const Error& failure) {
      // What the header told already is not counted again.
      try {
        read_image_size(path);
        findings[i] = {kUnreadable, failure.what()};
      } catch (const Error&) {
      }
    }
  });
  count_findings(findings, set);
  return sheet;
}

}  // namespace mtcnn
