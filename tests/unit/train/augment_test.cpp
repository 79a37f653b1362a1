#include "mtcnn/train/augment.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

AugmentOptions no_change() {
  AugmentOptions o;
  o.mirror = o.brightness = o.contrast = o.saturation = o.gain = o.grey = o.gamma = o.blur = o.low_resolution =
      o.noise = o.jpeg = o.cutout = 0;
  return o;
}

std::vector<uint8_t> pattern(int size) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 3 * size * size; ++i) pixels.push_back(static_cast<uint8_t>(37 * i % 251));
  return pixels;
}

std::vector<float> apply(const AugmentOptions& options, const std::vector<uint8_t>& pixels, int size, uint64_t index,
                         CropLabel* label = nullptr) {
  Augmenter augmenter(options, size);
  std::vector<float> out(pixels.size());
  RandomStream random(1, "test", index);
  CropLabel own;
  augmenter.apply(pixels, label != nullptr ? *label : own, &random, out.data());
  return out;
}

TEST(Augmenter, WithoutChancesNothingChanges) {
  const auto pixels = pattern(12);
  const auto changed = apply(no_change(), pixels, 12, 0);
  Augmenter plain(AugmentOptions{}, 12);
  std::vector<float> out(pixels.size());
  CropLabel label;
  plain.apply(pixels, label, nullptr, out.data());
  for (size_t i = 0; i < 144; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const float wanted = (static_cast<float>(pixels[144 * c + i]) - 127.5F) / 128;
      EXPECT_EQ(out[3 * i + c], wanted) << "inference sees the same";
      EXPECT_NEAR(changed[3 * i + c], wanted, 1e-5);
    }
  }
}

TEST(Augmenter, MirrorsPixelsAndLabelsTogether) {
  constexpr int kSize = 24;
  // A dot for each point, in a grey level of its own; the box's edges are the outermost dots.
  const std::array<std::pair<int, int>, 5> dots = {{{4, 6}, {18, 7}, {10, 12}, {6, 17}, {15, 18}}};
  std::vector<uint8_t> pixels(3 * kSize * kSize, 0);
  CropLabel label{.offsets = {.1F, .2F, -.3F, .05F}, .landmarks = LandmarkTargets(10)};
  for (size_t i = 0; i < dots.size(); ++i) {
    const auto [x, y] = dots[i];
    for (size_t c = 0; c < 3; ++c)
      pixels[c * kSize * kSize + static_cast<size_t>(y * kSize + x)] = static_cast<uint8_t>(100 + 20 * i);
    label.landmarks[2 * i] = (static_cast<float>(x) + .5F) / kSize;
    label.landmarks[2 * i + 1] = (static_cast<float>(y) + .5F) / kSize;
  }
  AugmentOptions options = no_change();
  options.mirror = 1;
  CropLabel changed = label;
  const auto out = apply(options, pixels, kSize, 0, &changed);
  EXPECT_FLOAT_EQ(changed.offsets[0], .3F);
  EXPECT_FLOAT_EQ(changed.offsets[1], .2F);
  EXPECT_FLOAT_EQ(changed.offsets[2], -.1F);
  EXPECT_FLOAT_EQ(changed.offsets[3], .05F);
  // The left eye is now where the right one was, mirrored; the nose stays the nose.
  const std::array<size_t, 5> came_from = {1, 0, 2, 4, 3};
  for (size_t i = 0; i < 5; ++i) {
    const auto x = static_cast<size_t>(changed.landmarks[2 * i] * kSize);
    const auto y = static_cast<size_t>(changed.landmarks[2 * i + 1] * kSize);
    const float grey = out[3 * (y * kSize + x)] * 128 + 127.5F;
    EXPECT_NEAR(grey, 100 + 20 * static_cast<float>(came_from[i]), .01) << "point " << i;
  }
  const CropLabel turned_over = mirrored({.landmarks = {0, 1, .25F, 2, .5F, 3}}, std::array<size_t, 3>{0, 2, 1});
  EXPECT_EQ(turned_over.landmarks, (LandmarkTargets{1, 1, .5F, 3, .75F, 2}));
  const CropLabel back = mirrored(mirrored(label));
  EXPECT_EQ(back.offsets, label.offsets);
  for (size_t i = 0; i < 10; ++i) EXPECT_NEAR(back.landmarks[i], label.landmarks[i], 1e-6);
}

