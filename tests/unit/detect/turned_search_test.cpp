#include "mtcnn/detect/turned_search.h"

#include "mtcnn/core/error.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/turn.h"

#include <algorithm>
#include <cmath>

#include "unit/detect/made_detectors.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

Detector turning(const Detector& detector, int rotate) {
  return detector.with([&](DetectorOptions& options) { options.rotate = rotate; });
}

Image sample(const std::string& name) { return read_image(std::string(MTCNN_SAMPLES_DIR) + "/" + name); }

/// The default model: what is found must be a face here.
const Detector& faces_detector() {
  static const Detector detector;
  return detector;
}

std::vector<Face> surest(std::vector<Face> faces) {
  std::erase_if(faces, [](const Face& face) { return face.confidence < 0.9F; });
  return faces;
}

class TurnedSamples : public ::testing::TestWithParam<int> {};

/// A sample turned by each quarter: the same face, its box and landmarks where they have come to, and its angle.
TEST_P(TurnedSamples, FacesAreFoundInEveryTurn) {
  for (const char* name : {"astronaut.jpg", "grace_hopper.jpg"}) {
    const Image image = sample(name);
    const std::vector<Face> expected = surest(faces_detector().detect(image.view()));
    ASSERT_EQ(expected.size(), 1U);
    EXPECT_EQ(expected.front().angle, 0);
    for (int quarters = 0; quarters < 4; ++quarters) {
      const auto [turned, to_source] = turned_by_quarters(image.view(), quarters);
      const std::vector<Face> faces = surest(turning(faces_detector(), GetParam()).detect(turned.view()));
      ASSERT_EQ(faces.size(), 1U) << name << " " << quarters;
      const Face& face = faces.front();
      EXPECT_EQ(face.angle, static_cast<float>(90 * quarters)) << name;
      const Point first = to_source.apply({face.box.x1, face.box.y1});
      const Point second = to_source.apply({face.box.x2, face.box.y2});
      const Box box{std::min(first.x, second.x), std::min(first.y, second.y), std::max(first.x, second.x),
                    std::max(first.y, second.y)};
      EXPECT_NEAR(box.x1, expected.front().box.x1, 0.01) << name << " " << quarters;
      EXPECT_NEAR(box.y1, expected.front().box.y1, 0.01) << name << " " << quarters;
      EXPECT_NEAR(box.x2, expected.front().box.x2, 0.01) << name << " " << quarters;
      EXPECT_NEAR(box.y2, expected.front().box.y2, 0.01) << name << " " << quarters;
      for (size_t i = 0; i < kLandmarkCount; ++i) {
        const Point point = to_source.apply(face.landmarks[i]);
        EXPECT_NEAR(point.x, expected.front().landmarks[i].x, 0.01) << name << " " << quarters;
        EXPECT_NEAR(point.y, expected.front().landmarks[i].y, 0.01) << name << " " << quarters;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rotate, TurnedSamples, ::testing::Values(90, 45));

TEST(TurnedSearch, FacesTurnedBy45DegreesAreFound) {
  const Image image = sample("astronaut.jpg");
  const Face upright = surest(faces_detector().detect(image.view())).front();
  const auto [turned, to_source] = turned_by_45_degrees(image.view(), 0);
  const std::vector<Face> faces = surest(turning(faces_detector(), 45).detect(turned.view()));
  ASSERT_EQ(faces.size(), 1U);
  EXPECT_EQ(faces.front().angle, 45);
  for (size_t i = 0; i < kLandmarkCount; ++i) {
    const Point point = to_source.apply(faces.front().landmarks[i]);
    EXPECT_NEAR(point.x, upright.landmarks[i].x, 6);
    EXPECT_NEAR(point.y, upright.landmarks[i].y, 6);
  }
}

TEST(TurnedSearch, UprightSearchesAreWhatTheyWere) {
  const Image image = noise(160, 120, 1);
  const std::vector<Face> faces = random_detector().detect(image.view());
  const std::vector<Face> again = turning(turning(random_detector(), 90), 0).detect(image.view());
  ASSERT_EQ(again.size(), faces.size());
  for (size_t i = 0; i < faces.size(); ++i) {
    EXPECT_EQ(again[i].box.x1, faces[i].box.x1);
    EXPECT_EQ(again[i].confidence, faces[i].confidence);
    EXPECT_EQ(again[i].angle, 0);
  }
}

/// What each turn of a made search answers: one face at a place given in the frame of the turn.
struct MadeSearch {
  std::vector<Face> faces;  ///< one for each turn
  size_t turn = 0;

  std::vector<Found> operator()(std::span<const ImageView> images, const DetectorOptions& options) {
    EXPECT_EQ(options.rotate, 0);
    EXPECT_FALSE(options.clip);
    std::vector<Found> found(images.size());
    for (Found& one : found) one.faces = {faces[turn++]};
    return found;
  }
};

TEST(TurnedSearch, AFaceOfSeveralTurnsIsReportedOnce) {
  // One place of an image of 200 x 100, as the four turns see it.
  const Box upright{30, 20, 70, 60};
  MadeSearch made{.faces = {{upright, 0.8F, {{40, 30}}},
                            {{40, 30, 80, 70}, 0.99F, {{70, 40}}},
                            {{130, 40, 170, 80}, 0.7F, {{160, 70}}},
                            {{20, 130, 60, 170}, 0.75F, {{30, 160}}}}};
  const Image image(200, 100);
  const DetectorOptions options{.thresholds = {0.6F, 0.7F, 0.5F}, .rotate = 90};
  const Found found = search_turned(image.view(), options, 0, std::ref(made));
  ASSERT_EQ(found.faces.size(), 1U);
  const Face& face = found.faces.front();
  EXPECT_EQ(face.angle, 270) << "upright in the image turned by 90 degrees clockwise";
  EXPECT_NEAR(face.box.x1, upright.x1, 1e-3);
  EXPECT_NEAR(face.box.y2, upright.y2, 1e-3);
  EXPECT_NEAR(face.landmarks.front().x, 40, 1e-3);
  EXPECT_NEAR(face.landmarks.front().y, 30, 1e-3);
}

TEST(TurnedSearch, FacesInTheCornersOfDiagonalCopiesAreDropped) {
  const Box corner{0, 0, 30, 30};
  MadeSearch made{.faces = std::vector<Face>(8, {corner, 0.99F, {}})};
  const DetectorOptions options{.rotate = 45};
  const Found found = search_turned(Image(200, 200).view(), options, 0, std::ref(made));
  EXPECT_EQ(found.faces.size(), 4U) << "those of the four quarter turns, one in each corner of the image";
  for (const Face& face : found.faces) EXPECT_EQ(std::fmod(face.angle, 90), 0);
}

TEST(TurnedSearch, ClipsAtTheImage) {
  const Detector detector = turning(random_detector(), 45).with([](DetectorOptions& options) { options.clip = true; });
  const Image image = noise(90, 70, 3);
  const std::vector<Face> faces = detector.detect(image.view());
  ASSERT_FALSE(faces.empty());
  for (const Face& face : faces) {
    EXPECT_GE(face.box.x1, 0);
    EXPECT_GE(face.box.y1, 0);
    EXPECT_LE(face.box.x2, 90);
    EXPECT_LE(face.box.y2, 70);
  }
}

TEST(TurnedSearch, TinyOddAndEmptyImages) {
  const Detector detector = turning(random_detector(), 45);
  EXPECT_TRUE(detector.detect(Image().view()).empty());
  EXPECT_TRUE(detector.detect(noise(1, 1, 1).view()).empty());
  EXPECT_NO_THROW(detector.detect(noise(120, 3, 1).view()));
  EXPECT_NO_THROW(detector.detect(noise(13, 13, 1).view()));
}

TEST(TurnedSearch, ABatchGivesTheSameAsOneByOne) {
  const Detector detector = turning(random_detector(), 90);
  const Image wide = noise(120, 90, 1);
  const Image high = noise(50, 100, 2);
  const std::vector<ImageView> views = {wide.view(), high.view()};
  const auto together = detector.detect(views);
  ASSERT_EQ(together.size(), 2U);
  expect_same(together[0], detector.detect(wide.view()));
  expect_same(together[1], detector.detect(high.view()));
}

TEST(TurnedSearch, OtherAnglesAreRefused) {
  for (const int rotate : {-90, 1, 30, 60, 180}) EXPECT_THROW(turning(random_detector(), rotate), Error) << rotate;
  EXPECT_THROW(turning(random_detector(), 90).trace(noise(50, 50, 1).view()), Error);
}

}  // namespace
}  // namespace mtcnn
