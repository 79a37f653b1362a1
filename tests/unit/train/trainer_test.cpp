#include "mtcnn/train/trainer.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/manifest.h"
#include "mtcnn/weights/input.h"

#include <fstream>

#include "support/expect_error.h"
#include "support/foreign_weights.h"
#include "support/made_crops.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A job that overfits: no augmentation, the training crops are the validation crops.
TrainJob small_job(const testing::TempFolder& folder, NetKind net) {
  TrainJob job{.net = net, .data = folder / "crops", .validation = folder / "crops", .out = folder / "run"};
  job.device = "cpu";
  job.options = default_train_options(net);
  job.options.batch.size = 64;
  AugmentOptions& o = job.options.augment;
  o.brightness = o.contrast = o.saturation = o.gain = o.grey = o.gamma = o.blur = o.low_resolution = o.noise = o.jpeg =
      o.cutout = 0;
  return job;
}

void make_crops_for(const testing::TempFolder& folder, NetKind net, int count) {
  testing::make_crops(folder / "crops", {.stage = net_name(net), .size = net_input_size(net), .count = count});
}

std::vector<Json> metrics(const fs::path& run, const std::string& split_name) {
  std::vector<Json> lines;
  for (const std::string& line : split(read_text(run / "metrics.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json json = parse_json(line, "metrics");
    if (json["split"] == split_name) lines.push_back(json);
  }
  return lines;
}

TEST(Trainer, TellsHowFarItIsAndPrintsNothing) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::rnet, 50);
  TrainJob job = small_job(folder, NetKind::rnet);
  job.options.epochs = 2;
  std::vector<std::string> lines;
  std::vector<int> epochs;
  int64_t last = 0;
  job.on_step = [&](int epoch, int64_t done, int64_t total) {
    if (epochs.empty() || epochs.back() != epoch) last = 0;
    EXPECT_GT(done, last);
    EXPECT_LE(done, total);
    last = done;
    epochs.push_back(epoch);
  };
  job.on_epoch = [&](const std::string& line) { lines.push_back(line); };
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const TrainResult result = train_net(job);
  EXPECT_EQ(::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(static_cast<int64_t>(epochs.size()), result.steps);
  EXPECT_EQ(epochs.back(), 2);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(read_text(job.out / "log.txt"), HasSubstr(lines[1]));
}

TEST(Trainer, WeightsSayWhatTheirCropsWereLike) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::rnet, 50);
  const InputOptions input{.border = 127, .crop_lead = 1};
  Manifest manifest = read_manifest(folder / "crops");
  manifest.input = input_json(input);
  write_manifest(folder / "crops", manifest);
  TrainJob job = small_job(folder, NetKind::rnet);
  job.options.epochs = 1;
  job.init = testing::random_weights(NetKind::rnet, 3);
  std::vector<std::string> warnings;
  log::set_sink([&](log::Level, const std::string& text) { warnings.push_back(text); });
  const NetWeights weights = read_weights(train_net(job).weights, NetKind::rnet);
  EXPECT_EQ(input_of(weights, "").value(), input);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0],
              ::testing::AllOf(HasSubstr("--init"), HasSubstr("border"), HasSubstr("mtcnn prepare --init")));
  warnings.clear();
  job.init = weights;
  job.out = folder / "again";
  train_net(job);
  log::set_sink({});
  EXPECT_THAT(warnings, ::testing::IsEmpty());
}

TEST(Trainer, EveryNetOverfitsTwoHundredCrops) {
  for (const NetKind net : kNetKinds) {
    const testing::TempFolder folder;
    make_crops_for(folder, net, 50);  // 200 crops
    TrainJob job = small_job(folder, net);
    job.options.epochs = net == NetKind::onet ? 8 : 25;
    job.options.optimizer.average = .9;
    const TrainResult result = train_net(job);
    const Json last = metrics(job.out, "val").back();
    EXPECT_GT(last["accuracy"].get<double>(), .995) << net_name(net);
    EXPECT_LT(last["box_error"].get<double>(), .08) << net_name(net);
    EXPECT_LT(last["nme"].get<double>(), .1) << net_name(net);
    EXPECT_TRUE(fs::exists(job.out / "DONE"));
    EXPECT_EQ(read_weights(result.weights, net).metadata.at("epoch"), concat(result.best_epoch));
  }
}

