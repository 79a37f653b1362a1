#include "mtcnn/train/run_folder.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/train/run_summary.h"

#include "support/damaged_json.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using testing::error_message;
using ::testing::HasSubstr;
using testing::TempFolder;

const Json kConfig = {{"net", "pnet"}, {"epochs", 3}, {"best_metric", "accuracy"}, {"batch", {{"size", 64}}}};
const Json kEnvironment = {{"version", "1"}, {"commit", "c"}, {"device", "cpu"}, {"threads", 2}, {"data", "/crops"}};

Json metrics_line(int epoch, double accuracy) {
  return {{"step", 10 * epoch}, {"epoch", epoch}, {"split", "val"}, {"loss", 1.5}, {"accuracy", accuracy}};
}

/// A run with two epochs behind it.
fs::path made_run(const TempFolder& folder) {
  RunFolder run(folder / "run", kConfig, kEnvironment, false);
  run.add_metrics({{"step", 10}, {"epoch", 1}, {"split", "train"}, {"loss", 2}});
  run.add_metrics(metrics_line(1, .9));
  run.add_metrics(metrics_line(2, .8));
  return run.path();
}

TEST(RunFolder, WhatARunLeavesThatIsKilledAtOnceCountsAsNothing) {
  const std::vector<std::vector<std::string>> leftovers = {
      {".lock"},
      {".lock", "environment.json.4711.0.tmp"},
      {".lock", "environment.json", "config.json.4711.1.tmp"},
  };
  for (const auto& names : leftovers) {
    const TempFolder folder;
    for (const std::string& name : names) write_text(folder / "run" / name, "");
    EXPECT_THAT(error_message(ErrorCode::usage, [&] { RunFolder(folder / "run", kConfig, kEnvironment, true); }),
                HasSubstr("no training run"));
    EXPECT_NO_THROW(RunFolder(folder / "run", kConfig, kEnvironment, false));
    std::vector<std::string> left;
    for (const auto& entry : fs::directory_iterator(folder / "run")) left.push_back(entry.path().filename().string());
    EXPECT_THAT(left, ::testing::UnorderedElementsAre(".lock", "config.json", "environment.json"));
  }
}

TEST(RunFolder, OtherThingsStay) {
  for (const char* name : {"photo.jpg", "notes.tmp", "config.json.bak"}) {
    const TempFolder folder;
    write_text(folder / "run" / ".lock", "");
    write_text(folder / "run" / name, "mine");
    EXPECT_THAT(error_message(ErrorCode::usage, [&] { RunFolder(folder / "run", kConfig, kEnvironment, false); }),
                HasSubstr(name));
    EXPECT_EQ(read_text(folder / "run" / name), "mine");
  }
}

TEST(RunFolder, DamagedConfigurationIsAnErrorThatNamesTheFile) {
  const TempFolder folder;
  const fs::path run = made_run(folder);
  testing::for_each_damage(kConfig, [&](const Json& damaged, const std::string& what) {
    testing::overwrite(run / "config.json", damaged.dump());
    testing::expect_only_errors("config.json", what, [&] { RunFolder(run, kConfig, kEnvironment, true); });
    testing::expect_only_errors("config.json", what, [&] { summarise_run(run); });
  });
}

TEST(RunFolder, DamagedEnvironmentIsAnErrorThatNamesTheFile) {
  const TempFolder folder;
  const fs::path run = made_run(folder);
  testing::for_each_damage(kEnvironment, [&](const Json& damaged, const std::string& what) {
    testing::overwrite(run / "environment.json", damaged.dump());
    testing::expect_only_errors("environment.json", what, [&] { summarise_run(run); });
  });
}

TEST(RunFolder, DamagedMetricsAreAnErrorThatNamesTheLine) {
  const TempFolder folder;
  const fs::path path = made_run(folder);
  const fs::path file = path / "metrics.jsonl";
  RunFolder run(path, kConfig, kEnvironment, true);
  testing::for_each_damage(metrics_line(3, .7), [&](const Json& damaged, const std::string& what) {
    testing::overwrite(file, metrics_line(1, .9).dump() + "\n" + damaged.dump() + "\n");
    testing::expect_only_errors("metrics.jsonl:2", what, [&] { summarise_run(path); });
  });
  for (const Json& step : {Json("ten"), Json(-1), Json(1e300), Json(Json::array())}) {
    testing::overwrite(file, Json({{"step", step}, {"epoch", 1}, {"split", "val"}}).dump());
    EXPECT_THAT(error_message(ErrorCode::bad_format, [&] { run.cut_metrics(20); }),
                ::testing::AllOf(HasSubstr("metrics.jsonl:1"), HasSubstr("'step'"), HasSubstr("found " + step.dump()),
                                 HasSubstr("a whole number")));
  }
}

TEST(RunFolder, SummaryTellsTheBestEpoch) {
  const TempFolder folder;
  const fs::path run = made_run(folder);
  write_text(run / "metrics.jsonl", read_text(run / "metrics.jsonl") + R"({"step": 30, "epo)");
  write_text(run / "best" / "pnet.safetensors", "");
  const RunSummary summary = summarise_run(run);
  EXPECT_EQ(summary.json["best"]["epoch"], 1);
  EXPECT_EQ(summary.json["last"]["epoch"], 2);
  EXPECT_EQ(summary.json["weights"].size(), 1U);
  EXPECT_THAT(summary.text, ::testing::AllOf(HasSubstr("2 of 3 epochs; cpu, 2 threads, mtcnn 1 (c)"),
                                             HasSubstr("best by accuracy, epoch 1: loss 1.5000, accuracy 0.9000")));
}

}  // namespace
}  // namespace mtcnn
