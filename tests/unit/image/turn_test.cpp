#include "mtcnn/image/turn.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// Every pixel has colours of its own.
Image numbered(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + ptrdiff_t{3} * x;
      pixel[0] = static_cast<uint8_t>(x);
      pixel[1] = static_cast<uint8_t>(y);
      pixel[2] = 200;
    }
  }
  return image;
}

TEST(Turn, QuartersKeepEveryPixelAndTellWhereItWas) {
  const Image image = numbered(7, 4);
  for (int quarters = 0; quarters < 4; ++quarters) {
    const auto [turned, to_source] = turned_by_quarters(image.view(), quarters);
    EXPECT_EQ(turned.width(), quarters % 2 == 0 ? 7 : 4);
    EXPECT_EQ(turned.height(), quarters % 2 == 0 ? 4 : 7);
    for (int y = 0; y < turned.height(); ++y) {
      for (int x = 0; x < turned.width(); ++x) {
        const Point from = to_source.apply({static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
        const uint8_t* pixel = turned.row(y) + ptrdiff_t{3} * x;
        EXPECT_EQ(from.x, pixel[0] + 0.5F) << quarters;
        EXPECT_EQ(from.y, pixel[1] + 0.5F) << quarters;
      }
    }
  }
}

TEST(Turn, AQuarterIsClockwise) {
  const TurnedImage turned = turned_by_quarters(numbered(7, 4).view(), 1);
  const uint8_t* top_right = turned.image.row(0) + 3 * 3;
  EXPECT_EQ(top_right[0], 0) << "the top left corner goes to the top right";
  EXPECT_EQ(top_right[1], 0);
}

TEST(Turn, RowsMayHaveGaps) {
  const Image image = numbered(8, 4);
  const ImageView left{image.row(0), 3, 4, image.view().stride};
  const TurnedImage turned = turned_by_quarters(left, 2);
  EXPECT_EQ(turned.image.row(0)[0], 2);
  EXPECT_EQ(turned.image.row(0)[1], 3);
}

TEST(Turn, DiagonallyAllOfTheImageIsThere) {
  const Image image = numbered(60, 40);
  const auto [turned, to_source] = turned_by_45_degrees(image.view(), 128);
  EXPECT_EQ(turned.width(), 71);  // (60 + 40) / sqrt(2)
  EXPECT_EQ(turned.height(), 71);
  EXPECT_NEAR(to_source.scale(), 1, 1e-12);
  const Similarity to_turned = to_source.inverse();
  for (const Point corner : {Point{0, 0}, Point{60, 0}, Point{60, 40}, Point{0, 40}}) {
    const Point at = to_turned.apply(corner);
    EXPECT_TRUE(at.x > -0.01 && at.y > -0.01 && at.x < 71.01 && at.y < 71.01) << at.x << " " << at.y;
  }
  EXPECT_GT(to_turned.apply({60, 0}).x, to_turned.apply({0, 0}).x) << "clockwise: the top right corner is on the right";
  EXPECT_GT(to_turned.apply({60, 0}).y, to_turned.apply({0, 0}).y) << "clockwise: and lower";
  int inside = 0;
  for (int y = 0; y < 71; ++y) {
    for (int x = 0; x < 71; ++x) {
      const Point from = to_source.apply({static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
      const uint8_t* pixel = turned.row(y) + ptrdiff_t{3} * x;
      if (from.x < -1 || from.y < -1 || from.x > 61 || from.y > 41) {
        EXPECT_EQ(pixel[0], 128);
        EXPECT_EQ(pixel[2], 128);
      } else if (from.x > 1 && from.y > 1 && from.x < 59 && from.y < 39) {
        EXPECT_NEAR(pixel[0], from.x - 0.5F, 0.51);
        EXPECT_NEAR(pixel[1], from.y - 0.5F, 0.51);
        EXPECT_EQ(pixel[2], 200);
        ++inside;
      }
    }
  }
  EXPECT_GT(inside, 2000);
}

TEST(Turn, TinyImages) {
  EXPECT_EQ(turned_by_45_degrees(numbered(1, 1).view(), 0).image.width(), 2);
  EXPECT_EQ(turned_by_quarters(numbered(1, 5).view(), 3).image.width(), 5);
}

TEST(Turn, JoinedIsOneAfterTheOther) {
  const Image image = numbered(31, 18);
  const TurnedImage first = turned_by_45_degrees(image.view(), 0);
  const TurnedImage second = turned_by_quarters(first.image.view(), 3);
  const Similarity both = second.to_source.then(first.to_source);
  const Point expected = first.to_source.apply(second.to_source.apply({3, 8}));
  EXPECT_NEAR(both.apply({3, 8}).x, expected.x, 1e-4);
  EXPECT_NEAR(both.apply({3, 8}).y, expected.y, 1e-4);
}

TEST(Turn, RefusesWhatCannotBeTurned) {
  EXPECT_THROW(turned_by_quarters(Image().view(), 1), ContractError);
  EXPECT_THROW(turned_by_quarters(numbered(3, 3).view(), 4), ContractError);
  EXPECT_THROW(turned_by_quarters(numbered(3, 3).view(), -1), ContractError);
  EXPECT_THROW(turned_by_45_degrees(Image().view(), 0), ContractError);
  EXPECT_THROW(turned_by_45_degrees(numbered(23200, 1).view(), 0), Error) << "as an image of 16406 x 16406";
}

}  // namespace
}  // namespace mtcnn
