#pragma once

#include "mtcnn/geometry/canvas.h"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// A canvas of plan_canvases() for pictures of one size, with what P-Net's cells on it stand for.
struct PlannedCanvas {
  Canvas canvas;
  at::Tensor tile_boxes;  ///< float64 [tiles, 4]: what each tile shows, image pixels
  at::Tensor cells;       ///< int64 [K]: those that see one tile alone, in the canvas's map of cells, row by row
  at::Tensor windows;     ///< float [K, 4]: image pixels, see cell_window()
  at::Tensor levels;      ///< int64 [K]
};

/// \param first, size  of a window, see cell_window().
/// \return canvases of which each holds at least one tile; every cell of every level once.
std::vector<PlannedCanvas> plan_pyramid(const std::vector<Level>& levels, float first, float size, at::Device device);

}  // namespace mtcnn
