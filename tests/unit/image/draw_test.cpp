#include "mtcnn/image/draw.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr uint8_t kGround = 100;

Image plain(int width, int height) {
  Image image(width, height);
  if (!image.empty()) std::fill_n(image.row(0), 3 * static_cast<size_t>(width) * static_cast<size_t>(height), kGround);
  return image;
}

bool is_touched(const Image& image, int x, int y) {
  const uint8_t* pixel = image.row(y) + 3 * x;
  return pixel[0] != kGround || pixel[1] != kGround || pixel[2] != kGround;
}

size_t touched(const Image& image) {
  size_t count = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) count += is_touched(image, x, y) ? 1 : 0;
  }
  return count;
}

Face face_in(const Box& box) {
  Face face{.box = box, .confidence = 0.97F};
  const auto at = [&](float x, float y) { return Point{box.x1 + x * box.width(), box.y1 + y * box.height()}; };
  face.landmarks = {at(.3F, .4F), at(.7F, .4F), at(.5F, .6F), at(.35F, .8F), at(.65F, .8F)};
  return face;
}

Image drawn(int width, int height, const std::vector<Face>& faces) {
  Image image = plain(width, height);
  draw_faces(image, faces);
  return image;
}

/// How many pixels the left line is wide, in the row at 3/4 of the box (no label is there).
int line_width(const Image& image, const Box& box) {
  const int y = static_cast<int>(box.y1 + 0.75F * box.height());
  const auto x = static_cast<int>(box.x1);
  int right = x;
  while (is_touched(image, right, y)) ++right;
  return right - x;
}

TEST(DrawFaces, LinesLieOnTheBoxAndTheRestStaysAsItWas) {
  const Box box{50, 60, 110, 140};
  const Image image = drawn(200, 200, {face_in(box)});
  for (const int x : {50, 80, 109}) {
    EXPECT_TRUE(is_touched(image, x, 60));
    EXPECT_TRUE(is_touched(image, x, 139));
  }
  for (const int y : {60, 100, 139}) {
    EXPECT_TRUE(is_touched(image, 50, y));
    EXPECT_TRUE(is_touched(image, 109, y));
  }
  for (const Point& point : face_in(box).landmarks) {
    EXPECT_TRUE(is_touched(image, static_cast<int>(point.x), static_cast<int>(point.y)));
  }
  EXPECT_FALSE(is_touched(image, 60, 70));
  EXPECT_FALSE(is_touched(image, 80, 92));  // the eyes' line, between them
  EXPECT_FALSE(is_touched(image, 20, 100));
  EXPECT_FALSE(is_touched(image, 150, 180));
}

TEST(DrawFaces, EveryFaceWithRoomHasALabelInsideThePicture) {
  for (const Box& box : {Box{50, 60, 110, 140}, Box{50, 0, 110, 80}, Box{-20, -20, 60, 60}, Box{150, 120, 230, 190},
                         Box{5, 5, 195, 195}}) {
    Face face = face_in(box);
    const Image image = drawn(200, 200, {face});
    face.confidence = 0.11F;
    const Image changed = drawn(200, 200, {face});
    // Another confidence shows, so the text can be seen.
    EXPECT_FALSE(std::equal(image.row(0), image.row(0) + 3 * 200 * 200, changed.row(0)));
  }
}

TEST(DrawFaces, LinesGrowWithThePicture) {
  const auto width_at = [](int side) {
    const auto unit = static_cast<float>(side);
    const Box box{0.25F * unit, 0.25F * unit, 0.75F * unit, 0.75F * unit};
    return line_width(drawn(side, side, {face_in(box)}), box);
  };
  EXPECT_EQ(width_at(100), 1);
  EXPECT_LT(width_at(100), width_at(1200));
  EXPECT_LT(width_at(1200), width_at(4000));
}

TEST(DrawFaces, BoxesMayLeaveThePicture) {
  EXPECT_GT(touched(drawn(100, 80, {face_in({-30, -30, 50, 50})})), 0U);
  EXPECT_EQ(touched(drawn(100, 80, {face_in({-3e6F, -3e6F, 3e6F, 3e6F})})),
            touched(drawn(100, 80, {face_in({-3e30F, -3e30F, 3e30F, 3e30F})})));
}

TEST(DrawFaces, OddInputDoesNoHarm) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<Face> faces;
  const float odd[] = {nan, infinity, -infinity, 3e38F, -3e38F, 0, 1e9F, -5, 40};
  for (const float a : odd) {
    for (const float b : odd) {
      faces.push_back(face_in({a, b, 50, 50}));
      faces.push_back(face_in({10, 10, a, b}));
      faces.push_back(face_in({10, 10, 30, 30}));
      faces.back().landmarks[2] = {a, b};
      faces.back().confidence = a;
    }
  }
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {3, 2}, {64, 48}, {900, 700}}) {
    Image image = drawn(width, height, faces);
    EXPECT_EQ(image.width(), width);
  }
  Image none;
  draw_faces(none, faces);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(touched(drawn(64, 48, {face_in({nan, 1, 20, 20})})), 0U);
  EXPECT_EQ(touched(drawn(64, 48, {})), 0U);
}

TEST(DrawFaces, LabelsAreOneAFace) {
  const std::vector<Face> faces = {face_in({20, 40, 80, 100})};
  Image image(120, 120);
  EXPECT_THROW(draw_faces(image, faces, {}), ContractError);
  const std::vector<std::string> labels = {"#12 0.98"};
  draw_faces(image, faces, labels);
  EXPECT_GT(touched(image), touched(drawn(120, 120, faces))) << "a longer label";
}

TEST(DrawNotes, WritesIntoTheCornerOnly) {
  Image image(200, 100);
  const std::vector<std::string> lines = {"30.0 frames/s", "pnet 4.2"};
  draw_notes(image, lines);
  EXPECT_GT(touched(image), 50U);
  for (int y = 60; y < 100; ++y) {
    for (int x = 0; x < 3 * 200; ++x) ASSERT_EQ(image.row(y)[x], 0);
  }
}

TEST(DrawNotes, AnySizeWillDo) {
  const std::vector<std::string> lines = {"30.0 frames/s and a line that is too long for most pictures", "",
                                          "pnet 4.2"};
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {3, 2}, {64, 48}, {900, 700}}) {
    Image image(width, height);
    draw_notes(image, lines);
    draw_notes(image, {});
  }
  Image none;
  draw_notes(none, lines);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace mtcnn
