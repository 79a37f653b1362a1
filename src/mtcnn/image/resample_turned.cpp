#include "mtcnn/image/resample_turned.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace mtcnn {
namespace {

constexpr int kFinePixels = 2;  ///< of the intermediate image for a target pixel, along each axis
constexpr int kChannels = 3;

struct Turn {
  double cosine;
  double sine;

  explicit Turn(float degrees)
      : cosine(std::cos(degrees * std::numbers::pi / 180)), sine(std::sin(degrees * std::numbers::pi / 180)) {}
};

/// The square part of the image that a turned window needs, upright, at the resolution that sampling wants.
struct Upright {
  std::vector<float> pixels;
  int side = 0;

  /// Adds the bilinear value at (x, y), in pixels from its corner; beyond the outermost centres the edge goes on.
  void add(double x, double y, float* sum) const {
    const double cx = std::clamp(x - 0.5, 0.0, side - 1.0);
    const double cy = std::clamp(y - 0.5, 0.0, side - 1.0);
    const int left = std::min(static_cast<int>(cx), side - 2);
    const int top = std::min(static_cast<int>(cy), side - 2);
    const auto fx = static_cast<float>(cx - left);
    const auto fy = static_cast<float>(cy - top);
    const float* a = pixels.data() + (static_cast<ptrdiff_t>(top) * side + left) * kChannels;
    const float* b = a + static_cast<ptrdiff_t>(side) * kChannels;
    for (int c = 0; c < kChannels; ++c) {
      const float upper = a[c] + fx * (a[c + kChannels] - a[c]);
      const float lower = b[c] + fx * (b[c + kChannels] - b[c]);
      sum[c] += upper + fy * (lower - upper);
    }
  }
};

}  // namespace

Point turned(Point point, Point centre, float degrees) {
  const Turn turn(degrees);
  const double x = point.x - centre.x;
  const double y = point.y - centre.y;
  return {static_cast<float>(centre.x + turn.cosine * x - turn.sine * y),
          static_cast<float>(centre.y + turn.sine * x + turn.cosine * y)};
}

void resample_turned(const ImageView& image, const Box& window, float degrees, float border,
                     const ResampleTarget& target) {
  if (degrees == 0) return resample(image, window, border, target);
  require(std::isfinite(degrees), "resample_turned: not a finite angle");
  require(target.width == target.height, "resample_turned: the target is no square");
  const Turn turn(degrees);
  const double reach = std::abs(turn.cosine) + std::abs(turn.sine);  // the upright square that holds the turned one
  const double side = std::max(window.width(), window.height());
  const double cx = (static_cast<double>(window.x1) + window.x2) / 2;
  const double cy = (static_cast<double>(window.y1) + window.y2) / 2;
  Upright upright{.side = static_cast<int>(std::ceil(reach * target.width * kFinePixels)) + 1};
  upright.pixels.resize(static_cast<size_t>(upright.side) * static_cast<size_t>(upright.side) * kChannels);
  const double fine = side / (target.width * kFinePixels);  // source pixels for one of the intermediate image
  const double half = fine * upright.side / 2;
  resample(image,
           {static_cast<float>(cx - half), static_cast<float>(cy - half), static_cast<float>(cx + half),
            static_cast<float>(cy + half)},
           border,
           {.pixels = upright.pixels.data(),
            .width = upright.side,
            .height = upright.side,
            .row_stride = static_cast<ptrdiff_t>(upright.side) * kChannels,
            .mean = target.mean,
            .scale = target.scale});
  const double middle = upright.side / 2.0;
  for (int y = 0; y < target.height; ++y) {
    float* out = target.pixels + y * target.row_stride;
    for (int x = 0; x < target.width; ++x, out += kChannels) {
      float sum[kChannels] = {};
      for (int fine_y = 0; fine_y < kFinePixels; ++fine_y) {
        for (int fine_x = 0; fine_x < kFinePixels; ++fine_x) {
          // The content is turned forward, so what a target pixel shows lies the other way.
          const double u = (x - target.width / 2.0) * kFinePixels + fine_x + 0.5;
          const double v = (y - target.height / 2.0) * kFinePixels + fine_y + 0.5;
          upright.add(middle + turn.cosine * u + turn.sine * v, middle - turn.sine * u + turn.cosine * v, sum);
        }
      }
      for (int c = 0; c < kChannels; ++c) out[c] = sum[c] / (kFinePixels * kFinePixels);
    }
  }
}

}  // namespace mtcnn
