#include "data_prep/crop_cutter.h"

#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/image/resample.h"

#include <cmath>

#include "data_prep/toy_faces.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(CropCutter, CutsWhatInferenceSees) {
  RandomStream random(1, "cutter");
  const ToyPicture picture = paint_toy_picture({.width = 200, .height = 150, .faces = 3}, random);
  const Box window{-8.3F, 20.1F, 61.4F, 89.8F};
  CropCutter cutter(24);
  cutter.add(picture.image.view(), {CropKind::negative, {.window = window}}, 7);
  std::vector<float> pixels(24 * 24 * 3);
  resample(picture.image.view(), window, 127.5F,
           {.pixels = pixels.data(), .width = 24, .height = 24, .row_stride = 24 * 3});
  const Crops& crops = cutter.crops()[static_cast<size_t>(CropKind::negative)];
  ASSERT_EQ(crops.count(), 1);
  EXPECT_EQ(crops.labels[0].source, 7);
  for (size_t i = 0; i < 24 * 24; ++i) {
    for (size_t c = 0; c < 3; ++c) EXPECT_EQ(crops.pixels[c * 24 * 24 + i], std::lround(pixels[3 * i + c]));
  }
}

/// As the cascade cuts crops for nets with a lead or a margin: what the net sees begins before its window.
TEST(CropCutter, CropsMayBeginBeforeTheirWindow) {
  RandomStream random(1, "cutter");
  const ToyPicture picture = paint_toy_picture({.width = 200, .height = 150, .faces = 3}, random);
  const Box window{-8, 20, 62, 90};
  for (const bool mirrored : {false, true}) {
    const InputOptions input{.border = 7, .crop_lead = 3, .crop_margin = mirrored ? 0.25F : 0};
    CropCutter cutter(24, input);
    cutter.add(picture.image.view(), {CropKind::negative, {.window = window, .mirrored = mirrored}}, 7);
    std::vector<float> pixels(24 * 24 * 3);
    resample(picture.image.view(), crop_of(window, input, mirrored), 7,
             {.pixels = pixels.data(), .width = 24, .height = 24, .row_stride = 24 * 3});
    const Crops& crops = cutter.crops()[static_cast<size_t>(CropKind::negative)];
    for (size_t y = 0; y < 24; ++y) {
      for (size_t x = 0; x < 24; ++x) {
        const size_t from = y * 24 + (mirrored ? 23 - x : x);
        EXPECT_EQ(crops.pixels[y * 24 + x], std::lround(pixels[3 * from]));
      }
    }
  }
}

TEST(CropCutter, LandmarkTargetsMakeUpForTheShift) {
  const Image image(100, 100);
  CropCutter cutter(48, {.landmark_shift = -0.75F});
  cutter.add(image.view(), {CropKind::landmark, {.landmarks = {0.5F, 0.25F}, .window = {10, 10, 60, 60}}}, 0);
  const CropLabel& label = cutter.crops()[static_cast<size_t>(CropKind::landmark)].labels[0];
  EXPECT_EQ(label.landmarks, (LandmarkTargets{0.515F, 0.265F}));
}

/// Paints bright dots where the points are, so that a crop shows where they went.
TEST(CropCutter, TurnedAndMirroredPointsStayOnTheFeatures) {
  constexpr int kSize = 48;
  int checked = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const float lead = seed % 2 == 0 ? 0 : 12;
    const float margin = seed % 3 == 0 ? 0.2F : 0;
    RandomStream random(seed, "features");
    ToyCanvas canvas(300, 260, {60, 60, 60});
    Landmarks points = {{{120, 110}, {170, 112}, {146, 140}, {128, 166}, {163, 168}}};
    for (const Point& point : points) canvas.paint({.centre = point, .rx = 5, .ry = 5, .colour = {255, 255, 255}});
    canvas.paint({.centre = points[0], .rx = 5, .ry = 5, .colour = {255, 0, 0}});  // the left eye alone is red
    const Image image = canvas.image();
    const PictureFaces faces({{.box = {100, 75, 190, 190}, .landmarks = points}}, 300, 260);
    SampleOptions options;
    options.turn = 40;
    for (const PlannedCrop& planned : plan_crops(faces, options, 1, nullptr, random)) {
      if (planned.kind != CropKind::landmark) continue;
      CropCutter cutter(kSize, {.crop_lead = lead, .crop_margin = margin});
      cutter.add(image.view(), planned, 0);
      const std::vector<uint8_t>& pixels = cutter.crops()[static_cast<size_t>(CropKind::landmark)].pixels;
      for (size_t i = 0; i < points.size(); ++i) {
        const float side = planned.label.window.width();
        const float before = margin * side + lead;
        const float seen = side + 2 * margin * side + lead;
        const float x = (planned.label.landmarks[2 * i] * side + before) / seen * kSize;
        const float y = (planned.label.landmarks[2 * i + 1] * side + before) / seen * kSize;
        if (x < 2 || y < 2 || x > kSize - 2 || y > kSize - 2) continue;
        // Mirroring changes which eye is the left one: then the red dot is the right eye.
        const size_t red_point = planned.label.mirrored ? 1 : 0;
        const size_t at = static_cast<size_t>(y) * kSize + static_cast<size_t>(x);
        EXPECT_GT(pixels[at], 190) << "seed " << seed << " point " << i;
        if (i == red_point) {
          EXPECT_LT(pixels[kSize * kSize + at], 130) << "the red dot is elsewhere";
        }
        if (i != red_point) {
          EXPECT_GT(pixels[kSize * kSize + at], 130) << "the red dot is here";
        }
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 4000);
}

}  // namespace
}  // namespace mtcnn
