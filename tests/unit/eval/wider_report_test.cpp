#include "mtcnn/eval/wider_report.h"

#include "mtcnn/core/text.h"

#include "unit/eval/wider_truth_writer.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::small_wider_truth;

/// Finds the first face of each image that has one; and one that is none.
WiderResult some_result(const std::string& name, const WiderGroundTruth& truth, const WiderOptions& options) {
  WiderRun run{.name = name};
  for (const WiderImage& image : truth.images) {
    run.faces.emplace_back();
    if (image.faces.empty()) continue;
    const WiderFace& face = image.faces[0];
    run.faces.back() = {{face.x, face.y, face.w, face.h, 0.9}, {900, 900, 5, 5, 0.1}};
  }
  WiderScores scores = score_wider(run, truth, options);
  return {std::move(run), std::move(scores)};
}

TEST(WiderReport, HasTheKeysThatOtherProgramsRelyOn) {
  const WiderGroundTruth truth = small_wider_truth();
  const WiderOptions options{.bootstrap = {.repeats = 20, .seed = 5}, .recalls = {0.25, 0.9}};
  const std::vector<WiderResult> results = {some_result("a", truth, options)};
  const Json summary = parse_json(summary_text(wider_report(results, truth, options)), "summary");
  EXPECT_EQ(summary["eval"], "wider");
  EXPECT_EQ(summary["protocol"], kWiderProtocol);
  EXPECT_EQ(summary["settings"]["seed"], 5);
  for (size_t s = 0; s < kWiderSettings; ++s) {
    const WiderScore& score = results[0].scores.settings[s];
    const std::string setting = kWiderSettingNames[s];
    EXPECT_EQ(summary["ap"][setting], score.ap);
    EXPECT_EQ(summary["runs"][0]["ap_interval"][setting], Json({score.interval->low, score.interval->high}));
    EXPECT_EQ(summary["runs"][0]["false_positives_per_image"][setting]["at_recall_0.25"], 0.0);
    EXPECT_TRUE(summary["runs"][0]["false_positives_per_image"][setting]["at_recall_0.9"].is_null());
  }
  EXPECT_EQ(summary["ground_truth"]["kept_faces"]["hard"], 5);
  EXPECT_EQ(summary["runs"][0]["recall_by_height"]["100+"]["recall"], 1.0);
  EXPECT_EQ(summary["runs"][0]["recall_by_height"]["50-100"]["faces"], 2);
}

TEST(WiderReport, SeveralRunsShareOnePictureAndTheFirstGivesTheFigure) {
  const WiderGroundTruth truth = small_wider_truth();
  const WiderOptions options{.bootstrap = {.repeats = 0}};
  std::vector<WiderResult> results = {some_result("ours", truth, options), some_result("theirs", truth, options)};
  results[1].run.faces[0].clear();
  results[1].scores = score_wider(results[1].run, truth, options);
  const EvalReport report = wider_report(results, truth, options);
  ASSERT_EQ(report.plot.series.size(), 6U);
  EXPECT_EQ(report.plot.series[5].name, concat("theirs, hard (AP ", fixed(results[1].scores.settings[2].ap, 3), ")"));
  EXPECT_EQ(report.plot.series[0].colour, report.plot.series[2].colour);
  EXPECT_NE(report.plot.series[0].colour, report.plot.series[3].colour);
  EXPECT_EQ(report.figures["ap"]["easy"], results[0].scores.settings[0].ap);
  EXPECT_EQ(report.figures["runs"].size(), 2U);
  EXPECT_FALSE(report.figures["runs"][0].contains("ap_interval"));
}

TEST(WiderReport, ARangeWithoutFacesHasNoRecall) {
  const WiderGroundTruth truth = testing::wider_truth({{"0--Event", "a", {}}});
  const std::vector<WiderResult> results = {some_result("a", truth, {})};
  const EvalReport report = wider_report(results, truth, {});
  EXPECT_TRUE(report.figures["runs"][0]["recall_by_height"]["10-20"]["recall"].is_null());
  EXPECT_THAT(wider_text(results, truth, {}), Not(HasSubstr("nan")));
}

TEST(WiderText, SaysProtocolFiguresAndWhatWasOdd) {
  const WiderGroundTruth truth = small_wider_truth();
  const WiderOptions options{.bootstrap = {.repeats = 20}};
  std::vector<WiderResult> results = {some_result("ours", truth, options)};
  const std::string plain = wider_text(results, truth, options);
  EXPECT_THAT(plain, AllOf(HasSubstr(kWiderProtocol), HasSubstr("20 bootstrap repeats"),
                           HasSubstr(fixed(results[0].scores.settings[2].ap, 4)), Not(HasSubstr("missing"))));
  WiderRun& run = results[0].run;
  run.missing_images = 11;
  run.unreadable_images = 12;
  run.negative_sizes = 13;
  run.unknown_images = 14;
  run.unknown_detections = 15;
  run.unknown_names = {"0--Event/x.jpg"};
  const std::string odd = wider_text(results, truth, options);
  for (const char* part : {"missing in the detections (they count as empty): 11", "could not read", ": 12\n", ": 13\n",
                           "their 15 detections: 0--Event/x.jpg, …): 14\n"})
    EXPECT_THAT(odd, HasSubstr(part));
}

}  // namespace
}  // namespace mtcnn
