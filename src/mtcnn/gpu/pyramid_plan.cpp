#include "mtcnn/gpu/pyramid_plan.h"

#include <span>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

constexpr size_t kPlansKept = 8;

template <class Value>
at::Tensor to_device(std::vector<Value>& values, at::IntArrayRef sizes, at::Device device) {
  return at::from_blob(values.data(), sizes, at::CppTypeToScalarType<Value>::value).to(device, false, /*copy=*/true);
}

void add_box(const Tile& tile, const Level& level, std::vector<double>& boxes) {
  for (const double edge :
       {level.first_x + tile.x / level.scale_x, level.first_y + tile.y / level.scale_y,
        level.first_x + (tile.x + tile.width) / level.scale_x, level.first_y + (tile.y + tile.height) / level.scale_y})
    boxes.push_back(edge);
}

}  // namespace

std::shared_ptr<const PyramidPlanner::Plan> PyramidPlanner::plan(const std::vector<Level>& levels) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [known, plan] : known_) {
    if (known == levels) return plan;
  }
  auto plan = std::make_shared<const Plan>(planned(levels));
  if (known_.size() == kPlansKept) known_.pop_front();
  known_.emplace_back(levels, plan);
  return plan;
}

PyramidPlanner::Plan PyramidPlanner::planned(const std::vector<Level>& levels) const {
  Plan plan;
  for (Canvas& canvas : plan_canvases(std::span(&levels, 1))) {
    std::vector<double> boxes;
    std::vector<int64_t> cells;
    std::vector<float> windows;
    std::vector<int64_t> of_levels;
    const int64_t map_width = (canvas.width - kPNetWindow) / kPNetStride + 1;
    for (const Tile& tile : canvas.tiles) {
      const Level& level = levels[static_cast<size_t>(tile.level)];
      add_box(tile, level, boxes);
      for (int row = 0; row < tile.rows(); ++row) {
        const int64_t start = (tile.canvas_y / kPNetStride + row) * map_width + tile.canvas_x / kPNetStride;
        for (int column = 0; column < tile.columns(); ++column) {
          const Box window =
              cell_window(level, tile.y / kPNetStride + row, tile.x / kPNetStride + column, first_, size_);
          cells.push_back(start + column);
          windows.insert(windows.end(), {window.x1, window.y1, window.x2, window.y2});
          of_levels.push_back(tile.level);
        }
      }
    }
    const auto count = static_cast<int64_t>(cells.size());
    const auto tiles = static_cast<int64_t>(canvas.tiles.size());
    plan.push_back({std::move(canvas), to_device(boxes, {tiles, 4}, device_), to_device(cells, {count}, device_),
                    to_device(windows, {count, 4}, device_), to_device(of_levels, {count}, device_)});
  }
  return plan;
}

}  // namespace mtcnn
