#include "data_prep/sampler.h"

#include "mtcnn/image/resample_turned.h"
#include "mtcnn/labels/facts.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr double kPixel = 1e-3;

Landmarks points_in(const Box& box) {
  const auto at = [&](float x, float y) { return Point{box.x1 + x * box.width(), box.y1 + y * box.height()}; };
  return {at(.3F, .4F), at(.7F, .4F), at(.5F, .6F), at(.35F, .8F), at(.65F, .8F)};
}

TEST(SampleOptions, AreThoseThatAdviceOnLabelsCountsOn) {
  EXPECT_FLOAT_EQ(SampleOptions{}.positive_overlap, static_cast<float>(kPositiveOverlap));
}

/// A crowd: learnt, small and ignored faces, some close to each other, some at the border.
PictureFaces crowd(uint64_t seed) {
  RandomStream random(seed, "crowd");
  std::vector<SampledFace> faces;
  for (int i = 0; i < 25; ++i) {
    const auto w = static_cast<float>(random.uniform(5, 70));
    const auto h = w * static_cast<float>(random.uniform(.9, 1.5));
    const auto x = static_cast<float>(random.uniform(-w / 2, 500 - w / 2));
    const auto y = static_cast<float>(random.uniform(-h / 2, 400 - h / 2));
    SampledFace face{.box = {x, y, x + w, y + h}, .learnt = w >= 12, .ignored = random.chance(.3)};
    if (random.chance(.5)) face.landmarks = points_in(face.box);
    faces.push_back(face);
  }
  return {faces, 500, 400};
}

/// IoU in double precision, written anew.
double overlap_of(const Box& a, const Box& b) {
  const double w = std::min<double>(a.x2, b.x2) - std::max<double>(a.x1, b.x1);
  const double h = std::min<double>(a.y2, b.y2) - std::max<double>(a.y1, b.y1);
  if (w <= 0 || h <= 0) return 0;
  const auto area = [](const Box& c) {
    return (static_cast<double>(c.x2) - c.x1) * (static_cast<double>(c.y2) - c.y1);
  };
  return w * h / (area(a) + area(b) - w * h);
}

double largest_overlap(const PictureFaces& picture, const Box& window, const SampledFace** face = nullptr) {
  double largest = 0;
  for (const SampledFace& candidate : picture.faces()) {
    const double overlap = overlap_of(window, candidate.box);
    if (overlap <= largest) continue;
    largest = overlap;
    if (face != nullptr) *face = &candidate;
  }
  return largest;
}

void expect_box_near(const Box& found, const Box& wanted) {
  EXPECT_NEAR(found.x1, wanted.x1, kPixel);
  EXPECT_NEAR(found.y1, wanted.y1, kPixel);
  EXPECT_NEAR(found.x2, wanted.x2, kPixel);
  EXPECT_NEAR(found.y2, wanted.y2, kPixel);
}

/// Every promise of plan_crops() for one crop.
void expect_keeps_promises(const PictureFaces& picture, const PlannedCrop& crop) {
  const Box& window = crop.label.window;
  EXPECT_NEAR(window.width(), window.height(), 1e-3);
  const SampledFace* face = nullptr;
  const double overlap = largest_overlap(picture, window, &face);
  EXPECT_NEAR(crop.label.overlap, overlap, 1e-5);
  if (crop.kind == CropKind::negative) {
    EXPECT_LT(overlap, .3);
    EXPECT_EQ(crop.label.offsets, Offsets{});
    for (const SampledFace& other : picture.faces()) {
      if (other.ignored) {
        EXPECT_EQ(intersection(window, other.box), 0) << "a negative touches an ignored face";
      }
    }
    return;
  }
  ASSERT_NE(face, nullptr);
  EXPECT_FALSE(face->ignored);
  EXPECT_TRUE(face->learnt);
  EXPECT_GE(overlap, crop.kind == CropKind::part ? .4 : .65);
  if (crop.kind == CropKind::part) {
    EXPECT_LT(overlap, .65);
  }
  expect_box_near(decode_offsets(window, crop.label.offsets), face->box);
  if (crop.kind != CropKind::landmark) return;
  Landmarks found = decode_landmarks(window, crop.label.landmarks);
  const Point centre{(window.x1 + window.x2) / 2, (window.y1 + window.y2) / 2};
  if (crop.label.mirrored) {
    for (Point& point : found) point.x = window.x1 + window.x2 - point.x;
    std::swap(found[0], found[1]);
    std::swap(found[3], found[4]);
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const Point back = turned(found[i], centre, -crop.label.turn);
    EXPECT_NEAR(back.x, (*face->landmarks)[i].x, 2 * kPixel);
    EXPECT_NEAR(back.y, (*face->landmarks)[i].y, 2 * kPixel);
  }
}

std::map<CropKind, int> count_kinds(const std::vector<PlannedCrop>& crops) {
  std::map<CropKind, int> counts;
  for (const PlannedCrop& crop : crops) ++counts[crop.kind];
  return counts;
}

