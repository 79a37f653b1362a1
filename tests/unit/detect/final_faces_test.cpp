#include "mtcnn/detect/final_faces.h"

#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/engine/runner.h"

#include <cmath>

#include "unit/detect/made_detectors.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(FinalFaces, KnowsWhichPointsChangePlaces) {
  EXPECT_EQ(mirrored_points(face_landmarks().names), face_landmarks().mirror);
  const std::vector<std::string> other_order = {"mouth_right", "nose", "right_eye", "left_eye", "mouth_left"};
  EXPECT_EQ(mirrored_points(other_order), (std::vector<size_t>{4, 1, 3, 2, 0}));
  EXPECT_TRUE(mirrored_points(std::vector<std::string>{"tip", "left", "right", "a", "b"}).empty());
  EXPECT_TRUE(mirrored_points(std::vector<std::string>{}).empty());
}

/// What the net says of the mirror image is turned round: its left edge is the image's right one.
TEST(FinalFaces, SecondLookIsMirroredBack) {
  const Box window{10, 20, 50, 60};
  Face face{.box = window, .confidence = 0.5F, .landmarks = Landmarks(5, Point{0, 0})};
  std::vector<float> values(kFaceValues + 10);
  values[0] = 2;
  values[1] = 0.1F;             // left edge, in the mirror
  values[kFaceValues] = 0.25F;  // left eye, in the mirror
  values[kFaceValues + 1] = 0.5F;
  DetectorOptions options;
  options.confidence.mirror_weight = 1;
  const SecondLook look{0, window, &face};
  add_second_look(look, values, options, {.landmark_shift = -1}, face_landmarks().mirror);
  EXPECT_NEAR(face.confidence, 1 / (1 + std::exp(-1.0F)), 1e-6);
  EXPECT_NEAR(face.box.x1, 10, 1e-5);
  EXPECT_NEAR(face.box.x2, 50 - 0.1F * 40 / 2, 1e-5);
  EXPECT_NEAR(face.landmarks[1].x, (50 - 0.25F * 40 + 1) / 2, 1e-5) << "the right eye";
  EXPECT_NEAR(face.landmarks[1].y, (20 + 0.5F * 40 - 1) / 2, 1e-5);
  options.confidence.pnet_weight = 3;
  face.confidence = 1;
  add_second_look(look, values, options, {}, {});
  EXPECT_TRUE(std::isfinite(face.confidence));
  EXPECT_GT(face.confidence, 0.99F) << "four votes against one";
}

/// Each net's second answer is mirror_weight times as heavy as its first.
TEST(FinalFaces, RNetsSecondLookCountsToo) {
  const Box window{10, 20, 50, 60};
  Face face{.box = window, .confidence = 0.5F, .landmarks = {}};  // a mean of first logits of 0
  std::vector<float> values(kFaceValues);
  values[0] = 1;
  DetectorOptions options;
  options.confidence.mirror_weight = 2;
  EXPECT_FALSE(rnet_looks_again(options));
  options.confidence.rnet_weight = 0.5F;
  EXPECT_TRUE(rnet_looks_again(options));
  add_second_look({0, window, &face, 3}, values, options, {}, {});
  EXPECT_NEAR(face.confidence, 1 / (1 + std::exp(-2 * (1 + 0.5F * 3) / (1.5F + 3))), 1e-6);
  EXPECT_EQ(face.box.x1, window.x1);
}

TEST(FinalFaces, DoubtedFacesGoAndTheStrongestComeFirst) {
  DetectorOptions options;
  options.thresholds[2] = 0.5F;
  options.confidence.support = 1;
  options.clip = true;
  const std::vector<FoundFace> found = {
      {{{-5, 0, 10, 10}, 0.6F, {}}, 0}, {{{0, 0, 10, 10}, 0.49F, {}}, 100}, {{{0, 0, 10, 10}, 0.5F, {}}, 1}};
  const std::vector<Face> faces = finished(found, options, 20, 8);
  ASSERT_EQ(faces.size(), 2U) << "agreement does not bring a face back";
  EXPECT_FLOAT_EQ(faces[0].confidence, 0.75F);
  EXPECT_FLOAT_EQ(faces[1].confidence, 0.6F);
  EXPECT_EQ(faces[1].box.x1, 0);
  EXPECT_EQ(faces[1].box.y2, 8);
}

/// An image and its mirror image have mirrored faces once both looks weigh the same and windows do not vote.
TEST(FinalFaces, ASecondLookEqualsAFirstOneAtTheMirrorImage) {
  const Image image = noise(96, 96, 5);
  Image mirrored(96, 96);
  for (int y = 0; y < 96; ++y) {
    for (int x = 0; x < 96; ++x) std::copy_n(image.row(y) + 3 * (95 - x), 3, mirrored.row(y) + 3 * x);
  }
  DetectorOptions options = random_detector().options();
  options.thresholds[2] = 0;
  options.nms_onet = 1;
  const std::vector<Face> plain = random_detector().with(set_to(options)).detect(image.view());
  ASSERT_FALSE(plain.empty());
  options.confidence.mirror_weight = 1;
  const std::vector<Face> looked = random_detector().with(set_to(options)).detect(image.view());
  ASSERT_EQ(looked.size(), plain.size());
  size_t checked = 0;
  for (const Face& face : plain) {
    const Box window = square(face.box);
    const std::vector<Box> there = {{96 - window.x2, window.y1, 96 - window.x1, window.y2}};
    const auto second = random_detector().with(set_to(options)).refine(mirrored.view(), there).front();
    if (!second) continue;
    const float right = (face.box.x2 + 96 - second->box.x1) / 2;
    checked += std::count_if(looked.begin(), looked.end(), [&](const Face& one) {
                 return std::abs(one.box.x2 - right) < 0.01F &&
                        std::abs(one.landmarks[0].x - (face.landmarks[0].x + 96 - second->landmarks[1].x) / 2) < 0.01F;
               }) > 0;
  }
  EXPECT_EQ(checked, plain.size());
}

}  // namespace
}  // namespace mtcnn
