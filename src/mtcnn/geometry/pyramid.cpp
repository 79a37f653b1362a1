#include "mtcnn/geometry/pyramid.h"

#include "mtcnn/core/error.h"

#include <cmath>

namespace mtcnn {

std::vector<Level> pyramid_levels(int width, int height, double min_face, double max_face, double factor) {
  require(width >= 1 && height >= 1, "pyramid_levels: an empty image");
  require(std::isfinite(min_face) && min_face > 0, "pyramid_levels: min_face must be positive");
  require(factor > 0 && factor < 1, "pyramid_levels: factor must lie in (0, 1)");
  require(std::max(width, height) * (kPNetWindow / min_face) < (1 << 30), "pyramid_levels: min_face is too small");
  const auto even = [](double size) { return 2 * static_cast<int>(std::lround(size / 2)); };
  std::vector<Level> levels;
  if (std::min(width, height) < min_face) return levels;
  for (double scale = kPNetWindow / min_face;; scale *= factor) {
    if (max_face > 0 && kPNetWindow / scale > max_face * (1 + 1e-9)) break;
    // An image exactly as wide as the smallest face still has one window, whatever the rounding.
    if (std::min(width, height) * scale < kPNetWindow * (1 - 1e-9)) break;
    Level level{.width = std::max(kPNetWindow, even(width * scale)),
                .height = std::max(kPNetWindow, even(height * scale))};
    level.scale_x = static_cast<double>(level.width) / width;
    level.scale_y = static_cast<double>(level.height) / height;
    levels.push_back(level);
  }
  return levels;
}

Box cell_window(const Level& level, int row, int column, float first, float size) {
  const auto edge = [](double begin, int cell, float offset, double scale) {
    return static_cast<float>(begin + (cell * kPNetStride + static_cast<double>(offset)) / scale);
  };
  return {edge(level.first_x, column, first, level.scale_x), edge(level.first_y, row, first, level.scale_y),
          edge(level.first_x, column, first + size, level.scale_x),
          edge(level.first_y, row, first + size, level.scale_y)};
}

}  // namespace mtcnn
