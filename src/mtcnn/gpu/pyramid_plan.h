#pragma once

#include "mtcnn/geometry/canvas.h"

#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// A canvas of plan_canvases() for images of one size, with what P-Net's cells on it stand for.
struct PlannedCanvas {
  Canvas canvas;
  at::Tensor tile_boxes;  ///< float64 [tiles, 4]: what each tile shows, image pixels
  at::Tensor cells;       ///< int64 [K]: those that see one tile alone, in the canvas's map of cells, row by row
  at::Tensor windows;     ///< float [K, 4]: image pixels, see cell_window()
  at::Tensor levels;      ///< int64 [K]
};

/// Plans pyramids and remembers the last few: a video's frames are of one size. Safe to use from several threads.
class PyramidPlanner {
 public:
  using Plan = std::vector<PlannedCanvas>;

  /// \param first, size  of a window, see cell_window().
  PyramidPlanner(float first, float size, at::Device device) : first_(first), size_(size), device_(device) {}

  /// \return canvases of which each holds at least one tile; every cell of every level once.
  std::shared_ptr<const Plan> plan(const std::vector<Level>& levels) const;

 private:
  Plan planned(const std::vector<Level>& levels) const;

  float first_;
  float size_;
  at::Device device_;
  mutable std::mutex mutex_;
  mutable std::deque<std::pair<std::vector<Level>, std::shared_ptr<const Plan>>> known_;
};

}  // namespace mtcnn