TEST(Sampler, EveryCropKeepsItsBandAgainstAllFaces) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const PictureFaces picture = crowd(seed);
    RandomStream random(seed, "sampler");
    MinedWindows mined;
    for (int i = 0; i < 200; ++i) {
      const auto side = static_cast<float>(random.uniform(10, 100));
      const auto x = static_cast<float>(random.uniform(-20, 480));
      const auto y = static_cast<float>(random.uniform(-20, 380));
      mined.windows.push_back({x, y, x + side, y + side});
      mined.false_faces.push_back({y, x, y + side, x + side});
    }
    SampleOptions options;
    options.mine.false_faces = 10;
    const auto crops = plan_crops(picture, options, 1, seed % 2 == 0 ? nullptr : &mined, random);
    EXPECT_GT(crops.size(), 100U);
    for (const PlannedCrop& crop : crops) expect_keeps_promises(picture, crop);
  }
}

TEST(Sampler, GivesTheNumbersAskedForWhereThereIsRoom) {
  const Box box{100, 100, 160, 170};
  const PictureFaces picture({{.box = box, .landmarks = points_in(box)}}, 400, 400);
  RandomStream random(1, "numbers");
  const SampleOptions options;
  const auto counts = count_kinds(plan_crops(picture, options, 1, nullptr, random));
  EXPECT_EQ(counts.at(CropKind::positive), options.positives);
  EXPECT_EQ(counts.at(CropKind::part), options.parts);
  EXPECT_EQ(counts.at(CropKind::negative), options.near_negatives + options.negatives);
  EXPECT_EQ(counts.at(CropKind::landmark), options.landmarks);
}

TEST(Sampler, WeightMultipliesNumbersOnAverage) {
  const PictureFaces picture({{.box = {100, 100, 160, 170}}}, 400, 400);
  const SampleOptions options;
  double total = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    RandomStream random(1, "weight", i);
    total += count_kinds(plan_crops(picture, options, .02F, nullptr, random))[CropKind::positive];
  }
  EXPECT_NEAR(total / 400, .02 * options.positives, .1);
}

TEST(Sampler, OffsetsAreNotOnAGrid) {
  const PictureFaces picture({{.box = {100, 100, 160, 170}}}, 400, 400);
  RandomStream random(1, "grid");
  std::map<float, int> seen;
  for (const PlannedCrop& crop : plan_crops(picture, {}, 1, nullptr, random)) {
    if (crop.kind == CropKind::positive) ++seen[crop.label.offsets[0]];
  }
  EXPECT_GT(seen.size(), 15U);
}

TEST(Sampler, EndsWithoutRoomForANegative) {
  SampleOptions options;
  options.negatives = 10000;
  RandomStream random(1, "full");
  const auto start = std::chrono::steady_clock::now();
  // An ignored face covers all: nothing may touch it.
  const PictureFaces covered({{.box = {-1, -1, 301, 301}, .ignored = true}}, 300, 300);
  EXPECT_TRUE(plan_crops(covered, options, 1, nullptr, random).empty());
  // Faces everywhere.
  std::vector<SampledFace> faces;
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 30; ++x) {
      const auto fx = static_cast<float>(10 * x);
      const auto fy = static_cast<float>(10 * y);
      faces.push_back({.box = {fx, fy, fx + 13, fy + 13}, .ignored = (x + y) % 2 == 0});
    }
  }
  EXPECT_LE(plan_crops({faces, 300, 300}, options, 1, nullptr, random).size(),
            static_cast<size_t>(options.max_samples));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Sampler, TakesPicturesSmallerThanACrop) {
  RandomStream random(1, "small");
  const auto empty = plan_crops({{}, 5, 3}, {}, 1, nullptr, random);
  EXPECT_EQ(empty.size(), static_cast<size_t>(SampleOptions{}.negatives));
  for (const PlannedCrop& crop : empty) EXPECT_GT(crop.label.window.area(), 0);
  EXPECT_FALSE(plan_crops({{}, 1, 1}, {}, 1, nullptr, random).empty());
}

TEST(Sampler, FacesOfOddShapeGiveWhatTheyCan) {
  const PictureFaces thin({{.box = {100, 100, 112, 200}}}, 400, 400);  // no square reaches an IoU of .65
  RandomStream random(1, "thin");
  const auto counts = count_kinds(plan_crops(thin, {}, 1, nullptr, random));
  EXPECT_FALSE(counts.contains(CropKind::positive));
  EXPECT_GT(counts.at(CropKind::negative), 0);
}

