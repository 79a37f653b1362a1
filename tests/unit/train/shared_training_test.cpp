#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/trainer.h"

#include "support/expect_error.h"
#include "support/made_crops.h"
#include "support/temp_folder.h"
#include "support/thread_peers.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::run_ranks;

/// R-Net on crops of which four ranks can share a batch. It starts from given weights, as LibTorch's random numbers are
/// one stream for all threads of a process.
class SharedTraining : public ::testing::Test {
 protected:
  SharedTraining() {
    testing::make_crops(folder / "crops", {.stage = "rnet", .size = 24, .count = 300});
    job_.data = job_.validation = folder / "crops";
    job_.net = NetKind::rnet;
    job_.options = default_train_options(NetKind::rnet);
    job_.options.batch.size = 320;
    job_.options.batch.steps_per_epoch = 1;
    job_.options.epochs = 1;
    job_.out = folder / "first";
    job_.init = read_weights(train_net(job_).weights, NetKind::rnet);
    job_.init_name = "first";
    job_.options.batch.steps_per_epoch = 3;
    job_.options.epochs = 4;
    job_.options.optimizer.clip_norm = 1;
    job_.teacher = job_.init;
  }

  void train(int world, const std::string& out, bool resume = false) const {
    run_ranks(world, [&](Peers& peers) {
      TrainJob job = job_;
      job.out = peers.rank() == 0 ? folder / out : folder / "nothing";
      job.resume = resume;
      job.peers = &peers;
      train_net(job);
    });
    EXPECT_FALSE(fs::exists(folder / "nothing"));
  }

  /// All that a run leaves, but for times and places.
  static std::map<std::string, std::string> content(const fs::path& run) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(run)) {
      const std::string name = fs::relative(entry.path(), run).string();
      if (entry.path().extension() == ".safetensors") files[name] = read_text(entry.path());
      if (entry.path().filename() == "DONE") files[name] = read_text(entry.path());
    }
    for (const std::string& line : split(read_text(run / "metrics.jsonl"), '\n')) {
      if (line.empty()) continue;
      Json values = parse_json(line, "metrics");
      for (const char* key : {"time_s", "samples_per_s", "wait_share"}) values.erase(key);
      files["metrics"] += values.dump() + "\n";
    }
    return files;
  }

  /// As a run that was killed after `epoch`.
  void cut(const std::string& from, const std::string& to, size_t epoch) const {
    fs::copy(folder / from, folder / to, fs::copy_options::recursive);
    fs::remove(folder / to / "DONE");
    std::vector<fs::path> checkpoints;
    for (const auto& entry : fs::directory_iterator(folder / to / "checkpoints")) checkpoints.push_back(entry.path());
    std::sort(checkpoints.begin(), checkpoints.end());
    for (size_t i = epoch; i < checkpoints.size(); ++i) fs::remove_all(checkpoints[i]);
  }

  testing::TempFolder folder;
  TrainJob job_;
};

TEST_F(SharedTraining, AnyNumberOfRanksLeavesTheSameBytes) {
  job_.options.keep_checkpoints = 4;
  TrainJob job = job_;
  job.out = folder / "alone";
  train_net(job);
  const auto expected = content(folder / "alone");
  EXPECT_GE(expected.size(), 16U);
  for (const int world : {1, 2, 4}) {
    const std::string out = concat("world", world);
    train(world, out);
    EXPECT_EQ(content(folder / out), expected) << world;
  }
  // Cut after an epoch, and gone on with by others.
  cut("world4", "resumed2", 1);
  train(2, "resumed2", true);
  EXPECT_EQ(content(folder / "resumed2"), expected);
  cut("resumed2", "resumed1", 2);
  job.out = folder / "resumed1";
  job.resume = true;
  train_net(job);
  EXPECT_EQ(content(folder / "resumed1"), expected);
  cut("resumed1", "resumed4", 3);
  train(4, "resumed4", true);
  EXPECT_EQ(content(folder / "resumed4"), expected);
}

TEST_F(SharedTraining, RanksMakeTheirRowsOnTheirDevices) {
  job_.device = "cpu:torch";
  std::vector<double> losses;
  for (const int world : {1, 2, 4}) {
    const std::string out = concat("world", world);
    train(world, out);
    EXPECT_TRUE(fs::exists(folder / out / "DONE"));
    const std::vector<std::string> lines = split(read_text(folder / out / "metrics.jsonl"), '\n');
    for (const std::string& line : lines) {
      if (!line.empty()) losses.push_back(parse_json(line, "metrics")["loss"].get<double>());
    }
  }
  ASSERT_EQ(losses.size(), 24U);
  for (size_t i = 8; i < losses.size(); ++i) EXPECT_NEAR(losses[i], losses[i % 8], 1e-3) << i;
}

TEST_F(SharedTraining, ResumeBeginsARunThatHasNotBegun) {
  job_.options.epochs = 1;
  train(2, "new", true);
  EXPECT_TRUE(fs::exists(folder / "new" / "DONE"));
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { train(2, "new"); }), HasSubstr("training run already"));
  TrainJob job = job_;
  job.out = folder / "other";
  job.resume = true;
  EXPECT_THROW(train_net(job), Error) << "one process has nobody that repeats its command";
}

TEST_F(SharedTraining, RefusesRanksThatDiffer) {
  run_ranks(2, [&](Peers& peers) {
    TrainJob job = job_;
    job.out = folder / "run";
    job.peers = &peers;
    if (peers.rank() == 1) job.options.optimizer.lr = .25;
    EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { train_net(job); }),
                ::testing::AllOf(HasSubstr("rank 1"), HasSubstr("optimizer/lr"), HasSubstr("0.25")));
    job.options = job_.options;
    if (peers.rank() == 1) job.init->tensors[0].values[0] += 1;
    EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { train_net(job); }), HasSubstr("first_weights"));
    job.init = job_.init;
    if (peers.rank() == 1) job.data = folder / "nowhere";
    EXPECT_THAT(testing::error_message(ErrorCode::not_found, [&] { train_net(job); }), HasSubstr("nowhere"));
    job.data = job_.data;
    job.options.batch.size = 240;
    EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { train_net(job); }), HasSubstr("160, 320"));
  });
  EXPECT_FALSE(fs::exists(folder / "run"));
}

}  // namespace
}  // namespace mtcnn
