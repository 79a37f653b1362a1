#include "mtcnn/train/degrade.h"

#include "mtcnn/core/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr int kSize = 24;

std::vector<float> noise(uint64_t index, bool grey = false) {
  RandomStream random(1, "noise", index);
  std::vector<float> crop(3 * kSize * kSize);
  for (size_t i = 0; i < crop.size(); i += 3) {
    for (size_t c = 0; c < 3; ++c) crop[i + c] = grey && c > 0 ? crop[i] : static_cast<float>(random.uniform(40, 210));
  }
  return crop;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST(JpegNoise, HarmsMoreTheLowerTheQuality) {
  double before = 0;
  for (const int quality : {100, 90, 60, 30, 5}) {
    const std::vector<float> original = noise(0);
    std::vector<float> crop = original;
    jpeg_noise(crop, kSize, quality, 3, 5);
    const double harm = distance(crop, original);
    EXPECT_GT(harm, before) << quality;
    if (quality == 100) {
      EXPECT_LT(harm, 1.5) << "steps of 1: a rounding error a coefficient";
    }
    before = harm;
    for (const float value : crop) ASSERT_TRUE(value >= 0 && value <= 255);
  }
}

TEST(JpegNoise, LeavesFlatAndGreyCropsFlatAndGrey) {
  std::vector<float> flat(3 * kSize * kSize, 128);
  jpeg_noise(flat, kSize, 10, 0, 0);
  for (const float value : flat) EXPECT_NEAR(value, 128, 1e-3);
  std::vector<float> grey = noise(1, true);
  jpeg_noise(grey, kSize, 20, 1, 2);
  for (size_t i = 0; i < grey.size(); i += 3) {
    EXPECT_NEAR(grey[i], grey[i + 1], 1e-3);
    EXPECT_NEAR(grey[i], grey[i + 2], 1e-3);
  }
}

TEST(JpegNoise, RoundsTheCoefficientsOfEachBlock) {
  // A grey block that is one cosine: at quality 50 the step of coefficient (0, 1) is 11. In steps, an amplitude of 0.4
  // goes and one of 0.6 becomes 1.
  for (const double steps : {0.4, 0.6}) {
    const auto wave = [](int x) {
      return 0.5 * std::sqrt(0.125) * std::cos((2 * (x % 8) + 1) * std::numbers::pi / 16);
    };
    std::vector<float> crop(3 * kSize * kSize);
    for (int x = 0; x < kSize; ++x) {
      for (int y = 0; y < kSize; ++y)
        std::fill_n(crop.begin() + pixel_at(x, y, kSize), 3, static_cast<float>(128 + 11 * steps * wave(x)));
    }
    jpeg_noise(crop, kSize, 50, 0, 0);
    for (int x = 0; x < kSize; ++x)
      EXPECT_NEAR(crop[static_cast<size_t>(pixel_at(x, 9, kSize))], 128 + 11 * std::round(steps) * wave(x), 1e-3);
  }
}

TEST(LowerResolution, KeepsFlatCropsAndFullScale) {
  std::vector<float> buffer(3 * kSize * kSize);
  std::vector<float> flat(3 * kSize * kSize, 77);
  lower_resolution(flat, kSize, .4, buffer);
  for (const float value : flat) EXPECT_NEAR(value, 77, 1e-4);
  std::vector<float> crop = noise(2);
  lower_resolution(crop, kSize, 1, buffer);
  EXPECT_LT(distance(crop, noise(2)), 1e-4);
  lower_resolution(crop, kSize, 0, buffer);  // the least is two cells
  EXPECT_GT(distance(crop, noise(2)), 10);
}

TEST(Blur, SpreadsAPointAndKeepsItsSum) {
  std::vector<float> buffer(3 * kSize * kSize);
  std::vector<float> crop(3 * kSize * kSize, 0);
  crop[static_cast<size_t>(pixel_at(10, 12, kSize))] = 160;
  blur(crop, kSize, buffer);
  EXPECT_NEAR(crop[static_cast<size_t>(pixel_at(10, 12, kSize))], 40, 1e-4);
  EXPECT_NEAR(crop[static_cast<size_t>(pixel_at(11, 12, kSize))], 20, 1e-4);
  EXPECT_NEAR(crop[static_cast<size_t>(pixel_at(9, 11, kSize))], 10, 1e-4);
  double sum = 0;
  for (const float value : crop) sum += value;
  EXPECT_NEAR(sum, 160, 1e-3);
}

}  // namespace
}  // namespace mtcnn
