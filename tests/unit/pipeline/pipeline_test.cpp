#include "mtcnn/pipeline/pipeline.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/pipeline/options.h"
#include "mtcnn/pipeline/process.h"

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Steps that a shell carries out, each adding a line to a file of its own.
class Pipeline : public ::testing::Test {
 protected:
  Step step(const std::string& name, const std::string& script, const std::vector<fs::path>& inputs) const {
    Step made{.name = name, .inputs = inputs, .folder = out() / name};
    made.outputs = {made.folder / "result"};
    made.command = {"-c", concat("mkdir -p ", made.folder.string(), "; ", script, "; true"), "sh"};
    return made;
  }

  Step counting(const std::string& name, const std::vector<fs::path>& inputs) const {
    return step(name,
                concat("echo x >> ", (folder_ / name).string(), "; echo done > ", (out() / name / "result").string()),
                inputs);
  }

  /// How often the step has run.
  size_t runs(const std::string& name) const {
    return fs::exists(folder_ / name) ? read_text(folder_ / name).size() / 2 : 0;
  }

  PipelineJob job() {
    return {.program = "/bin/sh", .out = out(), .say = [this](const std::string& line) { said_.push_back(line); }};
  }

  fs::path out() const { return folder_ / "out"; }

  testing::TempFolder folder_;
  std::vector<std::string> said_;
};

TEST_F(Pipeline, RunsWhatHasChangedAndNoMore) {
  write_text(folder_ / "input", "1");
  const std::vector<Step> steps = {counting("a", {folder_ / "input"}), counting("b", {out() / "a" / "result"})};
  run_pipeline(steps, job());
  run_pipeline(steps, job());
  EXPECT_EQ(runs("a"), 1U);
  EXPECT_EQ(runs("b"), 1U);
  write_text(folder_ / "input", "2");
  run_pipeline(steps, job());
  EXPECT_EQ(runs("a"), 2U);
  EXPECT_EQ(runs("b"), 1U) << "a left the same as before";
  write_text(out() / "b" / "result", "spoilt");
  run_pipeline(steps, job());
  EXPECT_EQ(runs("b"), 2U);
  EXPECT_TRUE(fs::exists(out() / "summary.json"));
}

TEST_F(Pipeline, FromAndOnly) {
  const std::vector<Step> steps = {counting("a", {}), counting("b", {}), counting("c", {})};
  run_pipeline(steps, job());
  PipelineJob from = job();
  from.from = "b";
  run_pipeline(steps, from);
  EXPECT_EQ(runs("a"), 1U);
  EXPECT_EQ(runs("b"), 2U);
  EXPECT_EQ(runs("c"), 2U);
  PipelineJob only = job();
  only.only = "a";
  run_pipeline(steps, only);
  EXPECT_EQ(runs("a"), 2U);
  EXPECT_EQ(runs("c"), 2U);
  only.only = "aa";
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { run_pipeline(steps, only); }), HasSubstr("no such step"));
}

TEST_F(Pipeline, AFailedStepEndsItAndIsDoneAgain) {
  Step bad = counting("b", {});
  bad.command = {"-c", "exit 7", "sh"};
  std::vector<Step> steps = {counting("a", {}), bad, counting("c", {})};
  EXPECT_THAT(testing::error_message(ErrorCode::unsupported, [&] { run_pipeline(steps, job()); }),
              HasSubstr("exit code 7"));
  EXPECT_EQ(runs("c"), 0U);
  EXPECT_EQ(StepRecords(out() / "steps").state(steps[1]), StepState::begun);
  steps[1] = counting("b", {});
  run_pipeline(steps, job());
  EXPECT_EQ(runs("a"), 1U);
  EXPECT_EQ(runs("c"), 1U);
}

TEST_F(Pipeline, AStepMustLeaveWhatItPromised) {
  const std::vector<Step> steps = {step("a", "true", {})};
  EXPECT_THAT(testing::error_message(ErrorCode::not_found, [&] { run_pipeline(steps, job()); }),
              HasSubstr("without leaving"));
}

TEST_F(Pipeline, AnOutdatedTrainingRunIsPutAside) {
  Step training = counting("a", {folder_ / "input"});
  training.takes_resume = true;
  run_pipeline({training}, job());
  write_text(training.folder / "config.json", "{}");
  write_text(folder_ / "input", "other");
  run_pipeline({training}, job());
  EXPECT_TRUE(fs::exists(out() / "old" / "a-1" / "config.json"));
  EXPECT_FALSE(fs::exists(training.folder / "config.json"));
}

