#include "mtcnn/geometry/box.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// Boxes of all kinds, with and without area.
class BoxTest : public ::testing::Test {
 protected:
  float uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  Box box() {
    const float x = uniform(-100, 700);
    const float y = uniform(-100, 500);
    return {x, y, x + std::exp(uniform(0, 6)), y + std::exp(uniform(0, 6))};
  }

  std::mt19937 random_{17};
};

constexpr int kRounds = 2000;
const std::vector<Box> kDegenerate = {{0, 0, 0, 0}, {5, 5, 5, 9}, {5, 5, 9, 5}, {9, 9, 1, 1}, {9, 1, 1, 9}};

void expect_near(const Box& a, const Box& b, float tolerance) {
  EXPECT_NEAR(a.x1, b.x1, tolerance);
  EXPECT_NEAR(a.y1, b.y1, tolerance);
  EXPECT_NEAR(a.x2, b.x2, tolerance);
  EXPECT_NEAR(a.y2, b.y2, tolerance);
}

TEST_F(BoxTest, AreaIsNeverNegative) {
  EXPECT_EQ((Box{1, 2, 4, 7}).area(), 15);
  for (const Box& empty : kDegenerate) EXPECT_EQ(empty.area(), 0);
}

TEST_F(BoxTest, OffsetsAreRelativeToTheWindow) {
  const Offsets offsets = encode_offsets({10, 20, 30, 60}, {15, 10, 30, 80});
  EXPECT_EQ(offsets, (Offsets{0.25F, -0.25F, 0, 0.5F}));
  EXPECT_EQ(decode_offsets({10, 20, 30, 60}, {}), (Box{10, 20, 30, 60}));
}

TEST_F(BoxTest, OffsetsRoundTrip) {
  for (int i = 0; i < kRounds; ++i) {
    const Box window = box();
    const Box target = box();
    const float tolerance = 1e-6F * (1000 + window.width() + window.height());
    expect_near(decode_offsets(window, encode_offsets(window, target)), target, tolerance);
  }
}

TEST_F(BoxTest, OffsetsDoNotDependOnPlaceOrScale) {
  for (int i = 0; i < kRounds; ++i) {
    const Box window = box();
    const Box target = box();
    const auto moved = [](const Box& b) { return Box{2 * b.x1 + 64, 2 * b.y1 - 32, 2 * b.x2 + 64, 2 * b.y2 - 32}; };
    const Offsets a = encode_offsets(window, target);
    const Offsets b = encode_offsets(moved(window), moved(target));
    for (size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 1e-3F + 1e-4F * std::abs(a[k]));
  }
}

TEST_F(BoxTest, LandmarksRoundTrip) {
  for (int i = 0; i < kRounds; ++i) {
    const Box window = box();
    Landmarks points(kLandmarkCount);
    for (Point& point : points) point = {uniform(-100, 700), uniform(-100, 500)};
    const Landmarks back = decode_landmarks(window, encode_landmarks(window, points));
    for (size_t k = 0; k < points.size(); ++k) {
      EXPECT_NEAR(back[k].x, points[k].x, 1e-3F);
      EXPECT_NEAR(back[k].y, points[k].y, 1e-3F);
    }
  }
  const LandmarkTargets targets =
      encode_landmarks({10, 20, 30, 60}, {{{10, 20}, {30, 60}, {20, 40}, {10, 60}, {0, 0}}});
  EXPECT_EQ(targets, (LandmarkTargets{0, 0, 1, 1, 0.5F, 0.5F, 0, 1, -0.5F, -0.5F}));
}

TEST_F(BoxTest, WindowsWithoutAreaAreRefused) {
  for (const Box& empty : kDegenerate) {
    EXPECT_THROW(encode_offsets(empty, {0, 0, 1, 1}), ContractError);
    EXPECT_THROW(encode_landmarks(empty, {}), ContractError);
  }
  EXPECT_THROW(encode_offsets({0, 0, std::nanf(""), 1}, {0, 0, 1, 1}), ContractError);
}

