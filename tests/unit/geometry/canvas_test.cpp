#include "mtcnn/geometry/canvas.h"

#include <map>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

std::vector<std::vector<Level>> levels_for(const std::vector<std::pair<int, int>>& sizes, double min_face,
                                           double factor) {
  std::vector<std::vector<Level>> levels;
  for (const auto& [width, height] : sizes) levels.push_back(pyramid_levels(width, height, min_face, 0, factor));
  return levels;
}

/// Every cell of every level in exactly one tile, tiles inside their canvas and apart from each other, all of it even.
void check_plan(const std::vector<std::vector<Level>>& levels, const std::vector<Canvas>& canvases) {
  std::map<std::tuple<int, int, int, int>, int> cells;
  for (const Canvas& canvas : canvases) {
    ASSERT_LE(canvas.width * canvas.height, kMaxCanvasPixels);
    std::set<std::pair<int, int>> used;
    for (const Tile& tile : canvas.tiles) {
      ASSERT_EQ((tile.x | tile.y | tile.width | tile.height | tile.canvas_x | tile.canvas_y) & 1, 0);
      ASSERT_GE(tile.canvas_x, 0);
      ASSERT_GE(tile.canvas_y, 0);
      ASSERT_LE(tile.canvas_x + tile.width, canvas.width);
      ASSERT_LE(tile.canvas_y + tile.height, canvas.height);
      for (int y = tile.canvas_y; y < tile.canvas_y + tile.height; y += 2) {
        for (int x = tile.canvas_x; x < tile.canvas_x + tile.width; x += 2)
          ASSERT_TRUE(used.emplace(x, y).second) << "tiles overlap";
      }
      for (int row = 0; row < tile.rows(); ++row) {
        for (int column = 0; column < tile.columns(); ++column)
          ++cells[{tile.image, tile.level, tile.y / 2 + row, tile.x / 2 + column}];
      }
    }
  }
  size_t expected = 0;
  for (const auto& picture : levels) {
    for (const Level& level : picture)
      expected += static_cast<size_t>(level.rows()) * static_cast<size_t>(level.columns());
  }
  EXPECT_EQ(cells.size(), expected);
  for (const auto& [cell, count] : cells) ASSERT_EQ(count, 1);
}

TEST(Canvas, NothingToPlan) {
  EXPECT_TRUE(plan_canvases({}).empty());
  EXPECT_TRUE(plan_canvases(std::vector<std::vector<Level>>(3)).empty());
}

TEST(Canvas, AVgaFrameFitsTightlyOnOneCanvas) {
  const auto levels = levels_for({{640, 480}}, 20, 0.709);
  const auto canvases = plan_canvases(levels);
  ASSERT_EQ(canvases.size(), 1U);
  int pixels = 0;
  for (const Level& level : levels[0]) pixels += level.width * level.height;
  EXPECT_LT(canvases[0].width * canvases[0].height, 1.2 * pixels);
  check_plan(levels, canvases);
}

TEST(Canvas, EveryCellOnceForAnySizes) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> side(12, 900);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::pair<int, int>> sizes;
    for (int i = 0; i < 5; ++i) sizes.emplace_back(side(random), side(random));
    const auto levels = levels_for(sizes, 12 + round, 0.6);
    check_plan(levels, plan_canvases(levels));
  }
}

TEST(Canvas, LargeAndLongPicturesAreCutIntoTiles) {
  const auto levels = levels_for({{3000, 2100}, {5000, 20}, {14, 4000}}, 12, 0.7);
  const auto canvases = plan_canvases(levels);
  EXPECT_GT(canvases.size(), 5U);
  check_plan(levels, canvases);
}

TEST(Canvas, ManySmallPicturesShareCanvases) {
  const auto levels = levels_for(std::vector<std::pair<int, int>>(60, {80, 80}), 20, 0.709);
  const auto canvases = plan_canvases(levels);
  EXPECT_EQ(canvases.size(), 1U);
  check_plan(levels, canvases);
}

}  // namespace
}  // namespace mtcnn