TEST(Sampler, KeepsAllMinedFacesAndCapsNegatives) {
  const Box box{100, 100, 160, 170};
  const PictureFaces picture({{.box = box, .landmarks = points_in(box)}}, 400, 400);
  MinedWindows mined;
  for (int i = 0; i < 50; ++i) {
    const auto shift = static_cast<float>(i) * .1F;
    mined.windows.push_back({97 + shift, 102, 162 + shift, 167});   // positives
    mined.windows.push_back({108 + shift, 110, 173 + shift, 175});  // part faces
    mined.windows.push_back({200 + shift, 200, 260 + shift, 260});  // background
  }
  SampleOptions options;
  options.positives = options.parts = options.near_negatives = options.negatives = 0;
  options.mine.negatives = 7;
  RandomStream random(1, "mined");
  const auto counts = count_kinds(plan_crops(picture, options, 1, &mined, random));
  EXPECT_EQ(counts.at(CropKind::positive), 50);
  EXPECT_EQ(counts.at(CropKind::part), 50);
  EXPECT_EQ(counts.at(CropKind::negative), 7);
}

TEST(Sampler, SmallFacesGetTheirShare) {
  const Box large{100, 100, 160, 170};
  const Box small{300, 300, 315, 320};  // a quarter of 60 pixels
  const PictureFaces picture(
      {{.box = large, .landmarks = points_in(large)}, {.box = small, .landmarks = points_in(small)}}, 400, 400);
  const auto is_small = [](const PlannedCrop& crop) { return crop.label.window.x1 > 250; };
  SampleOptions options;
  options.full_crops_from = 60;
  options.near_negatives = options.negatives = 0;
  RandomStream random(1, "shares");
  const auto crops = plan_crops(picture, options, 1, nullptr, random);
  for (const auto& [kind, wanted] : {std::pair{CropKind::positive, options.positives},
                                     {CropKind::part, options.parts},
                                     {CropKind::landmark, options.landmarks}}) {
    const auto of_kind = [&, kind = kind](bool of_small) {
      return std::count_if(crops.begin(), crops.end(),
                           [&](const PlannedCrop& crop) { return crop.kind == kind && is_small(crop) == of_small; });
    };
    EXPECT_EQ(of_kind(false), wanted);
    EXPECT_EQ(of_kind(true), wanted / 4);
  }

  MinedWindows mined;
  for (int i = 0; i < 400; ++i) {
    const auto shift = static_cast<float>(i) * .002F;
    mined.windows.push_back({299 + shift, 301, 317 + shift, 319});
    mined.windows.push_back({97 + shift, 102, 162 + shift, 167});
  }
  options.positives = options.parts = options.landmarks = 0;
  const auto found = plan_crops(picture, options, 1, &mined, random);
  EXPECT_EQ(std::count_if(found.begin(), found.end(), std::not_fn(is_small)), 400);
  EXPECT_NEAR(static_cast<double>(std::count_if(found.begin(), found.end(), is_small)), 100, 30);
}

TEST(Sampler, IsBoundedForAPictureOfAThousandFaces) {
  std::vector<SampledFace> faces;
  for (int i = 0; i < 1000; ++i) {
    const auto x = static_cast<float>(i % 40) * 25;
    const auto y = static_cast<float>(i / 40) * 30;
    faces.push_back({.box = {x, y, x + 18, y + 22}});
  }
  SampleOptions options;
  options.max_samples = 500;
  RandomStream random(1, "thousand");
  const auto crops = plan_crops({faces, 1000, 800}, options, 1, nullptr, random);
  EXPECT_LE(crops.size(), 500U);
  EXPECT_GT(crops.size(), 300U);
}

TEST(Sampler, SquaresLongObjectsWhereAsked) {
  const Box box{100, 100, 140, 200};
  const LandmarkLayout ends{.names = {"top", "bottom", "left", "right"}, .mirror = {0, 1, 3, 2}};
  const Landmarks points = {{120, 105}, {120, 195}, {105, 150}, {135, 150}};
  const PictureFaces picture({{.box = box, .landmarks = points}}, 400, 400, ends);
  SampleOptions options;
  options.square = true;
  options.turned = 0;
  options.mirrored = 1;
  RandomStream random(1, "long");
  const auto crops = plan_crops(picture, options, 1, nullptr, random);
  const auto counts = count_kinds(crops);
  EXPECT_EQ(counts.at(CropKind::positive), options.positives);
  EXPECT_EQ(counts.at(CropKind::landmark), options.landmarks);
  for (const PlannedCrop& crop : crops) {
    const Box& window = crop.label.window;
    EXPECT_NEAR(crop.label.overlap, overlap_of(window, {70, 100, 170, 200}), 1e-5);
    if (crop.kind == CropKind::negative) continue;
    expect_box_near(decode_offsets(window, crop.label.offsets), box);
    if (crop.kind != CropKind::landmark) continue;
    const Landmarks found = decode_landmarks(window, crop.label.landmarks);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(window.x1 + window.x2 - found[i].x, points[ends.mirror[i]].x, kPixel);
      EXPECT_NEAR(found[i].y, points[ends.mirror[i]].y, kPixel);
    }
  }
}

}  // namespace
}  // namespace mtcnn