/// A crop that begins before its window, mirrored, is what the cascade would cut from the mirrored image.
TEST(Augmenter, MirrorsCropsThatBeginBeforeTheirWindow) {
  constexpr InputOptions kInput{.crop_lead = 4, .landmark_shift = 2};
  constexpr float kPictureWidth = 100;
  const Box window{20, 30, 60, 70};
  const Box face{24, 33, 58, 71};
  const Landmarks points = {{30, 44}, {50, 45}, {41, 52}, {33, 60}, {48, 61}};
  const auto label_of = [&](const Box& square, const Box& box, Landmarks landmarks) {
    for (Point& point : landmarks) point = {point.x - kInput.landmark_shift, point.y - kInput.landmark_shift};
    return CropLabel{
        .offsets = encode_offsets(square, box), .landmarks = encode_landmarks(square, landmarks), .window = square};
  };
  const auto flipped = [&](const Box& box) {
    return Box{kPictureWidth - box.x2, box.y1, kPictureWidth - box.x1, box.y2};
  };
  // The crop covers the window and the lead before it; its mirror image lies where this window's crop would be cut.
  const Box seen = flipped({window.x1 - 4, window.y1 - 4, window.x2, window.y2});
  const Box mirrored_window{seen.x1 + 4, seen.y1 + 4, seen.x2, seen.y2};
  Landmarks mirrored_points;
  for (const size_t from : face_landmarks().mirror)
    mirrored_points.push_back({kPictureWidth - points[from].x, points[from].y});
  const CropLabel expected = label_of(mirrored_window, flipped(face), mirrored_points);
  const CropLabel actual = mirrored(label_of(window, face, points), face_landmarks().mirror, kInput);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(actual.offsets[i], expected.offsets[i], 1e-6) << i;
  for (size_t i = 0; i < 10; ++i) EXPECT_NEAR(actual.landmarks[i], expected.landmarks[i], 1e-6) << i;
}

TEST(Augmenter, EveryChangeDoesSomethingAndStaysInRange) {
  const auto pixels = pattern(24);
  const auto plain = apply(no_change(), pixels, 24, 0);
  double AugmentOptions::*const kChanges[] = {
      &AugmentOptions::mirror,     &AugmentOptions::brightness, &AugmentOptions::contrast,
      &AugmentOptions::saturation, &AugmentOptions::gain,       &AugmentOptions::grey,
      &AugmentOptions::gamma,      &AugmentOptions::blur,       &AugmentOptions::low_resolution,
      &AugmentOptions::noise,      &AugmentOptions::jpeg,       &AugmentOptions::cutout};
  for (size_t change = 0; change < std::size(kChanges); ++change) {
    for (uint64_t index = 0; index < 20; ++index) {
      AugmentOptions options = no_change();
      options.*kChanges[change] = .9;
      if (change == 0 || change >= 5) options.*kChanges[change] = 1;
      const auto out = apply(options, pixels, 24, index);
      EXPECT_NE(out, plain) << "change " << change;
      EXPECT_EQ(out, apply(options, pixels, 24, index)) << "the same stream, the same crop";
      for (const float value : out) ASSERT_TRUE(value >= -1 && value <= 1) << "change " << change;
    }
  }
}

TEST(Augmenter, GreyIsGreyAndBlurKeepsTheMean) {
  const auto pixels = pattern(12);
  AugmentOptions options = no_change();
  options.grey = 1;
  const auto grey = apply(options, pixels, 12, 3);
  for (size_t i = 0; i < grey.size(); i += 3) {
    EXPECT_NEAR(grey[i], grey[i + 1], 1e-5);
    EXPECT_NEAR(grey[i], grey[i + 2], 1e-5);
  }
  options = no_change();
  options.blur = 1;
  const std::vector<uint8_t> flat(3 * 12 * 12, 90);
  for (const float value : apply(options, flat, 12, 0)) EXPECT_NEAR(value, (90 - 127.5) / 128, 1e-5);
}

TEST(Augmenter, RefusesACropOfAnotherSize) {
  Augmenter augmenter(AugmentOptions{}, 24);
  std::vector<float> out(3 * 24 * 24);
  CropLabel label;
  EXPECT_THROW(augmenter.apply(pattern(12), label, nullptr, out.data()), ContractError);
}

}  // namespace
}  // namespace mtcnn
