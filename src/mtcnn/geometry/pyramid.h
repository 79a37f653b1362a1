#pragma once

#include "mtcnn/geometry/box.h"

#include <vector>

namespace mtcnn {

/// P-Net sees windows of 12 pixels, one every 2 pixels.
inline constexpr int kPNetWindow = 12;
inline constexpr int kPNetStride = 2;

/// One size of the image in the pyramid. Width and height are even, so that ceil-mode pooling never looks past the
/// edge.
struct Level {
  int width = 0;       ///< pixels; at least 12
  int height = 0;      ///< pixels; at least 12
  double scale_x = 0;  ///< level pixels per image pixel, exactly width / image width
  double scale_y = 0;
  double first_x = 0;  ///< image pixels; where the level begins, negative where the image is searched with padding
  double first_y = 0;

  /// P-Net's output cells: (size - 12) / 2 + 1.
  int columns() const { return (width - kPNetWindow) / kPNetStride + 1; }
  int rows() const { return (height - kPNetWindow) / kPNetStride + 1; }
  bool operator==(const Level&) const = default;
};

/// The levels at which a 12 pixel window finds faces between `min_face` and `max_face`, largest level first. Level k
/// has scale 12 / min_face * factor^k; it ends where a side would be under 12 pixels or a window would exceed max_face.
/// \param max_face  0 for no limit.
/// \return empty where the image is smaller than min_face or 12 level pixels on a side.
/// \throws ContractError if a size is below 1, min_face is not positive, so small that the first level would have a
/// side of 2^30 pixels, or factor is outside (0, 1).
std::vector<Level> pyramid_levels(int width, int height, double min_face, double max_face, double factor);

/// The window in image pixels that P-Net's output cell (row, column) of this level stands for.
/// \param first, size  where the window begins and its side, in level pixels from the cell's corner: 0 and 12 are what
/// the net sees.
Box cell_window(const Level& level, int row, int column, float first = 0, float size = kPNetWindow);

}  // namespace mtcnn
