#include "mtcnn/train/options.h"

#include "mtcnn/train/schedule.h"

#include "support/expect_error.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::HasSubstr;

std::string refused(const std::string& setting) {
  return testing::error_message(ErrorCode::usage, [&] {
    TrainOptions options;
    train_option_table().apply_setting(options, setting);
    check_train_options(options);
  });
}

TEST(TrainOptions, DefaultsPass) {
  for (const NetKind net : kNetKinds) EXPECT_NO_THROW(check_train_options(default_train_options(net)));
  EXPECT_EQ(default_train_options(NetKind::onet).loss.landmark, 1) << "the paper's weights";
  EXPECT_EQ(default_train_options(NetKind::rnet).loss.landmark, .5);
}

TEST(TrainOptions, WrongValuesAreNamed) {
  EXPECT_THAT(refused("optimizer.lrr=3"), HasSubstr("did you mean 'optimizer.lr'"));
  EXPECT_THAT(refused("epochs=many"), HasSubstr("epochs"));
  EXPECT_THAT(refused("optimizer.kind=sdg"), HasSubstr("did you mean 'sgd'"));
  EXPECT_THAT(refused("loss.box_loss=l3"), HasSubstr("squared, smooth_l1, iou"));
  EXPECT_THAT(refused("schedule.drops=0.5,0.4"), HasSubstr("rising shares"));
  EXPECT_THAT(refused("schedule.drops=1.5"), HasSubstr("schedule.drops"));
  EXPECT_THAT(refused("schedule.drops=soon"), HasSubstr("schedule.drops"));
  EXPECT_THAT(refused("best_metric=beauty"), HasSubstr("fpr_at_97"));
  EXPECT_THAT(refused("loss.mined=0"), HasSubstr("loss.mined"));
}

TEST(BatchOptions, SharesBecomeWholeCrops) {
  const BatchCounts counts = BatchOptions{.size = 1280}.counts();
  EXPECT_EQ(counts, (BatchCounts{.negatives = 551, .positives = 182, .parts = 182, .landmarks = 365}));
  EXPECT_EQ(counts.total(), 1280);
}

TEST(Schedule, Shapes) {
  EXPECT_EQ(learning_rate({.kind = "constant"}, .1, 99, 100), .1);
  const ScheduleOptions steps{.kind = "steps", .warm_up = 0, .drops = {.5, .75}, .factor = .1};
  EXPECT_DOUBLE_EQ(learning_rate(steps, 1, 49, 100), 1);
  EXPECT_DOUBLE_EQ(learning_rate(steps, 1, 50, 100), .1);
  EXPECT_NEAR(learning_rate(steps, 1, 99, 100), .01, 1e-12);
  const ScheduleOptions cycle{.kind = "one_cycle", .warm_up = .1};
  EXPECT_LT(learning_rate(cycle, 1, 0, 1000), .02);
  EXPECT_GT(learning_rate(cycle, 1, 0, 1000), 0);
  EXPECT_NEAR(learning_rate(cycle, 1, 100, 1000), 1, 1e-9);
  EXPECT_NEAR(learning_rate(cycle, 1, 550, 1000), .5, 1e-9);
  EXPECT_LT(learning_rate(cycle, 1, 999, 1000), 1e-4);
  for (int64_t step = 1; step < 100; ++step)
    EXPECT_GT(learning_rate(cycle, 1, step, 1000), learning_rate(cycle, 1, step - 1, 1000));
}

}  // namespace
}  // namespace mtcnn
