#include "mtcnn/pipeline/step.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/pipeline/options.h"
#include "mtcnn/pipeline/pipeline.h"
#include "mtcnn/train/options.h"

#include "data_prep/options.h"
#include "support/damaged_json.h"
#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;

TEST(StepRecords, DamageIsAnErrorThatNamesTheFile) {
  const testing::TempFolder folder;
  write_text(folder / "input", "1");
  write_text(folder / "out" / "result", "2");
  const Step step{.name = "a",
                  .command = {"train", "--net", "pnet"},
                  .inputs = {folder / "input"},
                  .outputs = {folder / "out" / "result"},
                  .folder = folder / "out"};
  const StepRecords records(folder / "steps");
  records.begin(step);
  records.end(step, 3.5);
  ASSERT_EQ(records.state(step), StepState::unchanged);
  const fs::path file = folder / "steps" / "a.json";
  const auto read = [&] {
    records.state(step);
    plan_text({step}, folder.path());
  };
  testing::for_each_damage(read_json(file), [&](const Json& damaged, const std::string& what) {
    testing::overwrite(file, damaged.dump());
    testing::expect_only_errors("a.json", what, read);
  });
  for (const char* text : {"", "{", "[[["}) {
    write_text(file, text);
    testing::expect_only_errors("a.json", text, read);
  }
}

TEST(Configurations, DamageIsAnErrorOfUsage) {
  const auto expect_usage = [](const std::string& what, const auto& read) {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << what << ": " << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << what << ": " << error.what();
    }
  };
  const fs::path configs = testing::source_folder() / "configs";
  testing::for_each_damage(read_json(configs / "pipeline.json"), [&](const Json& damaged, const std::string& what) {
    expect_usage(what, [&] { read_pipeline_options(damaged, configs / "pipeline.json"); });
  });
  testing::for_each_damage(read_json(configs / "prepare.json"), [&](const Json& damaged, const std::string& what) {
    expect_usage(what, [&] {
      PrepareOptions options;
      apply_prepare_options(options, damaged, "prepare.json", configs);
      check_prepare_options(options);
    });
  });
  testing::for_each_damage(read_json(configs / "onet.json"), [&](const Json& damaged, const std::string& what) {
    expect_usage(what, [&] {
      TrainOptions options = default_train_options(NetKind::onet);
      train_option_table().apply(options, damaged, "onet.json");
      check_train_options(options);
    });
  });
}

}  // namespace
}  // namespace mtcnn