void expect_same_bytes_after_a_cut(const char* device) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 40);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.device = device;
  job.options.augment = AugmentOptions{};
  job.options.epochs = 4;
  job.options.keep_checkpoints = 4;
  job.out = folder / "whole";
  train_net(job);
  // What a run killed during its third epoch leaves: two checkpoints, and metrics that go on behind them.
  fs::copy(folder / "whole", folder / "cut", fs::copy_options::recursive);
  fs::remove(folder / "cut" / "DONE");
  fs::remove_all(folder / "cut" / "export");
  std::vector<fs::path> checkpoints;
  for (const auto& entry : fs::directory_iterator(folder / "cut" / "checkpoints")) checkpoints.push_back(entry.path());
  std::sort(checkpoints.begin(), checkpoints.end());
  ASSERT_EQ(checkpoints.size(), 4U);
  fs::remove_all(checkpoints[3]);
  fs::remove_all(checkpoints[2]);
  std::ofstream(folder / "cut" / "metrics.jsonl", std::ios::app) << "{\"step\": 99, \"half";
  job.out = folder / "cut";
  job.resume = true;
  train_net(job);
  EXPECT_EQ(read_text(folder / "cut" / "export" / "pnet.safetensors").size(),
            read_text(folder / "whole" / "export" / "pnet.safetensors").size());
  const auto newest = [](const fs::path& run) {
    fs::path last;
    for (const auto& entry : fs::directory_iterator(run / "checkpoints")) last = std::max(last, entry.path());
    return last;
  };
  for (const char* name : {"weights.safetensors", "average.safetensors"})
    EXPECT_EQ(read_text(newest(folder / "cut") / name), read_text(newest(folder / "whole") / name)) << name;
  EXPECT_EQ(metrics(folder / "cut", "val").size(), 4U) << "no epoch twice";
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(metrics(folder / "cut", "val")[i]["loss"], metrics(folder / "whole", "val")[i]["loss"]);
    EXPECT_EQ(metrics(folder / "cut", "train")[i]["loss"], metrics(folder / "whole", "train")[i]["loss"]);
  }
}

TEST(Trainer, GoingOnFromACheckpointGivesTheSameBytes) {
  for (const char* device : {"cpu", "cpu:torch"}) expect_same_bytes_after_a_cut(device);
}

TEST(Trainer, LearnsFromBatchesOfADeviceAsFromTheLoaders) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 50);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.options.augment = AugmentOptions{};
  job.options.augment.noise = job.options.augment.jpeg = 0;  // those differ: see DeviceAugmenter
  job.options.epochs = 5;
  train_net(job);
  const Json expected = metrics(job.out, "val").back();
  const Json expected_training = metrics(job.out, "train").back();
  for (const double memory : {.5, 0.0}) {
    job.device = "cpu:torch";
    job.device_memory = memory;
    job.out = folder / concat("device", memory);
    train_net(job);
    for (const char* figure : {"loss", "accuracy", "box_error", "nme"})
      EXPECT_NEAR(metrics(job.out, "val").back()[figure].get<double>(), expected[figure].get<double>(), .002) << figure;
    const Json training = metrics(job.out, "train").back();
    EXPECT_EQ(training["mined"], expected_training["mined"]);
    EXPECT_NEAR(training["recall"].get<double>(), expected_training["recall"].get<double>(), .02);
  }
}

TEST(Trainer, SameSeedSameBytes) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::rnet, 30);
  TrainJob job = small_job(folder, NetKind::rnet);
  job.options.epochs = 2;
  std::vector<NamedTensor> first;
  for (const char* name : {"a", "b", "c"}) {
    job.out = folder / name;
    if (std::string(name) == "c") job.options.seed = 2;
    const auto tensors = read_weights(train_net(job).weights, NetKind::rnet).tensors;
    if (first.empty()) first = tensors;
    EXPECT_EQ(tensors[0].values == first[0].values, std::string(name) != "c") << name;
  }
}

TEST(Trainer, ThreadsChangeNothing) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::onet, 60);
  TrainJob job = small_job(folder, NetKind::onet);
  job.options.batch.size = 200;  // several parts
  job.options.epochs = 1;
  std::vector<std::vector<NamedTensor>> all;
  for (const int threads : {1, 2, 3}) {
    job.threads = threads;
    job.out = folder / concat(threads);
    all.push_back(read_weights(train_net(job).weights, NetKind::onet).tensors);
  }
  for (size_t t = 0; t < all[0].size(); ++t) {
    EXPECT_EQ(all[1][t].values, all[0][t].values) << all[0][t].name;
    EXPECT_EQ(all[2][t].values, all[0][t].values) << all[0][t].name;
  }
}

TEST(Trainer, LearnsFromATeacher) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 50);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.options.epochs = 25;
  job.options.optimizer.average = .9;
  job.options.best_metric = "loss";
  job.out = folder / "teacher";
  const NetWeights teacher = read_weights(train_net(job).weights, NetKind::pnet);
  job.out = folder / "pupil";
  job.options.seed = 2;
  job.options.loss.face = 1e-3;  // labels alone teach it nothing
  job.options.loss.teacher = 1e3;
  job.options.loss.box = job.options.loss.landmark = 0;
  job.teacher = teacher;
  train_net(job);
  EXPECT_GT(metrics(job.out, "val").back()["accuracy"].get<double>(), .95);
  const std::vector<Json> lines = metrics(job.out, "train");
  EXPECT_LT(lines.back()["loss_teacher"].get<double>(), .3 * lines.front()["loss_teacher"].get<double>());
  EXPECT_EQ(metrics(folder / "teacher", "train").back()["loss_teacher"], 0);
}

