#include "mtcnn/eval/calibration.h"

#include "mtcnn/core/error.h"

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using Labels = std::vector<std::vector<FaceAnnotation>>;

/// Ten images with a face and ten without any.
Labels labels() {
  Labels all(20);
  for (size_t i = 0; i < 10; ++i) all[i] = {{.x = 10, .y = 10, .w = 40, .h = 40}};
  return all;
}

/// A cascade whose first two nets lose one face each above 0.6, and whose answers on empty images score .1, .2 … 1.
CascadeRun made_run(const std::array<float, 3>& thresholds) {
  CascadeRun run{.faces = std::vector<std::vector<ScoredBox>>(20)};
  size_t lost = (thresholds[0] > .65F ? 1U : 0U) + (thresholds[1] > .65F ? 1U : 0U);
  for (size_t i = 0; i < 20; ++i) {
    if (i < 10 && i >= lost) run.faces[i] = {{{10, 10, 50, 50}, .8F}};
    if (i >= 10) run.faces[i] = {{{0, 0, 20, 20}, .1F * static_cast<float>(i - 9)}};
  }
  run.windows_after_pnet = 100 * (1 - thresholds[0]);
  return run;
}

TEST(Calibration, RaisesThresholdsWhileRecallHolds) {
  const Calibration result = calibrate(labels(), {.false_faces_per_picture = .3, .lost_recall = 0}, made_run);
  EXPECT_EQ(result.faces, 10);
  EXPECT_EQ(result.empty_pictures, 10);
  EXPECT_TRUE(result.empty_alone);
  EXPECT_FLOAT_EQ(result.chosen.thresholds[0], .6F);
  EXPECT_FLOAT_EQ(result.chosen.thresholds[1], .6F);
  // Of .1 … 1, three may stay: .8 and up.
  EXPECT_NEAR(result.chosen.thresholds[2], .71F, .011F);
  EXPECT_EQ(result.chosen.false_faces, 3);
  EXPECT_DOUBLE_EQ(result.chosen.recall, 1);
  EXPECT_NE(calibration_text(result).find("chosen"), std::string::npos);
}

TEST(Calibration, GivesUpAsMuchRecallAsIsAllowed) {
  const Calibration result = calibrate(labels(), {.false_faces_per_picture = .3, .lost_recall = .1}, made_run);
  EXPECT_FLOAT_EQ(result.chosen.thresholds[0], .9F);
  EXPECT_FLOAT_EQ(result.chosen.thresholds[1], .6F);
  EXPECT_DOUBLE_EQ(result.chosen.recall, .9);
}

TEST(Calibration, FewerFalseFacesCostRecall) {
  const Calibration result = calibrate(labels(), {.false_faces_per_picture = 0, .lost_recall = 0}, made_run);
  EXPECT_EQ(result.chosen.recall, 0) << "faces score .8, a false one 1";
}

TEST(Calibration, IgnoredAndLowFacesCountNowhere) {
  Labels all = labels();
  all[0][0].ignore = true;
  all[1][0].h = 5;
  EXPECT_EQ(calibrate(all, {}, made_run).faces, 8);
}

/// The face of each of ten images at .8, and a box beside it that scores .1, .2 … 1.
CascadeRun run_without_empty_pictures(const std::array<float, 3>& thresholds) {
  CascadeRun run{.faces = std::vector<std::vector<ScoredBox>>(10)};
  for (size_t i = 0; i < 10; ++i)
    run.faces[i] = {{{10, 10, 50, 50}, .8F}, {{60, 60, 90, 90}, .1F * static_cast<float>(i + 1)}};
  run.windows_after_pnet = 100 * (1 - thresholds[0]);
  return run;
}

