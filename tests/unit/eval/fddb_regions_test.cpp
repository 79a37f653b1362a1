#include "mtcnn/eval/fddb_regions.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using PixelRun = FddbMask::Run;

constexpr FddbSize kPicture = {120, 90};

FddbMask drawn(const FddbRegion& region, const FddbSize& picture = kPicture) {
  return fddb_mask(region, picture, FddbAngle::opencv4);
}

using Pixels = std::set<std::pair<int, int>>;

Pixels pixels_of(const FddbMask& mask) {
  Pixels pixels;
  for (const PixelRun& run : mask.runs) {
    for (int x = run.first; x <= run.last; ++x) pixels.emplace(run.row, x);
  }
  return pixels;
}

TEST(FddbRegions, RectangleIncludesBothCorners) {
  const FddbMask mask = drawn(FddbRectangle{10, 20, 80, 1});
  EXPECT_THAT(mask.runs, ElementsAre(PixelRun{20, 10, 90}, PixelRun{21, 10, 90}));
  EXPECT_EQ(mask.pixels, 2 * 81);
}

TEST(FddbRegions, CoordinatesGoToSinglePrecisionThenHalvesToEven) {
  EXPECT_THAT(drawn(FddbRectangle{10.5, 11.5, 0, 0}).runs, ElementsAre(PixelRun{12, 10, 10}));
  EXPECT_THAT(drawn(FddbRectangle{50.5000001, 11.50001, 0, 0}).runs, ElementsAre(PixelRun{12, 50, 50}));
  // The sum comes first: 10.3 + 0.2 is a half, 10.3 alone is not.
  EXPECT_THAT(drawn(FddbRectangle{10.3, 5, 1.2, 0}).runs, ElementsAre(PixelRun{5, 10, 12}));
}

TEST(FddbRegions, NegativeSizesAreTheSameBoxFromItsOtherCorner) {
  EXPECT_EQ(drawn(FddbRectangle{33, 44, -5, -9}).runs, drawn(FddbRectangle{28, 35, 5, 9}).runs);
}

TEST(FddbRegions, WhatLiesOutsideIsCutOff) {
  EXPECT_EQ(drawn(FddbRectangle{-50, -50, 500, 500}).pixels, 120 * 90);
  EXPECT_TRUE(drawn(FddbRectangle{130, 20, 20, 15}).runs.empty());
  EXPECT_TRUE(drawn(FddbRectangle{20, -60, 20, 15}).runs.empty());
  EXPECT_TRUE(drawn(FddbEllipse{20, 15, 1, -60, 40}).runs.empty());
  EXPECT_EQ(drawn(FddbEllipse{20, 15, 1, 60, 900}).pixels, 0);
  EXPECT_EQ(drawn(FddbEllipse{1e6, 1e6, 0, 60, 45}).pixels, 120 * 90);
  EXPECT_EQ(drawn(FddbRectangle{1e6, -1e6, -1e6, 1e6}).pixels, 120);  // right to left, down to row 0
}

TEST(FddbRegions, HalfAxesAreTruncated) {
  EXPECT_EQ(drawn(FddbEllipse{30.99, 20.99, 1, 60, 45}).runs, drawn(FddbEllipse{30, 20, 1, 60, 45}).runs);
  EXPECT_THAT(drawn(FddbEllipse{-0.9, 0.9, 1, 60, 45}).runs, ElementsAre(PixelRun{45, 60, 60}));
}

TEST(FddbRegions, AngleIsInWholeDegreesHalvesToEven) {
  constexpr double degree = std::numbers::pi / 180;
  const auto at = [](double degrees) { return drawn(FddbEllipse{40, 20, degrees * degree, 60, 45}).runs; };
  EXPECT_EQ(at(30.49), at(30));
  EXPECT_EQ(at(29.51), at(30));
  EXPECT_NE(at(31), at(30));
  EXPECT_EQ(at(210), at(30));  // an ellipse looks the same after half a turn
}

TEST(FddbRegions, TheTwoAnglesAreMirrorImages) {
  const FddbSize odd = {121, 91};  // with a middle pixel
  for (double angle = -3.2; angle < 3.2; angle += 0.1) {
    const FddbEllipse ellipse{40, 17, angle, 60, 45};
    const FddbEllipse mirrored{40, 17, -angle, 60, 45};
    EXPECT_EQ(fddb_mask(ellipse, odd, FddbAngle::opencv4).runs, fddb_mask(mirrored, odd, FddbAngle::opencv1).runs);
  }
}

TEST(FddbRegions, OpenCv1PointsDownAndOpenCv4Up) {
  const FddbEllipse tilted{40, 5, std::numbers::pi / 4, 60, 45};
  EXPECT_TRUE(pixels_of(fddb_mask(tilted, kPicture, FddbAngle::opencv1)).contains({45 + 20, 60 + 20}));
  EXPECT_FALSE(pixels_of(fddb_mask(tilted, kPicture, FddbAngle::opencv1)).contains({45 - 20, 60 + 20}));
  EXPECT_TRUE(pixels_of(fddb_mask(tilted, kPicture, FddbAngle::opencv4)).contains({45 - 20, 60 + 20}));
}