TEST(Trainer, HoldsOutPicturesWhereThereAreNoValidationCrops) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 60);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.validation.clear();
  job.options.epochs = 1;
  job.options.batch.validation_share = .3;
  train_net(job);
  EXPECT_EQ(metrics(job.out, "val").size(), 1U);
}

TEST(Trainer, StopsLoudlyOnALossThatIsNotFinite) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 40);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.options.optimizer.kind = "sgd";
  job.options.optimizer.lr = 100;
  job.options.schedule.kind = "constant";
  job.options.epochs = 50;
  const auto message_of = [&](const char* device) {
    job.device = device;
    job.out = folder / concat("run-", job.device == "cpu" ? "cpu" : "device");
    const std::string message = testing::error_message(ErrorCode::bad_format, [&] { train_net(job); });
    EXPECT_THAT(message, HasSubstr("pnet-negative-0000"));
    return message.substr(message.find("the loss"));
  };
  const std::string message = message_of("cpu");
  EXPECT_THAT(message, HasSubstr("not finite at step"));
  const std::string named = message.substr(0, message.find(':'));
  EXPECT_THAT(message_of("cpu:torch"), HasSubstr(named)) << "the step is named, however late it is noticed";
  EXPECT_FALSE(fs::exists(job.out / "checkpoints")) << "no weights that are not finite are kept";
}

TEST(Trainer, RefusesACheckpointStateThatIsNotOfTheRun) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 40);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.options.epochs = 1;
  train_net(job);
  job.resume = true;
  const fs::path checkpoint = *fs::directory_iterator(job.out / "checkpoints");
  const Json state = read_json(checkpoint / "state.json");
  for (const char* key : {"step", "epoch", "best_epoch", "seconds"}) {
    for (const Json& value : {Json(-1), Json(1e300), Json(int64_t{1} << 62), Json("text"), Json()}) {
      if (std::string(key) == "seconds" && value.is_number()) continue;
      Json damaged = state;
      damaged[key] = value;
      write_text(checkpoint / "state.json", damaged.dump());
      EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { train_net(job); }), HasSubstr("state.json"))
          << key << " " << value;
    }
  }
  write_text(checkpoint / "state.json", state.dump());
  EXPECT_EQ(train_net(job).epochs, 1);
}

TEST(Trainer, EndsEarlyWithoutPatience) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 40);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.options.optimizer.lr = 0;
  job.options.optimizer.average = 0;
  job.options.epochs = 30;
  job.options.patience = 2;
  EXPECT_EQ(train_net(job).epochs, 3) << "the first is the best, two more bring nothing";
}

TEST(Trainer, RefusesFoldersAndDataThatDoNotFit) {
  const testing::TempFolder folder;
  make_crops_for(folder, NetKind::pnet, 40);
  TrainJob job = small_job(folder, NetKind::pnet);
  job.options.epochs = 1;
  const auto refused = [&](ErrorCode code) { return testing::error_message(code, [&] { train_net(job); }); };
  job.resume = true;
  EXPECT_THAT(refused(ErrorCode::usage), HasSubstr("no training run to go on with"));
  job.resume = false;
  train_net(job);
  EXPECT_THAT(refused(ErrorCode::usage), HasSubstr("--resume"));
  job.resume = true;
  job.options.optimizer.lr *= 2;
  EXPECT_THAT(refused(ErrorCode::usage),
              ::testing::AllOf(HasSubstr("another configuration"), HasSubstr("optimizer/lr")));
  job.resume = false;
  job.out = folder / "other";
  job.net = NetKind::rnet;
  EXPECT_THAT(refused(ErrorCode::usage), HasSubstr("another stage"));
  job.net = NetKind::pnet;
  job.options.best_metric = "beauty";
  EXPECT_THAT(refused(ErrorCode::usage), HasSubstr("best_metric"));
  job.options.best_metric = "fpr_at_97";
  {
    std::fstream shard(folder / "crops" / "pnet-part-00001.safetensors",
                       std::ios::in | std::ios::out | std::ios::binary);
    shard.seekp(-1, std::ios::end);
    shard.put('\x7f');
  }
  EXPECT_THAT(refused(ErrorCode::bad_format), HasSubstr("pnet-part-00001.safetensors"));
}

}  // namespace
}  // namespace mtcnn
