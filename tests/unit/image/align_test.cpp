#include "mtcnn/image/align.h"

#include "mtcnn/core/error.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

Similarity similarity(double scale, double degrees, double dx, double dy) {
  const double angle = degrees * std::acos(-1.0) / 180;
  return {scale * std::cos(angle), scale * std::sin(angle), dx, dy};
}

Landmarks moved(const Landmarks& points, const Similarity& by) {
  Landmarks result(points.size());
  std::transform(points.begin(), points.end(), result.begin(), [&](const Point& p) { return by.apply(p); });
  return result;
}

/// Black, with a soft spot of `radius` at every point.
Image spots(int width, int height, const Landmarks& points, double radius) {
  Image image(width, height);
  for (const Point& p : points) {
    const auto first = [&](float centre) { return std::max(0, static_cast<int>(centre - 5 * radius)); };
    const auto last = [&](float centre, int size) { return std::min(size, static_cast<int>(centre + 5 * radius)); };
    for (int y = first(p.y); y < last(p.y, height); ++y) {
      for (int x = first(p.x); x < last(p.x, width); ++x) {
        const double distance = std::hypot(x + 0.5 - p.x, y + 0.5 - p.y) / radius;
        uint8_t* pixel = image.row(y) + 3 * x;
        const double light = std::min(255.0, pixel[0] + 250 * std::exp(-distance * distance / 2));
        std::fill_n(pixel, 3, static_cast<uint8_t>(std::lround(light)));
      }
    }
  }
  return image;
}

/// The centre of the light within `reach` of a point.
Point centre_of_light(const Image& image, const Point& near, double reach) {
  double sum = 0;
  double sum_x = 0;
  double sum_y = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      if (std::hypot(x + 0.5 - near.x, y + 0.5 - near.y) > reach) continue;
      const double light = image.row(y)[3 * x];
      sum += light;
      sum_x += light * (x + 0.5);
      sum_y += light * (y + 0.5);
    }
  }
  return {static_cast<float>(sum_x / sum), static_cast<float>(sum_y / sum)};
}

TEST(FitSimilarity, RecoversAKnownOne) {
  for (const double scale : {0.05, 0.7, 1.0, 13.0}) {
    for (const double degrees : {0.0, 17.0, 90.0, -140.0, 180.0}) {
      const Similarity known = similarity(scale, degrees, -31, 250);
      const Landmarks from = alignment_template(112);
      const Similarity found = fit_similarity(from, moved(from, known));
      EXPECT_NEAR(found.a, known.a, 1e-5 * scale);
      EXPECT_NEAR(found.b, known.b, 1e-5 * scale);
      EXPECT_NEAR(found.dx, known.dx, 1e-3);
      EXPECT_NEAR(found.dy, known.dy, 1e-3);
      const Point there = found.inverse().apply(found.apply({12, 34}));
      EXPECT_NEAR(there.x, 12, 1e-3);
      EXPECT_NEAR(there.y, 34, 1e-3);
    }
  }
}

TEST(FitSimilarity, NoOtherOneIsNearer) {
  std::mt19937 random(5);
  std::normal_distribution<float> jitter(0, 6);
  for (int round = 0; round < 20; ++round) {
    const Landmarks from = alignment_template(112);
    Landmarks to = moved(from, similarity(1.4, 25, 40, -8));
    for (Point& p : to) p = {p.x + jitter(random), p.y + jitter(random)};
    const auto error = [&](const Similarity& by) {
      double sum = 0;
      for (size_t i = 0; i < from.size(); ++i) {
        sum += std::pow(by.a * from[i].x - by.b * from[i].y + by.dx - to[i].x, 2) +
               std::pow(by.b * from[i].x + by.a * from[i].y + by.dy - to[i].y, 2);
      }
      return sum;
    };
    const Similarity best = fit_similarity(from, to);
    for (const double step : {-1e-3, 1e-3}) {
      EXPECT_GT(error({best.a + step, best.b, best.dx, best.dy}), error(best));
      EXPECT_GT(error({best.a, best.b + step, best.dx, best.dy}), error(best));
      EXPECT_GT(error({best.a, best.b, best.dx + 50 * step, best.dy}), error(best));
      EXPECT_GT(error({best.a, best.b, best.dx, best.dy + 50 * step}), error(best));
    }
  }
}

TEST(AlignFace, PutsThePointsOnTheTemplate) {
  for (const int size : {112, 224}) {
    const Landmarks wanted = alignment_template(size);
    for (const double scale : {0.6, 1.0, 1.7, 5.0}) {
      for (const double degrees : {0.0, 23.0, -75.0, 170.0}) {
        Similarity to_picture = similarity(scale, degrees, 0, 0);
        const Point middle = to_picture.apply({static_cast<float>(size) / 2, static_cast<float>(size) / 2});
        to_picture.dx = 450.3 - middle.x;
        to_picture.dy = 450.8 - middle.y;
        const Landmarks points = moved(wanted, to_picture);
        const double radius = 2.5;  // in the crop
        const Image picture = spots(900, 900, points, radius * scale);
        const Image crop = align_face(picture.view(), points, size);
        ASSERT_EQ(crop.width(), size);
        ASSERT_EQ(crop.height(), size);
        for (const Point& p : wanted) {
          const Point found = centre_of_light(crop, p, 3 * radius);
          EXPECT_NEAR(found.x, p.x, 0.05) << size << " " << scale << " " << degrees;
          EXPECT_NEAR(found.y, p.y, 0.05) << size << " " << scale << " " << degrees;
        }
      }
    }
  }
}