TEST(FddbRegions, EllipseIsNearlyTheExactOne) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> axis(16, 60);
  std::uniform_real_distribution<double> angle(-3.2, 3.2);
  for (int round = 0; round < 50; ++round) {
    const FddbEllipse ellipse{std::floor(axis(random)), std::floor(axis(random)), angle(random), 100, 100};
    const FddbMask mask = drawn(ellipse, {200, 200});
    const double area = std::numbers::pi * ellipse.major * ellipse.minor;
    const double perimeter = 2 * std::numbers::pi * std::max(ellipse.major, ellipse.minor);
    EXPECT_NEAR(static_cast<double>(mask.pixels), area, perimeter);
  }
}

// Found by comparing 1.4 million random ellipses with OpenCV 4.6: a vertex half a pixel above the image is filled in
// row 0, while the line from it, cut off at the top, starts further on.
TEST(FddbRegions, TopRowMayHaveAGap) {
  const FddbMask mask = drawn(FddbEllipse{66, 1, -0.309416, 45, 12}, {92, 180});
  EXPECT_FALSE(pixels_of(mask).contains({0, 10}));
  ASSERT_GE(mask.runs.size(), 2U);
  EXPECT_EQ(mask.runs[0].row, 0);
  EXPECT_EQ(mask.runs[1].row, 0);
  EXPECT_LT(mask.runs[0].last, 10);
  EXPECT_GT(mask.runs[1].first, 10);
}

TEST(FddbRegions, MasksAreInsideThePictureSortedAndCounted) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> place(-60, 160);
  std::lognormal_distribution<double> axis(2.5, 1.2);
  for (int round = 0; round < 2000; ++round) {
    const FddbMask mask = drawn(FddbEllipse{axis(random), axis(random), place(random), place(random), place(random)});
    EXPECT_EQ(mask.pixels, static_cast<int64_t>(pixels_of(mask).size()));
    for (size_t i = 0; i < mask.runs.size(); ++i) {
      const PixelRun& run = mask.runs[i];
      EXPECT_TRUE(0 <= run.row && run.row < 90 && 0 <= run.first && run.first <= run.last && run.last < 120);
      if (i == 0) continue;
      const PixelRun& before = mask.runs[i - 1];
      EXPECT_TRUE(before.row < run.row || (before.row == run.row && before.last + 1 < run.first));
    }
  }
}

TEST(FddbRegions, OverlapIsIntersectionOverUnionOfPixels) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> place(-10, 60);
  std::uniform_real_distribution<double> size(0, 40);
  const FddbSize small = {50, 40};
  for (int round = 0; round < 500; ++round) {
    const FddbMask a =
        drawn(FddbEllipse{size(random), size(random), place(random), place(random), place(random)}, small);
    const FddbMask b =
        round % 2 == 0
            ? drawn(FddbRectangle{place(random), place(random), size(random), size(random)}, small)
            : drawn(FddbEllipse{size(random), size(random), place(random), place(random), place(random)}, small);
    const Pixels in_a = pixels_of(a);
    Pixels both = pixels_of(b);
    const size_t common = std::erase_if(both, [&](const auto& pixel) { return in_a.contains(pixel); });
    EXPECT_EQ(fddb_common_pixels(a, b), static_cast<int64_t>(common));
    const size_t either = in_a.size() + both.size();
    EXPECT_EQ(fddb_overlap(a, b), either == 0 ? 0 : static_cast<double>(common) / static_cast<double>(either));
    EXPECT_EQ(fddb_overlap(a, b), fddb_overlap(b, a));
  }
}

TEST(FddbRegions, TwoEmptyMasksDoNotOverlap) {
  const FddbMask empty = drawn(FddbRectangle{500, 500, 10, 10});
  EXPECT_EQ(fddb_overlap(empty, empty), 0);
  EXPECT_EQ(fddb_overlap(empty, drawn(FddbRectangle{5, 5, 10, 10})), 0);
}

TEST(FddbRegions, WhatCannotBeDrawnIsKnown) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(fddb_drawable(FddbRectangle{-5, -5, -3, 0}));
  EXPECT_TRUE(fddb_drawable(FddbEllipse{-0.99, 0, 900, -5, -5}));
  EXPECT_FALSE(fddb_drawable(FddbEllipse{-1, 5, 0, 5, 5}));
  EXPECT_FALSE(fddb_drawable(FddbEllipse{5, -7, 0, 5, 5}));
  EXPECT_FALSE(fddb_drawable(FddbRectangle{0, 0, kFddbLargest + 1, 5}));
  for (const double bad : {nan, infinity, -infinity}) {
    EXPECT_FALSE(fddb_drawable(FddbRectangle{0, bad, 5, 5}));
    EXPECT_FALSE(fddb_drawable(FddbEllipse{5, 5, bad, 5, 5}));
    EXPECT_THROW(drawn(FddbEllipse{5, 5, 0, bad, 5}), ContractError);
  }
  EXPECT_THROW(drawn(FddbRectangle{0, 0, 5, 5}, {0, 10}), ContractError);
}

TEST(FddbRegions, UprightEllipseTouchesTheRectanglesSides) {
  for (const FddbRectangle box : {FddbRectangle{20, 10, 40, 60}, FddbRectangle{60, 70, -40, -60}}) {
    const FddbMask mask = drawn(fddb_upright_ellipse(box));
    EXPECT_EQ(mask.runs.front().row, 10);
    EXPECT_EQ(mask.runs.back().row, 70);
    int left = 120;
    int right = 0;
    for (const PixelRun& run : mask.runs) {
      left = std::min(left, run.first);
      right = std::max(right, run.last);
    }
    EXPECT_EQ(left, 20);
    EXPECT_EQ(right, 60);
  }
}

}  // namespace
}  // namespace mtcnn
