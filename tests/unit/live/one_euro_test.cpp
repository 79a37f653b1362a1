#include "mtcnn/live/one_euro.h"

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr double kStep = 1 / 30.0;
constexpr OneEuroOptions kOptions;

TEST(OneEuro, FirstValueAndStandstillPassUntouched) {
  OneEuro filter;
  EXPECT_EQ(filter.update(5, 0, 0, 1, kOptions), 5);
  for (int i = 0; i < 10; ++i) EXPECT_DOUBLE_EQ(filter.update(5, kStep, 0, 1, kOptions), 5);
}

TEST(OneEuro, WithoutSpeedItIsALowPassOfTheCutoff) {
  // A step is taken over by the share that the cutoff stands for: 2 pi f dt / (1 + 2 pi f dt).
  const OneEuroOptions options{.min_cutoff_hz = 2, .beta = 0, .rate_cutoff_hz = 1};
  OneEuro filter;
  filter.update(0, 0, 0, 1, options);
  const double angle = 2 * std::numbers::pi * 2 * kStep;
  EXPECT_NEAR(filter.update(1, kStep, 0, 1, options), angle / (1 + angle), 1e-12);
}

TEST(OneEuro, AJumpIsFollowedFasterThanNoise) {
  const OneEuroOptions calm{.min_cutoff_hz = 1, .beta = 0};
  const OneEuroOptions quick{.min_cutoff_hz = 1, .beta = 10};
  const auto after_jump = [](const OneEuroOptions& options) {
    OneEuro filter;
    filter.update(0, 0, 0, 1, options);
    double value = 0;
    for (int i = 0; i < 3; ++i) value = filter.update(1, kStep, 0, 1, options);
    return value;
  };
  EXPECT_LT(after_jump(calm), 0.5);
  EXPECT_GT(after_jump(quick), 0.9);
}

TEST(OneEuro, KnownDriftIsNotDelayed) {
  OneEuro filter;
  filter.update(0, 0, 0, 1, kOptions);
  for (int i = 1; i < 50; ++i) EXPECT_NEAR(filter.update(3.0 * i, kStep, 3, 1, kOptions), 3.0 * i, 1e-9);
}

/// A face on its way, and the same with noise.
Face face_at(double x, double noise) {
  const auto at = [](double value) { return static_cast<float>(value); };
  Face face{{at(x + noise), at(20 - noise), at(x + 100 + noise), at(120 + noise)}, 0.9F, {}};
  face.landmarks.resize(kLandmarkCount);
  for (Point& point : face.landmarks) point = {at(x + 50 - noise), at(70 + noise)};
  return face;
}

TEST(FaceSmoother, TakesJitterOffAMovingFaceWithoutDelay) {
  std::mt19937 random(5);
  std::normal_distribution<double> noise(0, 0.15);
  FaceSmoother smoother;
  const Motion motion{.x = 60, .y = 0, .growth = 0};
  double before = 0;
  double raw_jitter = 0;
  double jitter = 0;
  double lead = 0;
  double last_error = 0;
  for (int i = 0; i < 300; ++i) {
    const double x = 2.0 * i;
    const double deviation = noise(random);
    const Face smooth = smoother.update(face_at(x, deviation), motion, i * kStep);
    const double error = smooth.box.x1 - x;
    if (i > 30) {
      raw_jitter += (deviation - before) * (deviation - before);
      jitter += (error - last_error) * (error - last_error);
      lead += error;
    }
    before = deviation;
    last_error = error;
    EXPECT_EQ(smooth.confidence, 0.9F);
  }
  EXPECT_LT(2 * std::sqrt(jitter), std::sqrt(raw_jitter));
  EXPECT_LT(std::abs(lead / 269), 0.2) << "a tenth of a frame's way";
}

}  // namespace
}  // namespace mtcnn
