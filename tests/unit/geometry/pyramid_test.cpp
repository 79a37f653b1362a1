#include "mtcnn/geometry/pyramid.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <limits>
#include <tuple>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr double kFactor = 0.709;

TEST(CellWindow, BeginsWhereTheLevelDoes) {
  const Level level{.width = 60, .height = 60, .scale_x = 0.5, .scale_y = 0.25, .first_x = -30, .first_y = -7};
  const Box window = cell_window(level, 2, 3, 0, 12);
  EXPECT_FLOAT_EQ(window.x1, -30 + 12);
  EXPECT_FLOAT_EQ(window.y1, -7 + 16);
  EXPECT_FLOAT_EQ(window.x2, -30 + 36);
  EXPECT_FLOAT_EQ(window.y2, -7 + 64);
}

/// Images of many shapes, with the smallest face that is looked for.
class PyramidTest : public ::testing::TestWithParam<std::tuple<int, int, double>> {
 protected:
  int width() const { return std::get<0>(GetParam()); }
  int height() const { return std::get<1>(GetParam()); }
  double min_face() const { return std::get<2>(GetParam()); }
  std::vector<Level> levels(double max_face = 0) const {
    return pyramid_levels(width(), height(), min_face(), max_face, kFactor);
  }
};

TEST_P(PyramidTest, SizesAreEvenAndScalesExact) {
  for (const Level& level : levels()) {
    EXPECT_EQ(level.width % 2, 0);
    EXPECT_EQ(level.height % 2, 0);
    EXPECT_GE(std::min(level.width, level.height), kPNetWindow);
    EXPECT_EQ(level.scale_x, static_cast<double>(level.width) / width());
    EXPECT_EQ(level.scale_y, static_cast<double>(level.height) / height());
  }
}

TEST_P(PyramidTest, LevelsFollowTheScales) {
  const std::vector<Level> all = levels();
  for (size_t k = 0; k < all.size(); ++k) {
    const double scale = kPNetWindow / min_face() * std::pow(kFactor, static_cast<double>(k));
    // Rounding to an even size moves a side by at most one pixel.
    EXPECT_NEAR(all[k].width, width() * scale, 1.000001);
    EXPECT_NEAR(all[k].height, height() * scale, 1.000001);
  }
}

TEST_P(PyramidTest, EndsWhereTheNextLevelWouldBeTooSmall) {
  const std::vector<Level> all = levels();
  const double side = std::min(width(), height());
  if (side < min_face()) {
    EXPECT_TRUE(all.empty());
    return;
  }
  ASSERT_FALSE(all.empty());
  const auto shorter = [&](size_t level) {
    return side * kPNetWindow / min_face() * std::pow(kFactor, static_cast<double>(level));
  };
  EXPECT_GE(shorter(all.size() - 1), kPNetWindow * (1 - 1e-6));
  EXPECT_LT(shorter(all.size()), kPNetWindow);
}

TEST_P(PyramidTest, WindowsGrowFromMinFaceToMaxFace) {
  for (const double max_face : {min_face() / 2, min_face(), 3 * min_face(), 1e9}) {
    const std::vector<Level> limited = levels(max_face);
    const std::vector<Level> all = levels();
    size_t expected = 0;
    while (expected < all.size() &&
           min_face() / std::pow(kFactor, static_cast<double>(expected)) <= max_face * 1.000001)
      ++expected;
    EXPECT_EQ(limited.size(), expected) << "max_face " << max_face;
    for (size_t k = 0; k < limited.size(); ++k) EXPECT_EQ(limited[k].width, all[k].width);
  }
}

TEST_P(PyramidTest, WindowsCoverThePicture) {
  for (const Level& level : levels()) {
    // Sizes are even, so that the last window ends at the image's edge.
    const Box first = cell_window(level, 0, 0);
    const Box last = cell_window(level, level.rows() - 1, level.columns() - 1);
    EXPECT_EQ(first.x1, 0);
    EXPECT_EQ(first.y1, 0);
    EXPECT_FLOAT_EQ(last.x2, static_cast<float>(width()));
    EXPECT_FLOAT_EQ(last.y2, static_cast<float>(height()));
    // Neighbours overlap: no pixel lies between two windows.
    EXPECT_LT(cell_window(level, 0, 1).x1, first.x2);
    EXPECT_LT(cell_window(level, 1, 0).y1, first.y2);
  }
}

TEST_P(PyramidTest, CellsLieAsTheConventionSays) {
  for (const Level& level : levels()) {
    for (const auto& [row, column] : {std::pair(0, 0), std::pair(level.rows() / 2, level.columns() / 3)}) {
      const Box window = cell_window(level, row, column);
      EXPECT_FLOAT_EQ(window.x1, static_cast<float>(2 * column / level.scale_x));
      EXPECT_FLOAT_EQ(window.y1, static_cast<float>(2 * row / level.scale_y));
      EXPECT_FLOAT_EQ(window.x2, static_cast<float>((2 * column + 12) / level.scale_x));
      EXPECT_FLOAT_EQ(window.y2, static_cast<float>((2 * row + 12) / level.scale_y));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Pictures, PyramidTest,
                         ::testing::Values(std::tuple(640, 480, 20.0), std::tuple(1920, 1080, 12.0),
                                           std::tuple(1023, 767, 20.5), std::tuple(100, 100, 5.0),
                                           std::tuple(20, 20, 20.0), std::tuple(19, 640, 20.0), std::tuple(1, 1, 20.0),
                                           std::tuple(12, 5000, 12.0), std::tuple(5000, 12, 12.0),
                                           std::tuple(12, 5000, 20.0), std::tuple(13, 4999, 3.0),
                                           std::tuple(37, 5000, 37.0), std::tuple(1, 1, 1.0),
                                           std::tuple(333, 777, 333.0)));

TEST(Pyramid, PictureAsLargeAsTheSmallestFaceHasOneWindow) {
  for (int side = 1; side < 3000; ++side) {
    const std::vector<Level> levels = pyramid_levels(side, side, side, 0, kFactor);
    ASSERT_EQ(levels.size(), 1U) << side;
    EXPECT_EQ(levels[0].columns() * levels[0].rows(), 1);
  }
}

TEST(Pyramid, StripHasOneColumn) {
  const std::vector<Level> levels = pyramid_levels(12, 5000, 12, 0, kFactor);
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].columns(), 1);
  EXPECT_EQ(levels[0].rows(), (5000 - 12) / 2 + 1);
}

TEST(Pyramid, RefusesWhatItsContractExcludes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THROW(pyramid_levels(0, 10, 20, 0, kFactor), ContractError);
  EXPECT_THROW(pyramid_levels(10, -1, 20, 0, kFactor), ContractError);
  for (const double min_face : {0.0, -1.0, nan, infinity, 1e-9, 1e-300}) {
    EXPECT_THROW(pyramid_levels(640, 480, min_face, 0, kFactor), ContractError) << min_face;
  }
  for (const double factor : {0.0, 1.0, -0.5, 1.5, nan}) {
    EXPECT_THROW(pyramid_levels(640, 480, 20, 0, factor), ContractError) << factor;
  }
}

}  // namespace
}  // namespace mtcnn