TEST_F(Pipeline, WhatItDidNotMakeIsNotRemoved) {
  Step training = counting("a", {});
  training.takes_resume = true;
  write_text(training.folder / "precious", "x");
  run_pipeline({training}, job());
  EXPECT_TRUE(fs::exists(training.folder / "precious"));
}

TEST_F(Pipeline, DryRunTellsStatesAndTimes) {
  Step first = counting("first", {});
  run_pipeline({first}, job());
  Step second = counting("second", {});
  second.estimate_s = 3723;
  const std::string text = plan_text({first, second}, out());
  EXPECT_THAT(text, HasSubstr("unchanged"));
  EXPECT_THAT(text, HasSubstr("1:02:03"));
}

TEST(Process, GivesTheExitCode) {
  EXPECT_EQ(run_process("/bin/sh", {"-c", "exit 3"}), 3);
  EXPECT_EQ(run_process("/bin/sh", {"-c", "kill -9 $$"}), 137);
  EXPECT_THROW(run_process("/no/such/program", {}), Error);
}

TEST(PipelineOptions, TellWhatIsFoundAndWhereResultsGo) {
  const PipelineOptions options =
      read_pipeline_options(parse_json(R"({"out": ".", "object": "raccoon", "detector": {"padding": 0.3},
                     "calibrate": {"path": "train", "labels": "voc", "categories": "raccoon", "third_only": true},
                     "evaluate": [{"name": "c", "kind": "coco", "path": "val", "labels": "voc", "threshold": 0.02}],
                     "learning_curve": [{"images": 40, "config": "curve/40/pipeline.json"}]})",
                                       "x"),
                            "/configs/pipeline.json");
  EXPECT_EQ(options.out, "/configs/");
  EXPECT_EQ(options.object, "raccoon");
  EXPECT_EQ(options.detector, Json({{"padding", 0.3}}));
  EXPECT_TRUE(options.calibrate.third_only);
  EXPECT_EQ(options.calibrate.categories, "raccoon");
  EXPECT_EQ(options.evaluate.at(0).threshold, 0.02);
  EXPECT_EQ(options.learning_curve.at(0).config, "curve/40/pipeline.json");
}

TEST(PipelineOptions, AreReadAndChecked) {
  const PipelineOptions options =
      read_pipeline_options(parse_json(R"({"root": "data", "rounds": [{"pnet": "p.json"}, {"init": "previous"}],
                     "evaluate": [{"name": "w", "kind": "wider", "path": "wider"}], "calibrate": {"path": "wider"}})",
                                       "x"),
                            "/configs/pipeline.json");
  EXPECT_EQ(options.root, "/configs/data");
  ASSERT_EQ(options.rounds.size(), 2U);
  EXPECT_EQ(options.rounds[0].pnet, "p.json");
  EXPECT_EQ(options.rounds[1].init, "previous");
  const auto refused = [](const char* text, const char* words) {
    EXPECT_THAT(
        testing::error_message(ErrorCode::usage, [&] { read_pipeline_options(parse_json(text, "x"), "p.json"); }),
        HasSubstr(words));
  };
  refused(R"({"rouns": []})", "rounds");
  refused(R"({"rounds": []})", "without rounds");
  refused(R"({"rounds": 3})", "list");
  refused(R"({"rounds": [{"init": "previous"}]})", "first round");
  refused(R"({"rounds": [{"pnett": "x"}]})", "did you mean 'pnet'");
  refused(R"({"evaluate": [{"name": "a/b", "kind": "wider"}]})", "folder");
  refused(R"({"evaluate": [{"name": "a", "kind": "beauty"}]})", "wider, landmarks or coco");
  refused(R"({"object": " x"})", "p.json: object");
  refused(R"({"object": 3})", "object");
  refused(R"({"detector": {"min_fase": 3}})", "did you mean 'min_face'");
  refused(R"({"detector": 3})", "detector");
  refused(R"({"calibrate": {"path": "a", "labels": "vok"}})", "voc");
  refused(R"({"evaluate": [{"name": "a", "kind": "coco", "labels": "vok"}]})", "voc");
  refused(R"({"evaluate": [{"name": "a", "kind": "wider", "labels": "voc"}]})", "for the kind coco");
  refused(R"({"learning_curve": 3})", "list");
  refused(R"({"rounds": [{}], "learning_curve": [{"images": 9, "config": "a"}, {"images": 9, "config": "b"}]})",
          "two points with the same number of images");
  refused(R"({"learning_curve": [{"image": 3}]})", "did you mean 'images'");
}

}  // namespace
}  // namespace mtcnn
