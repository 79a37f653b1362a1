#include "mtcnn/image/align.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/resample.h"

#include <array>
#include <cmath>
#include <vector>

namespace mtcnn {
namespace {

constexpr float kMaxCoordinate = 1e6F;
constexpr double kMinLikeness = 0.1;  ///< of two point sets, 1 meaning the same shape

struct Centre {
  double x = 0;
  double y = 0;
  double spread = 0;  ///< sum of squared distances from the centre
};

Centre centre_of(const Landmarks& points) {
  Centre centre;
  for (const Point& point : points) {
    if (!(std::abs(point.x) <= kMaxCoordinate && std::abs(point.y) <= kMaxCoordinate)) {
      throw Error(ErrorCode::bad_format, "landmarks outside of any image",
                  {.found = concat("(", point.x, ", ", point.y, ")"), .expected = "positions in the image"});
    }
    centre.x += point.x / static_cast<double>(points.size());
    centre.y += point.y / static_cast<double>(points.size());
  }
  for (const Point& point : points) {
    centre.spread += std::pow(point.x - centre.x, 2) + std::pow(point.y - centre.y, 2);
  }
  return centre;
}

Image to_image(const std::vector<float>& pixels, int size) {
  Image image(size, size);
  const size_t count = pixels.size();
  uint8_t* to = image.row(0);
  for (size_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(std::clamp(pixels[i] + 0.5F, 0.0F, 255.0F));
  return image;
}

std::vector<float> float_pixels(int width, int height) {
  return std::vector<float>(3 * static_cast<size_t>(width) * static_cast<size_t>(height));
}

/// A part of the image, averaged down where the crop needs less detail.
struct Patch {
  std::vector<float> pixels;  ///< RGB
  int width = 0;
  int height = 0;
  double x = 0;  ///< its corner in the image
  double y = 0;
  double density = 1;  ///< patch pixels per image pixel; 1 or less

  const float* pixel(int column, int row) const {
    return pixels.data() + 3 * (static_cast<ptrdiff_t>(row) * width + column);
  }
};

/// The patch that covers the crop, with a pixel to spare on each side for interpolation.
Patch cut_patch(const ImageView& image, const Similarity& to_picture, int size) {
  const auto side = static_cast<float>(size);
  const Point first = to_picture.apply({0, 0});
  Box bounds{first.x, first.y, first.x, first.y};
  for (const Point corner : {Point{side, 0}, Point{0, side}, Point{side, side}}) {
    const Point p = to_picture.apply(corner);
    bounds = {std::min(bounds.x1, p.x), std::min(bounds.y1, p.y), std::max(bounds.x2, p.x), std::max(bounds.y2, p.y)};
  }
  Patch patch{.density = std::min(1.0, 1 / to_picture.scale())};
  const double spare = 2 / patch.density;
  // Whole source pixels at density 1, so that a plain cut stays exact.
  patch.x = std::floor(bounds.x1 - spare);
  patch.y = std::floor(bounds.y1 - spare);
  patch.width = static_cast<int>(std::ceil((bounds.x2 + spare - patch.x) * patch.density));
  patch.height = static_cast<int>(std::ceil((bounds.y2 + spare - patch.y) * patch.density));
  patch.pixels = float_pixels(patch.width, patch.height);
  const Box window{static_cast<float>(patch.x), static_cast<float>(patch.y),
                   static_cast<float>(patch.x + patch.width / patch.density),
                   static_cast<float>(patch.y + patch.height / patch.density)};
  resample(image, window, 0, {patch.pixels.data(), patch.width, patch.height, ptrdiff_t{3} * patch.width});
  return patch;
}

/// Bilinear between pixel centres; (x, y) counts patch pixels from the patch's corner.
void sample(const Patch& patch, double x, double y, float* rgb) {
  const int column = std::clamp(static_cast<int>(std::floor(x - 0.5)), 0, patch.width - 2);
  const int row = std::clamp(static_cast<int>(std::floor(y - 0.5)), 0, patch.height - 2);
  const auto right = static_cast<float>(std::clamp(x - 0.5 - column, 0.0, 1.0));
  const auto low = static_cast<float>(std::clamp(y - 0.5 - row, 0.0, 1.0));
  const float* upper = patch.pixel(column, row);
  const float* lower = patch.pixel(column, row + 1);
  for (int k = 0; k < 3; ++k) {
    const float above = upper[k] + right * (upper[k + 3] - upper[k]);
    const float below = lower[k] + right * (lower[k + 3] - lower[k]);
    rgb[k] = above + low * (below - above);
  }
}

}  // namespace

Image crop_with_margin(const ImageView& image, const Box& box, float margin, int size) {
  require(!image.empty() && image.pixels != nullptr, "crop_with_margin: an empty image");
  require(size > 0, "crop_with_margin: the size must be positive");
  require(margin >= 0 && std::isfinite(margin), "crop_with_margin: the margin must be 0 or more");
  const Box core = square(box);
  const float extra = margin * core.width();
  const Box window{core.x1 - extra, core.y1 - extra, core.x2 + extra, core.y2 + extra};
  const bool usable = box.width() > 0 && box.height() > 0 && window.width() > 0 && window.height() > 0;
  if (!usable || !std::isfinite(window.x1 + window.y1) || !std::isfinite(window.area())) {
    throw Error(ErrorCode::bad_format, "a box that cannot be cut out",
                {.found = concat("[", box.x1, ", ", box.y1, ", ", box.x2, ", ", box.y2, "]"),
                 .expected = "finite edges, x1 < x2 and y1 < y2"});
  }
  std::vector<float> pixels = float_pixels(size, size);
  resample(image, window, 0, {pixels.data(), size, size, ptrdiff_t{3} * size});
  return to_image(pixels, size);
}

double Similarity::scale() const { return std::hypot(a, b); }

Similarity Similarity::inverse() const {
  const double square = a * a + b * b;
  require(square > 0, "Similarity: no way back from scale 0");
  const double back_a = a / square;
  const double back_b = -b / square;
  return {back_a, back_b, -(back_a * dx - back_b * dy), -(back_b * dx + back_a * dy)};
}

Similarity Similarity::then(const Similarity& next) const {
  return {next.a * a - next.b * b, next.b * a + next.a * b, next.a * dx - next.b * dy + next.dx,
          next.b * dx + next.a * dy + next.dy};
}

Similarity fit_similarity(const Landmarks& from, const Landmarks& to) {
  require(!from.empty() && from.size() == to.size(), "fit_similarity: as many points on both sides are needed");
  const Centre source = centre_of(from);
  const Centre target = centre_of(to);
  double along = 0;
  double across = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    const double px = from[i].x - source.x;
    const double py = from[i].y - source.y;
    const double qx = to[i].x - target.x;
    const double qy = to[i].y - target.y;
    along += px * qx + py * qy;
    across += px * qy - py * qx;
  }
  const double likeness = std::hypot(along, across) / std::sqrt(source.spread * target.spread);
  if (!(likeness >= kMinLikeness)) {  // also where it is no number: one set is a single point
    throw Error(ErrorCode::bad_format, "these five landmarks cannot be aligned to a face",
                {.found = source.spread > 0 ? "another arrangement" : "all of them equal",
                 .expected = "two eyes, a nose and two mouth corners"});
  }
  Similarity fit{.a = along / source.spread, .b = across / source.spread};
  fit.dx = target.x - (fit.a * source.x - fit.b * source.y);
  fit.dy = target.y - (fit.b * source.x + fit.a * source.y);
  return fit;
}

Landmarks alignment_template(int size) {
  constexpr float kTemplateSize = 112;
  constexpr std::array<Point, kLandmarkCount> kTemplate = {
      {{38.2946F, 51.6963F}, {73.5318F, 51.5014F}, {56.0252F, 71.7366F}, {41.5493F, 92.3655F}, {70.7299F, 92.2041F}}};
  Landmarks points(kTemplate.begin(), kTemplate.end());
  for (Point& point : points) {
    point = {point.x * static_cast<float>(size) / kTemplateSize, point.y * static_cast<float>(size) / kTemplateSize};
  }
  return points;
}

Image align_face(const ImageView& image, const Landmarks& points, int size) {
  require(!image.empty() && image.pixels != nullptr, "align_face: an empty image");
  require(size > 0, "align_face: the size must be positive");
  require(points.size() == kLandmarkCount, "align_face: the five points of a face are needed");
  const Similarity to_picture = fit_similarity(points, alignment_template(size)).inverse();
  const Patch patch = cut_patch(image, to_picture, size);
  std::vector<float> pixels = float_pixels(size, size);
  float* to = pixels.data();
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x, to += 3) {
      const double u = x + 0.5;
      const double v = y + 0.5;
      const double left = to_picture.a * u - to_picture.b * v + to_picture.dx - patch.x;
      const double top = to_picture.b * u + to_picture.a * v + to_picture.dy - patch.y;
      sample(patch, left * patch.density, top * patch.density, to);
    }
  }
  return to_image(pixels, size);
}

}  // namespace mtcnn
