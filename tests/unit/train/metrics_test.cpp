#include "mtcnn/train/metrics.h"

#include "mtcnn/core/error.h"

#include <cmath>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(Metrics, CountWhatTheySay) {
  // 4 positives, 3 found; 6 negatives, 1 taken for a face.
  const ValidationMetrics metrics = score_validation({.positive_scores = {.9F, .5F, .8F, .4F},
                                                      .negative_scores = {.1F, .2F, .7F, .3F, .05F, .49F},
                                                      .positive_box_errors = {.25F, .25F, .25F, .25F},
                                                      .part_box_errors = {.5F, 0, 0, 0},
                                                      .landmark_errors = {.25F, .5F, .75F},
                                                      .face_loss_sum = 5,
                                                      .landmark_squared_sum = 6},
                                                     {.face = 1, .box = .5, .landmark = 2});
  EXPECT_DOUBLE_EQ(metrics.recall, .75);
  EXPECT_DOUBLE_EQ(metrics.precision, .75);
  EXPECT_DOUBLE_EQ(metrics.accuracy, .8);
  EXPECT_DOUBLE_EQ(metrics.loss_face, .5);
  EXPECT_DOUBLE_EQ(metrics.loss_box, .25);
  EXPECT_DOUBLE_EQ(metrics.box_error, .25);
  EXPECT_DOUBLE_EQ(metrics.nme, .5);
  EXPECT_DOUBLE_EQ(metrics.loss, .5 + .125 + 4);
}

TEST(Metrics, PrecisionIsNotRecall) {
  const ValidationMetrics metrics =
      score_validation({.positive_scores = {.9F, .1F, .1F, .1F}, .negative_scores = {.1F, .2F}}, {});
  EXPECT_DOUBLE_EQ(metrics.recall, .25);
  EXPECT_DOUBLE_EQ(metrics.precision, 1);
}

TEST(Metrics, FalsePositiveRateAtRecall) {
  std::vector<float> positives;
  for (int i = 1; i <= 100; ++i) positives.push_back(static_cast<float>(i) / 100);
  // 97 of 100 reach .04.
  EXPECT_DOUBLE_EQ(false_positive_rate_at(positives, {.01F, .03F, .04F, .5F}, .97), .5);
  EXPECT_DOUBLE_EQ(false_positive_rate_at(positives, {.01F, .03F, .04F, .001F}, 1), .75);
  EXPECT_TRUE(std::isnan(false_positive_rate_at({}, {.5F}, .97)));
  EXPECT_TRUE(std::isnan(false_positive_rate_at({.5F}, {}, .97)));
  EXPECT_THROW(false_positive_rate_at({.5F}, {.5F}, 0), ContractError);
}

TEST(Metrics, WhatIsNotMeasuredIsNoNumberAndCostsNothing) {
  const ValidationMetrics metrics =
      score_validation({.positive_scores = {.9F}, .negative_scores = {.1F}, .face_loss_sum = 1}, {});
  EXPECT_TRUE(std::isnan(metrics.nme));
  EXPECT_TRUE(std::isnan(metrics.loss_box));
  EXPECT_DOUBLE_EQ(metrics.loss, .5);
  EXPECT_DOUBLE_EQ(metrics.to_minimise("accuracy"), -1);
  EXPECT_THROW(static_cast<void>(metrics.to_minimise("beauty")), ContractError);
}

}  // namespace
}  // namespace mtcnn