TEST_F(BoxTest, SquareKeepsCentreAndLongerSide) {
  EXPECT_EQ(square({0, 0, 10, 4}), (Box{0, -3, 10, 7}));
  EXPECT_EQ(square({2, 2, 2, 2}), (Box{2, 2, 2, 2}));
  for (int i = 0; i < kRounds; ++i) {
    const Box from = box();
    const Box to = square(from);
    EXPECT_NEAR(to.width(), to.height(), 1e-3F);
    EXPECT_NEAR(to.width(), std::max(from.width(), from.height()), 1e-3F);
    EXPECT_NEAR(to.x1 + to.x2, from.x1 + from.x2, 1e-3F);
    EXPECT_NEAR(to.y1 + to.y2, from.y1 + from.y2, 1e-3F);
    expect_near(square(to), to, 1e-3F);
  }
}

TEST_F(BoxTest, ClipIsTheCommonPart) {
  const Box picture{0, 0, 640, 480};
  for (int i = 0; i < kRounds; ++i) {
    const Box from = box();
    const Box to = clip(from, picture.x2, picture.y2);
    EXPECT_GE(to.x1, 0);
    EXPECT_GE(to.y1, 0);
    EXPECT_LE(to.x2, picture.x2);
    EXPECT_LE(to.y2, picture.y2);
    EXPECT_EQ(to.area(), intersection(from, picture));
    EXPECT_EQ(clip(to, picture.x2, picture.y2), to);
  }
  EXPECT_EQ(clip({1, 2, 3, 4}, 640, 480), (Box{1, 2, 3, 4}));
}

TEST_F(BoxTest, ClipPutsBoxesOutsideOnTheBorder) {
  EXPECT_EQ(clip({-20, 10, -10, 20}, 640, 480), (Box{0, 10, 0, 20}));
  EXPECT_EQ(clip({700, 500, 800, 600}, 640, 480), (Box{640, 480, 640, 480}));
}

TEST_F(BoxTest, OverlapOfKnownBoxes) {
  const Box a{0, 0, 10, 10};
  EXPECT_EQ(intersection(a, {5, 5, 15, 15}), 25);
  EXPECT_FLOAT_EQ(iou(a, {5, 5, 15, 15}), 25.0F / 175);
  EXPECT_FLOAT_EQ(iom(a, {5, 5, 15, 15}), 0.25F);
  EXPECT_EQ(intersection(a, {10, 0, 20, 10}), 0);  // half-open: they only touch
  EXPECT_EQ(iou(a, {10, 0, 20, 10}), 0);
  EXPECT_EQ(iom(a, {2, 2, 4, 4}), 1);
}

TEST_F(BoxTest, OverlapsHaveTheirProperties) {
  for (int i = 0; i < kRounds; ++i) {
    const Box a = box();
    const Box b = box();
    EXPECT_EQ(iou(a, b), iou(b, a));
    EXPECT_EQ(iom(a, b), iom(b, a));
    EXPECT_GE(iou(a, b), 0);
    EXPECT_LE(iou(a, b), iom(a, b));
    EXPECT_LE(iom(a, b), 1);
    EXPECT_EQ(iou(a, a), 1);
    const Box inside{a.x1 + a.width() / 4, a.y1 + a.height() / 4, a.x2 - a.width() / 4, a.y2 - a.height() / 4};
    EXPECT_EQ(iom(a, inside), 1);
    EXPECT_NEAR(iou(a, inside), 0.25F, 1e-3F);
  }
}

TEST_F(BoxTest, BoxesWithoutAreaOverlapNothing) {
  for (const Box& empty : kDegenerate) {
    for (const Box& other : {Box{0, 0, 10, 10}, empty, Box{}}) {
      EXPECT_EQ(iou(empty, other), 0);
      EXPECT_EQ(iom(other, empty), 0);
    }
  }
}

}  // namespace
}  // namespace mtcnn
