#include "mtcnn/image/resample.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

Image noise(int width, int height, unsigned seed) {
  Image image(width, height);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < 3 * width; ++x) image.row(y)[x] = static_cast<uint8_t>(random() >> 24);
  }
  return image;
}

Image mirrored(const Image& image) {
  Image result(image.width(), image.height());
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      for (int k = 0; k < 3; ++k) result.row(y)[3 * x + k] = image.row(y)[3 * (image.width() - 1 - x) + k];
    }
  }
  return result;
}

/// The share that source pixel `k` has in target pixel `i`, by the definition in the header.
double share(double low, double high, int count, int i, int k) {
  const double step = (high - low) / count;
  if (step >= 1) {
    const double covered = std::min(low + (i + 1) * step, k + 1.0) - std::max(low + i * step, double(k));
    return std::max(0.0, covered) / step;
  }
  const double distance = std::abs(low + (i + 0.5) * step - (k + 0.5));
  return std::max(0.0, 1 - distance);
}

std::vector<double> plain_resample(const Image& image, const Box& window, double border, int width, int height) {
  std::vector<double> result;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double value[3] = {};
      double inside = 0;
      for (int row = 0; row < image.height(); ++row) {
        const double down = share(window.y1, window.y2, height, y, row);
        if (down == 0) continue;
        for (int column = 0; column < image.width(); ++column) {
          const double weight = down * share(window.x1, window.x2, width, x, column);
          inside += weight;
          for (int k = 0; k < 3; ++k) value[k] += weight * image.row(row)[3 * column + k];
        }
      }
      for (const double channel : value) result.push_back(channel + border * (1 - inside));
    }
  }
  return result;
}

std::vector<float> resampled(const ImageView& image, const Box& window, float border, int width, int height) {
  std::vector<float> pixels(3 * static_cast<size_t>(width) * static_cast<size_t>(height));
  resample(image, window, border, {pixels.data(), width, height, ptrdiff_t{3} * width});
  return pixels;
}

/// 255 grey levels in float32, a few hundred roundings.
constexpr double kTolerance = 255 * 3e-6;

void expect_as_defined(const Image& image, const Box& window, int width, int height) {
  const std::vector<float> found = resampled(image.view(), window, 77, width, height);
  const std::vector<double> expected = plain_resample(image, window, 77, width, height);
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], kTolerance)
        << "value " << i << ", picture " << image.width() << "x" << image.height() << ", window " << window.x1 << " "
        << window.y1 << " " << window.x2 << " " << window.y2 << " to " << width << "x" << height;
  }
}

TEST(Resample, IsAsDefinedForRandomWindows) {
  std::mt19937 random(11);
  const auto uniform = [&](float low, float high) { return std::uniform_real_distribution<float>(low, high)(random); };
  for (int round = 0; round < 150; ++round) {
    const auto size = [&] { return 1 + static_cast<int>(random() % 40); };
    const Image image = noise(size(), size(), static_cast<unsigned>(round));
    const float x = uniform(-40, 50);
    const float y = uniform(-40, 50);
    const Box window{x, y, x + uniform(0.1F, 80), y + uniform(0.1F, 80)};
    expect_as_defined(image, window, size(), size());
  }
}

TEST(Resample, IsAsDefinedInSpecialCases) {
  const Image one = noise(1, 1, 1);
  expect_as_defined(one, {0, 0, 1, 1}, 1, 1);
  expect_as_defined(one, {0, 0, 1, 1}, 9, 9);
  expect_as_defined(one, {-3, -2, 5, 7}, 3, 4);
  expect_as_defined(one, {0.25F, 0.25F, 0.5F, 0.75F}, 5, 3);
  const Image picture = noise(23, 17, 2);
  expect_as_defined(picture, {100, 100, 120, 130}, 6, 5);  // outside, behind
  expect_as_defined(picture, {-50, 3, -20, 9}, 6, 5);      // outside, before
  expect_as_defined(picture, {-10, 4, 40, 6}, 12, 12);     // shrinks across, grows down
  expect_as_defined(picture, {4, -10, 6, 40}, 12, 12);
  expect_as_defined(picture, {0, 0, 23, 17}, 46, 34);
  expect_as_defined(noise(5000, 1, 3), {0, 0, 5000, 1}, 7, 5);
  expect_as_defined(noise(1, 5000, 4), {-1, 12.5F, 2, 4990}, 5, 7);
  expect_as_defined(noise(5, 5000, 5), {0, 0, 5, 5000}, 2, 3000);
}

TEST(Resample, IdentityIsExact) {
  const Image image = noise(31, 9, 6);
  const std::vector<float> found = resampled(image.view(), {0, 0, 31, 9}, 0, 31, 9);
  for (size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], image.row(0)[i]);
}

