#include "mtcnn/live/tracker.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr double kStep = 1 / 30.0;

Face face_at(double x, double y, double side = 80) {
  const auto at = [](double value) { return static_cast<float>(value); };
  Face face{{at(x - side / 2), at(y - side / 2), at(x + side / 2), at(y + side / 2)}, 0.9F, {}};
  face.landmarks.resize(kLandmarkCount);
  for (size_t i = 0; i < face.landmarks.size(); ++i)
    face.landmarks[i] = {at(x + 0.1 * side * static_cast<double>(i)), at(y)};
  return face;
}

/// Matches and takes in one frame; the identity of each face.
std::vector<int64_t> step(Tracker& tracker, const std::vector<Face>& faces, double time_s) {
  const std::vector<size_t> places = tracker.update(faces, tracker.match(faces, time_s), time_s);
  std::vector<int64_t> ids;
  for (const size_t place : places) ids.push_back(tracker.tracks()[place].id);
  return ids;
}

TEST(Tracker, NothingInNothingOut) {
  Tracker tracker;
  EXPECT_TRUE(tracker.match({}, 0).empty());
  EXPECT_TRUE(tracker.update({}, {}, 0).empty());
  EXPECT_TRUE(tracker.predict(1).empty());
}

TEST(Tracker, ExpectsAFaceWhereItsMotionLeads) {
  Tracker tracker;
  for (int i = 0; i < 10; ++i) step(tracker, {face_at(100 + 6.0 * i, 50 - 2.0 * i, 80 * std::pow(1.01, i))}, i * kStep);
  const Face expected = tracker.predict(10 * kStep).front();
  EXPECT_NEAR((expected.box.x1 + expected.box.x2) / 2, 160, 0.1);
  EXPECT_NEAR((expected.box.y1 + expected.box.y2) / 2, 30, 0.1);
  EXPECT_NEAR(expected.box.width(), 80 * std::pow(1.01, 10), 0.1);
  EXPECT_NEAR(expected.landmarks[2].x, 160 + 0.2 * 80 * std::pow(1.01, 10), 0.2) << "points move along";
}

TEST(Tracker, FacesThatPassEachOtherKeepTheirIdentities) {
  // Rows 90 pixels apart for faces of 80, at up to 30 pixels a frame, with noise and now and then a face that is
  // missed; the order of the list changes as confidences would change it.
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0, 2);
  for (const double speed : {1.0, 5.0, 12.0, 30.0}) {
    Tracker tracker;
    const int frames = static_cast<int>(600 / speed);
    int64_t first = 0;
    int64_t second = 0;
    for (int i = 0; i < frames; ++i) {
      const Face right = face_at(100 + speed * i + noise(random), 100 + noise(random));
      const Face left = face_at(700 - speed * i + noise(random), 190 + noise(random));
      const bool miss_right = i > 3 && i % 7 == 0;
      const bool miss_left = i > 3 && i % 11 == 0;
      std::vector<Face> faces;
      if (!miss_right) faces.push_back(right);
      if (!miss_left) faces.insert(i % 2 == 0 ? faces.begin() : faces.end(), left);
      const std::vector<int64_t> ids = step(tracker, faces, i * kStep);
      for (size_t k = 0; k < faces.size(); ++k) {
        const bool is_right = (faces[k].box.y1 + faces[k].box.y2) / 2 < 145;
        int64_t& id = is_right ? first : second;
        if (id == 0) id = ids[k];
        ASSERT_EQ(ids[k], id) << "speed " << speed << " frame " << i;
      }
    }
    EXPECT_NE(first, second);
  }
}

TEST(Tracker, AFaceThatWasMissedKeepsItsIdentityForHalfASecondOnly) {
  Tracker tracker;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(step(tracker, {face_at(100, 100)}, i * kStep).front(), 1);
  for (int i = 5; i < 15; ++i) step(tracker, {}, i * kStep);
  EXPECT_EQ(step(tracker, {face_at(102, 100)}, 15 * kStep).front(), 1);
  for (int i = 16; i < 40; ++i) step(tracker, {}, i * kStep);
  EXPECT_TRUE(tracker.tracks().empty());
  EXPECT_EQ(step(tracker, {face_at(102, 100)}, 40 * kStep).front(), 2) << "an identity is not given twice";
}

TEST(Tracker, AnotherPlaceOrSizeIsAnotherFace) {
  Tracker tracker;
  for (int i = 0; i < 5; ++i) step(tracker, {face_at(100, 100)}, i * kStep);
  EXPECT_EQ(step(tracker, {face_at(180, 100)}, 5 * kStep).front(), 2);
  EXPECT_EQ(step(tracker, {face_at(100, 100, 160)}, 6 * kStep).front(), 3);
}

TEST(Tracker, EachTrackGoesOnOnce) {
  Tracker tracker;
  step(tracker, {face_at(100, 100)}, 0);
  const std::vector<int64_t> ids = step(tracker, {face_at(110, 100), face_at(101, 100)}, kStep);
  EXPECT_EQ(ids, (std::vector<int64_t>{2, 1})) << "the nearer face is the known one";
}

TEST(Tracker, RefusesListsThatDoNotFit) {
  Tracker tracker;
  const std::vector<Face> faces = {face_at(1, 1)};
  EXPECT_THROW(tracker.update(faces, {}, 0), ContractError);
  const std::vector<size_t> wrong = {0};
  EXPECT_THROW(tracker.update(faces, wrong, 0), ContractError);
}

TEST(Tracker, FacesWithoutAreaDoNoHarm) {
  Tracker tracker;
  const Face flat{{10, 10, 10, 10}, 0.5F, {}};
  for (int i = 0; i < 3; ++i) step(tracker, {flat}, i * kStep);
  EXPECT_TRUE(std::isfinite(tracker.predict(4 * kStep).front().box.x1));
}

}  // namespace
}  // namespace mtcnn