TEST(Calibration, WithoutEmptyPicturesBoxesThatOverlapNoLabelAreFalse) {
  Labels faces = labels();
  faces.resize(10);
  const Calibration result = calibrate(faces, {.false_faces_per_picture = .3}, run_without_empty_pictures);
  EXPECT_EQ(result.empty_pictures, 0);
  EXPECT_EQ(result.pictures, 10);
  EXPECT_NEAR(result.chosen.thresholds[2], .71F, .011F);
  EXPECT_EQ(result.chosen.false_faces, 3);
  EXPECT_EQ(result.chosen.recall, 1);
  const std::string text = calibration_text(result, "kangaroo");
  EXPECT_NE(text.find("10 kangaroos; false kangaroos on all 10 images, as each has a kangaroo"), std::string::npos)
      << text;
  // An ignored object is no false one.
  for (std::vector<FaceAnnotation>& picture : faces)
    picture.push_back({.x = 60, .y = 60, .w = 30, .h = 30, .ignore = true});
  EXPECT_EQ(calibrate(faces, {.false_faces_per_picture = 0}, run_without_empty_pictures).chosen.recall, 1);
}

TEST(Calibration, FewEmptyImagesAreCountedWithTheOthers) {
  EXPECT_EQ(enough_empty_images(0.0175), 58);  // of 57 images the limit allows none to have a false face
  EXPECT_EQ(enough_empty_images(0.3), 4);
  EXPECT_EQ(enough_empty_images(5), 1);
  EXPECT_EQ(enough_empty_images(0), 100);
  EXPECT_EQ(enough_empty_images(1e-9), 100);
  // Ten images with an object and one without: false boxes on the ten count as they do without that one.
  Labels faces = labels();
  faces.resize(11);
  const auto with_empty = [](const std::array<float, 3>& thresholds) {
    CascadeRun run = run_without_empty_pictures(thresholds);
    run.faces.push_back({{{0, 0, 20, 20}, .75F}});
    return run;
  };
  const Calibration result = calibrate(faces, {.false_faces_per_picture = .3}, with_empty);
  EXPECT_EQ(result.empty_pictures, 1);
  EXPECT_FALSE(result.empty_alone);
  EXPECT_NEAR(result.chosen.thresholds[2], .76F, .011F);  // of .1 … 1 and .75, three may stay
  EXPECT_EQ(result.chosen.false_faces, 3);
  const std::string text = calibration_text(result);
  EXPECT_NE(text.find("on all 11 images, as only 1 are without a face"), std::string::npos) << text;
}

TEST(Calibration, BoxesInsideAnIgnoredRegionAreNotFalse) {
  Labels faces = labels();
  faces.resize(10);
  // A crowd that covers each box of 30 x 30 but is far larger than it.
  for (std::vector<FaceAnnotation>& picture : faces)
    picture.push_back({.x = 55, .y = 55, .w = 300, .h = 300, .ignore = true});
  EXPECT_EQ(calibrate(faces, {.false_faces_per_picture = 0}, run_without_empty_pictures).chosen.recall, 1);
  // Less than half of the box in the region is not enough.
  for (std::vector<FaceAnnotation>& picture : faces) picture.back().x = 76;
  EXPECT_EQ(calibrate(faces, {.false_faces_per_picture = 0}, run_without_empty_pictures).chosen.recall, 0);
}

TEST(Calibration, MayKeepTheFirstTwoThresholds) {
  const Calibration result =
      calibrate(labels(), {.false_faces_per_picture = .3, .third_only = true, .loosest = {.1F, .15F}}, made_run);
  EXPECT_EQ(result.trials.size(), 1U);
  EXPECT_FLOAT_EQ(result.chosen.thresholds[0], .1F);
  EXPECT_FLOAT_EQ(result.chosen.thresholds[1], .15F);
  EXPECT_NEAR(result.chosen.thresholds[2], .71F, .011F);
}

TEST(Calibration, BeginsAtTheModelsOwnThresholdsWhereTheyAreLow) {
  const Calibration result = calibrate(labels(), {.loosest = {.1F, .05F}}, made_run);
  EXPECT_FLOAT_EQ(result.trials.front().thresholds[0], .1F);
  EXPECT_FLOAT_EQ(result.trials.front().thresholds[1], .05F);
}

TEST(Calibration, NeedsFaces) {
  EXPECT_THROW(calibrate(Labels(3), {}, made_run), Error);
  EXPECT_THROW(calibrate(Labels(), {}, made_run), Error);
}

}  // namespace
}  // namespace mtcnn