TEST(Resample, ConstantPictureStaysConstantAndBorderFillsTheRest) {
  Image image(20, 20);
  std::fill(image.row(0), image.row(0) + 3 * 20 * 20, uint8_t{200});
  for (const Box& window : {Box{3, 3, 17, 17}, Box{1.3F, 0.7F, 18.9F, 19.1F}, Box{5, 5, 6, 6}}) {
    for (const int size : {1, 5, 14, 48}) {
      for (const float value : resampled(image.view(), window, 9, size, size)) ASSERT_NEAR(value, 200, kTolerance);
    }
  }
  for (const float value : resampled(image.view(), {-30, 2, -10, 9}, 9, 12, 12)) ASSERT_EQ(value, 9);
}

TEST(Resample, MirroredPictureGivesMirroredResult) {
  const Image image = noise(37, 21, 8);
  const Image mirror = mirrored(image);
  for (const Box& window : {Box{-5, 2, 20, 19}, Box{3.5F, 1.25F, 9.75F, 4}, Box{0, 0, 37, 21}}) {
    for (const int size : {4, 24, 61}) {
      const Box other{37 - window.x2, window.y1, 37 - window.x1, window.y2};
      const std::vector<float> a = resampled(image.view(), window, 50, size, size);
      const std::vector<float> b = resampled(mirror.view(), other, 50, size, size);
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < 3 * size; ++x) {
          const int turned = 3 * (size - 1 - x / 3) + x % 3;
          ASSERT_NEAR(a[static_cast<size_t>(3 * size * y + x)], b[static_cast<size_t>(3 * size * y + turned)],
                      kTolerance);
        }
      }
    }
  }
}

TEST(Resample, AppliesMeanAndScaleAndKeepsToItsRows) {
  const Image image = noise(16, 16, 9);
  const std::vector<float> plain = resampled(image.view(), {-2, 0, 14, 15}, 30, 5, 4);
  constexpr float kUntouched = -1000;
  constexpr int kStride = 21;
  std::vector<float> pixels(4 * kStride, kUntouched);
  resample(image.view(), {-2, 0, 14, 15}, 30, {pixels.data(), 5, 4, kStride, 127.5F, 1 / 128.0F});
  for (size_t y = 0; y < 4; ++y) {
    for (size_t x = 0; x < kStride; ++x) {
      const float found = pixels[y * kStride + x];
      if (x >= 15) {
        EXPECT_EQ(found, kUntouched);
      } else {
        EXPECT_NEAR(found, (plain[y * 15 + x] - 127.5F) / 128, 1e-5);
      }
    }
  }
}

TEST(Resample, ReadsAPartOfALargerPictureByItsStride) {
  const Image image = noise(30, 20, 10);
  const ImageView part{image.row(4) + 3 * 6, 10, 8, ptrdiff_t{3} * 30};
  const std::vector<float> found = resampled(part, {0, 0, 10, 8}, 0, 5, 4);
  const std::vector<float> expected = resampled(image.view(), {6, 4, 16, 12}, 0, 5, 4);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], kTolerance);
}

TEST(Resample, FarAndHugeWindowsAreBorderOrAverage) {
  const Image image = noise(8, 8, 12);
  for (const float value : resampled(image.view(), {1e9F, 1e9F, 2e9F, 2e9F}, 5, 4, 4)) EXPECT_EQ(value, 5);
  for (const float value : resampled(image.view(), {-1e15F, -1e15F, 1e15F, 1e15F}, 5, 3, 3))
    EXPECT_NEAR(value, 5, 1e-3);
}

TEST(Resample, RefusesWhatItsContractExcludes) {
  const Image image = noise(4, 4, 13);
  float pixel[3];
  const ResampleTarget target{pixel, 1, 1, 3};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(resample({}, {0, 0, 1, 1}, 0, target), ContractError);
  EXPECT_THROW(resample(image.view(), {0, 0, 0, 1}, 0, target), ContractError);
  EXPECT_THROW(resample(image.view(), {2, 0, 1, 1}, 0, target), ContractError);
  EXPECT_THROW(resample(image.view(), {0, 0, nan, 1}, 0, target), ContractError);
  EXPECT_THROW(resample(image.view(), {-3e38F, 0, 3e38F, 1}, 0, target), ContractError);
  EXPECT_THROW(resample(image.view(), {0, 0, 1, 1}, 0, {pixel, 0, 1, 3}), ContractError);
  EXPECT_THROW(resample(image.view(), {0, 0, 1, 1}, 0, {nullptr, 1, 1, 3}), ContractError);
}

}  // namespace
}  // namespace mtcnn