TEST(AlignFace, AShiftByWholePixelsCopiesThem) {
  Image picture(200, 190);
  std::mt19937 random(2);
  std::generate_n(picture.row(0), 3 * 200 * 190, [&] { return static_cast<uint8_t>(random() >> 24); });
  const Image crop = align_face(picture.view(), moved(alignment_template(112), {1, 0, 30, 20}), 112);
  for (int y = 0; y < 112; ++y) {
    for (int x = 0; x < 3 * 112; ++x) ASSERT_NEAR(crop.row(y)[x], picture.row(y + 20)[x + 90], 1);
  }
}

TEST(AlignFace, FineDetailIsAveragedNotAliased) {
  Image board(1200, 1200);
  for (int y = 0; y < 1200; ++y) {
    for (int x = 0; x < 1200; ++x) std::fill_n(board.row(y) + 3 * x, 3, static_cast<uint8_t>((x + y) % 2 * 254));
  }
  const Image crop = align_face(board.view(), moved(alignment_template(112), similarity(7.3, 12, 250, 100)), 112);
  for (int i = 0; i < 3 * 112 * 112; ++i) ASSERT_NEAR(crop.row(0)[i], 127, 12);
}

TEST(AlignFace, OutsideIsBlack) {
  Image white(50, 50);
  std::fill_n(white.row(0), 3 * 50 * 50, uint8_t{255});
  const Image beside = align_face(white.view(), moved(alignment_template(112), {1, 0, 5000, 0}), 112);
  EXPECT_TRUE(std::all_of(beside.row(0), beside.row(0) + 3 * 112 * 112, [](uint8_t v) { return v == 0; }));
  const Image partly = align_face(white.view(), alignment_template(112), 112);
  EXPECT_EQ(partly.row(20)[3 * 20], 255);
  EXPECT_EQ(partly.row(20)[3 * 80], 0);
}

TEST(AlignFace, SizesFromOneUp) {
  const Image picture = spots(60, 60, alignment_template(50), 4);
  for (const int size : {1, 2, 3, 7, 500}) {
    EXPECT_EQ(align_face(picture.view(), alignment_template(50), size).width(), size);
  }
  EXPECT_EQ(align_face(Image(1, 1).view(), alignment_template(112), 112).height(), 112);
}

TEST(AlignFace, PointsThatMakeNoFaceAreErrors) {
  const Image picture(50, 50);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Landmarks points(kLandmarkCount, Point{10, 10});
  EXPECT_THROW(align_face(picture.view(), points, 112), Error);
  points = alignment_template(40);
  points[3].y = nan;
  EXPECT_THROW(align_face(picture.view(), points, 112), Error);
  points[3].y = std::numeric_limits<float>::infinity();
  EXPECT_THROW(align_face(picture.view(), points, 112), Error);
  points[3].y = 1e30F;
  EXPECT_THROW(align_face(picture.view(), points, 112), Error);
  EXPECT_THROW(align_face(picture.view(), alignment_template(40), 0), ContractError);
  EXPECT_THROW(align_face({}, alignment_template(40), 112), ContractError);
  EXPECT_THROW(align_face(picture.view(), Landmarks(4), 112), ContractError);
}

TEST(AlignFace, AnyPointsGiveACropOrAnError) {
  const Image picture(64, 64);
  std::mt19937 random(9);
  for (int round = 0; round < 300; ++round) {
    const float reach = std::pow(10.0F, static_cast<float>(round % 7));
    std::uniform_real_distribution<float> place(-reach, reach);
    Landmarks points(kLandmarkCount);
    for (Point& p : points) p = {place(random), place(random)};
    try {
      EXPECT_EQ(align_face(picture.view(), points, 32).width(), 32);
    } catch (const Error&) {
      continue;
    }
  }
}

TEST(CropWithMargin, IsTheResampledSquareWindow) {
  const Image picture = spots(120, 100, alignment_template(100), 5);
  const Image crop = crop_with_margin(picture.view(), {30, 20, 70, 60}, 0.25F, 30);
  std::vector<float> expected(3 * 30 * 30);
  resample(picture.view(), {20, 10, 80, 70}, 0, {expected.data(), 30, 30, 90});
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(crop.row(0)[i], expected[i], 0.5 + 1e-3);
}

TEST(CropWithMargin, KeepsTheShapeOfThingsAndBlackOutside) {
  Image white(40, 40);
  std::fill_n(white.row(0), 3 * 40 * 40, uint8_t{255});
  // The square window is [-10, 30) x [0, 40): a quarter of it lies outside.
  const Image crop = crop_with_margin(white.view(), {0, 0, 20, 40}, 0, 20);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) EXPECT_EQ(crop.row(y)[3 * x], x < 5 ? 0 : 255) << x << " " << y;
  }
}

TEST(CropWithMargin, BadBoxesAreErrors) {
  const Image picture(40, 40);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Box& box : {Box{5, 5, 5, 9}, Box{9, 5, 5, 9}, Box{nan, 0, 5, 5}, Box{0, 0, nan, 5}, Box{0, 0, 3e38F, 5},
                         Box{-std::numeric_limits<float>::infinity(), 0, 5, 5}}) {
    EXPECT_THROW(crop_with_margin(picture.view(), box, 0.2F, 24), Error);
  }
  EXPECT_THROW(crop_with_margin(picture.view(), {0, 0, 5, 5}, -0.1F, 24), ContractError);
  EXPECT_THROW(crop_with_margin(picture.view(), {0, 0, 5, 5}, 0.1F, 0), ContractError);
}

}  // namespace
}  // namespace mtcnn
