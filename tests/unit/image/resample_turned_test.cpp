#include "mtcnn/image/resample_turned.h"

#include "mtcnn/core/error.h"

#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// A smooth image whose value tells the place.
Image smooth(int size) {
  Image image(size, size);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      image.row(y)[3 * x] = static_cast<uint8_t>(255 * x / size);
      image.row(y)[3 * x + 1] = static_cast<uint8_t>(255 * y / size);
      image.row(y)[3 * x + 2] = 90;
    }
  }
  return image;
}

std::vector<float> cut(const Image& image, const Box& window, float degrees, int size) {
  std::vector<float> pixels(static_cast<size_t>(3 * size * size));
  resample_turned(image.view(), window, degrees, 127.5F,
                  {.pixels = pixels.data(), .width = size, .height = size, .row_stride = 3 * size});
  return pixels;
}

TEST(ResampleTurned, ContentMovesAsPointsDo) {
  constexpr int kPicture = 255;
  const Image image = smooth(kPicture);
  const Box window{60, 80, 160, 180};
  const Point centre{110, 130};
  for (const float degrees : {-170.F, -30.F, -5.F, 10.F, 45.F, 90.F}) {
    for (const int size : {12, 48, 160}) {
      const auto pixels = cut(image, window, degrees, size);
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          const float step = 100.0F / static_cast<float>(size);
          const Point here{60 + step * (static_cast<float>(x) + .5F), 80 + step * (static_cast<float>(y) + .5F)};
          const Point from = turned(here, centre, -degrees);
          const float* pixel = pixels.data() + 3 * (y * size + x);
          ASSERT_NEAR(pixel[0], from.x - .5F, 1) << degrees << " " << size;
          ASSERT_NEAR(pixel[1], from.y - .5F, 1) << degrees << " " << size;
          ASSERT_NEAR(pixel[2], 90, 1e-3);
        }
      }
    }
  }
}

TEST(ResampleTurned, ZeroDegreesIsResample) {
  const Image image = smooth(100);
  const Box window{-20.5F, 3.25F, 60, 83.75F};
  std::vector<float> plain(24 * 24 * 3);
  resample(image.view(), window, 127.5F, {.pixels = plain.data(), .width = 24, .height = 24, .row_stride = 24 * 3});
  EXPECT_EQ(cut(image, window, 0, 24), plain);
}

TEST(ResampleTurned, OutsideIsBorder) {
  const Image image = smooth(50);
  for (const float value : cut(image, {200, 200, 240, 240}, 20, 12)) EXPECT_NEAR(value, 127.5F, 1e-3);
}

TEST(ResampleTurned, RefusesWhatItCannotTurn) {
  const Image image = smooth(50);
  std::vector<float> pixels(12 * 24 * 3);
  EXPECT_THROW(cut(image, {0, 0, 10, 10}, NAN, 12), ContractError);
  EXPECT_THROW(resample_turned(image.view(), {0, 0, 10, 10}, 3, 0,
                               {.pixels = pixels.data(), .width = 24, .height = 12, .row_stride = 72}),
               ContractError);
}

TEST(Turned, QuarterTurnGoesFromXToY) {
  const Point point = turned({11, 5}, {10, 5}, 90);
  EXPECT_NEAR(point.x, 10, 1e-5);
  EXPECT_NEAR(point.y, 6, 1e-5);
}

}  // namespace
}  // namespace mtcnn
