#include "mtcnn/eval/fddb_report.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr FddbEllipse kFace = {30, 20, 1.570796, 60, 45};
constexpr FddbRectangle kFarAway = {1, 1, 5, 5};
constexpr FddbSize kSize = {120, 90};

/// One face found and 60 false positives of a higher score in the first fold, one face missed in the second.
std::vector<FddbFold> two_folds() {
  FddbImage found{"a", kSize, {kFace}, {{kFace, 0.25}}};
  for (int i = 0; i < 60; ++i) found.detections.push_back({kFarAway, 1.0 + i});
  return {{"01", {found}}, {"02", {{"b", kSize, {kFace}, {}}}}};
}

TEST(FddbReport, FoldsAreScoredAloneAndTogether) {
  const FddbScores scores = score_fddb(two_folds(), {});
  EXPECT_EQ(scores.all.images, 2);
  EXPECT_EQ(scores.all.faces, 2);
  EXPECT_EQ(scores.all.detections, 61);
  ASSERT_EQ(scores.folds.size(), 2U);
  EXPECT_EQ(scores.folds[0].faces, 1);
  EXPECT_EQ(fddb_rate_at(scores.folds[0].curve, FddbMetric::discrete, 60), 1);
  EXPECT_EQ(fddb_rate_at(scores.folds[1].curve, FddbMetric::discrete, 60), 0);
  EXPECT_EQ(fddb_rate_at(scores.all.curve, FddbMetric::discrete, 60), 0.5);
}

TEST(FddbReport, SummaryHoldsRatesSettingsAndFolds) {
  const auto folds = two_folds();
  const FddbRun run{{FddbAssignment::optimal, FddbAngle::opencv1}, true, {{"x/unknown"}, {}, {"b"}}};
  const EvalReport report = fddb_report(folds, score_fddb(folds, run.options), run);
  EXPECT_EQ(report.settings["assignment"], "optimal");
  EXPECT_EQ(report.settings["angle"], 1);
  EXPECT_EQ(report.settings["rectangles_as_ellipses"], true);
  EXPECT_EQ(report.figures["faces"], 2);
  EXPECT_EQ(report.figures["max_fp"], 60);
  EXPECT_EQ(report.figures["tpr"]["discrete"]["50"], 0.0);
  for (const char* count : {"100", "200", "500", "1000", "2000"}) {
    EXPECT_EQ(report.figures["tpr"]["discrete"][count], 0.5) << count;
    EXPECT_EQ(report.figures["tpr"]["continuous"][count], 0.5) << count;
    EXPECT_EQ(report.figures["folds"][0]["tpr"]["discrete"][count], 1.0) << count;
    EXPECT_EQ(report.figures["folds"][1]["tpr"]["discrete"][count], 0.0) << count;
  }
  EXPECT_EQ(report.figures["folds"][1]["fold"], "02");
  EXPECT_EQ(report.figures["images_not_in_folds"]["count"], 1);
  EXPECT_EQ(report.figures["images_not_in_folds"]["first"][0], "x/unknown");
  EXPECT_EQ(report.figures["images_without_line"]["count"], 0);
  EXPECT_EQ(report.figures["images_with_error"]["count"], 1);
}

TEST(FddbReport, PlotRunsFromFewToManyFalsePositivesAndEndsAt2000) {
  FddbScores scores;
  for (int64_t count = 5000; count >= 0; count -= 100) scores.all.curve.push_back({1.0, count, 0.5, 0.25});
  const EvalReport report = fddb_report({}, scores, {});
  ASSERT_EQ(report.plot.series.size(), 2U);
  const PlotSeries& discrete = report.plot.series[0];
  EXPECT_EQ(discrete.x.front(), 0);
  EXPECT_EQ(discrete.x.back(), 2000);
  EXPECT_TRUE(std::is_sorted(discrete.x.begin(), discrete.x.end()));
  EXPECT_EQ(discrete.y.back(), 0.5);
  EXPECT_EQ(report.plot.series[1].y.back(), 0.25);
  EXPECT_EQ(report.plot.x_max, 2000);
}

TEST(FddbReport, CurvesAreWrittenForAllAndForEachFold) {
  const testing::TempFolder folder;
  const auto folds = two_folds();
  write_fddb_curves(folder.path(), folds, score_fddb(folds, {}));
  EXPECT_THAT(read_text(folder / "DiscROC.txt"), AllOf(HasSubstr("0.5 60 0.25\n"), HasSubstr("0 0 1.79769e+308\n")));
  EXPECT_THAT(read_text(folder / "ContROC.txt"), HasSubstr("0.5 60\n"));
  EXPECT_THAT(read_text(folder / "fold-01-DiscROC.txt"), AllOf(HasSubstr("1 60 0.25\n"), Not(HasSubstr("e+308"))));
  EXPECT_EQ(read_text(folder / "fold-02-DiscROC.txt"), "0 0 1.79769e+308\n");
  EXPECT_EQ(read_text(folder / "fold-02-ContROC.txt"), "0 0\n");
}

TEST(FddbReport, TextNamesSettingsAndWhatDidNotFit) {
  const FddbScores scores = score_fddb(two_folds(), {});
  const std::string plain = fddb_text(scores, {});
  EXPECT_THAT(plain, AllOf(HasSubstr("2 images, 2 faces, 61 detections"), HasSubstr("assignment reference, angle 4"),
                           HasSubstr("0.5000"), HasSubstr("ends at 60 false positives"), Not(HasSubstr("ellipses")),
                           Not(HasSubstr("first"))));
  const std::string full = fddb_text(scores, {{}, true, {{"x"}, {"y"}, {"z"}}});
  EXPECT_THAT(full, AllOf(HasSubstr("upright ellipses"), HasSubstr("1 images of the detections are in no fold"),
                          HasSubstr("first: y"), HasSubstr("first: z")));
}

TEST(FddbReport, NothingAtAllIsZero) {
  const FddbScores scores = score_fddb({}, {});
  EXPECT_EQ(scores.all.faces, 0);
  const EvalReport report = fddb_report({}, scores, {});
  EXPECT_EQ(report.figures["max_fp"], 0);
  EXPECT_EQ(report.figures["tpr"]["discrete"]["2000"], 0.0);
  EXPECT_THAT(fddb_text(scores, {}), HasSubstr("0 faces"));
}

TEST(FddbReport, RefusesScoresOfOtherFolds) {
  const testing::TempFolder folder;
  const auto folds = two_folds();
  EXPECT_THROW(write_fddb_curves(folder.path(), folds, {}), ContractError);
  EXPECT_THROW(fddb_report(folds, {}, {}), ContractError);
}

}  // namespace
}  // namespace mtcnn
