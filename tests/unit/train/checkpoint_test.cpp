#include "mtcnn/train/checkpoint.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"

#include <functional>

#include "support/expect_error.h"
#include "support/foreign_weights.h"
#include "support/script_files.h"
#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/serialize.h>
#include <torch/utils.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr RunLength kLength = {.steps_per_epoch = 10, .epochs = 4};

/// A P-Net in training: steps with made-up gradients, the same for equal seeds.
struct Training {
  explicit Training(std::string of_kind) : kind(std::move(of_kind)) {
    torch::manual_seed(7);
    net = make_net(NetKind::pnet, 5);
    averaged = make_net(NetKind::pnet, 5);
    average.emplace(*net, .9);
    OptimizerOptions options;
    options.kind = kind;
    options.lr = .01;
    optimizer = make_optimizer(*net, options);
  }

  TrainParts parts() { return {*net, *averaged, *average, *optimizer, kind}; }

  /// The landmark head gets no gradient, as in batches without landmarks.
  void step(uint64_t seed) {
    torch::manual_seed(seed);
    for (const auto& parameter : net->named_parameters()) {
      const bool head = parameter.key().starts_with("conv4_3");
      parameter.value().mutable_grad() = head ? torch::Tensor() : torch::randn_like(parameter.value());
    }
    optimizer->step();
    average->update(*net, static_cast<int64_t>(seed));
  }

  std::string kind;
  NetPointer net;
  NetPointer averaged;
  std::optional<WeightAverage> average;
  std::unique_ptr<torch::optim::Optimizer> optimizer;
};

TrainState state_at(int64_t step) {
  TrainState state;
  state.step = step;
  state.epoch = static_cast<int>(step / kLength.steps_per_epoch);
  return state;
}

void expect_same_weights(const Training& found, const Training& expected) {
  testing::expect_same(weights_of(*found.net), weights_of(*expected.net));
}

/// How versions before optimizer.safetensors wrote a checkpoint.
void write_old_checkpoint(const fs::path& folder, int64_t step, Training& training) {
  write_checkpoint(folder, state_at(step), training.parts());
  fs::remove(folder / "optimizer.safetensors");
  torch::serialize::OutputArchive archive;
  training.optimizer->save(archive);
  archive.save_to((folder / "optimizer.pt").string());
}

std::string refused(const fs::path& folder, Training& training) {
  return testing::error_message(ErrorCode::bad_format, [&] { read_checkpoint(folder, kLength, training.parts()); });
}

TEST(Checkpoint, GoesOnToTheSameBitsWhateverTheOptimizer) {
  for (const char* kind : {"sgd", "adam", "adamw"}) {
    for (const bool old : {false, true}) {
      const testing::TempFolder folder;
      Training whole(kind);
      for (uint64_t seed = 1; seed <= 3; ++seed) whole.step(seed);
      if (old) {
        write_old_checkpoint(folder.path(), 3, whole);
      } else {
        write_checkpoint(folder.path(), state_at(3), whole.parts());
      }
      Training resumed(kind);
      resumed.step(9);  // what it knew before does not matter
      EXPECT_EQ(read_checkpoint(folder.path(), kLength, resumed.parts()).step, 3);
      expect_same_weights(resumed, whole);
      for (uint64_t seed = 4; seed <= 6; ++seed) {
        whole.step(seed);
        resumed.step(seed);
      }
      expect_same_weights(resumed, whole);
    }
  }
}

TEST(Checkpoint, RefusesWeightsOfOtherChannels) {
  const testing::TempFolder folder;
  Training training("adam");
  write_checkpoint(folder.path(), {}, training.parts());
  write_weights(folder / "weights.safetensors", testing::random_weights(NetKind::pnet, 1, true, 5, 1.5));
  EXPECT_THAT(testing::refusal([&] { read_checkpoint(folder.path(), kLength, training.parts()); }),
              HasSubstr("found [15,24,48], expected [10,16,32]"));
}

TEST(Checkpoint, ARunMayStopBeforeItsFirstStep) {
  const testing::TempFolder folder;
  Training training("adam");
  write_checkpoint(folder.path(), {}, training.parts());
  Training resumed("adam");
  resumed.step(1);
  read_checkpoint(folder.path(), kLength, resumed.parts());
  training.step(2);
  resumed.step(2);
  expect_same_weights(resumed, training);
}

/// Writes optimizer.safetensors anew with what `change` makes of its tensors; bytes are theirs, to be changed at will.
void rewrite(const fs::path& folder,
             const std::function<void(std::vector<TensorView>&, std::vector<std::string>&)>& change,
             const std::map<std::string, std::string>& other = {}) {
  const fs::path path = folder / "optimizer.safetensors";
  std::vector<TensorView> views;
  std::vector<std::string> contents;
  std::map<std::string, std::string> metadata;
  {
    const Safetensors file(path);
    metadata = file.metadata();
    for (const Safetensors::Entry& entry : file.entries()) {
      views.push_back({entry.name, entry.dtype, entry.shape, {}});
      const auto bytes = file.bytes(entry);
      contents.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
  }
  change(views, contents);
  for (size_t i = 0; i < views.size(); ++i) views[i].bytes = std::as_bytes(std::span(contents[i]));
  write_safetensors(path, views, metadata);
  metadata["checksum"] = checksum_text(crc32(Safetensors(path).data()));
  for (const auto& [key, value] : other) metadata[key] = value;
  write_safetensors(path, views, metadata);
}

TEST(Checkpoint, AnOptimizerThatCannotBeIsRefused) {
  const testing::TempFolder folder;
  Training training("adam");
  training.step(1);
  training.step(2);
  const auto with = [&](const std::function<void(std::vector<TensorView>&, std::vector<std::string>&)>& change,
                        const std::map<std::string, std::string>& other = {}) {
    write_checkpoint(folder.path(), state_at(2), training.parts());
    rewrite(folder.path(), change, other);
    const NetWeights before = weights_of(*training.net);
    const std::string text = refused(folder.path(), training);
    testing::expect_same(weights_of(*training.net), before);
    return text;
  };
  const auto place_of = [](const std::vector<TensorView>& views, const std::string& name) {
    size_t place = 0;
    while (place < views.size() && views[place].name != name) ++place;
    return place;
  };
  const auto number = [](auto value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); };
  const auto set = [&](const std::string& name, const std::string& bytes) {
    return [&, name, bytes](std::vector<TensorView>& views, std::vector<std::string>& contents) {
      contents.at(place_of(views, name)).replace(0, bytes.size(), bytes);
    };
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(with(set("conv1.weight.exp_avg", number(nan))),
              HasSubstr("'conv1.weight.exp_avg' is damaged: found nan"));
  EXPECT_THAT(with(set("conv1.bias.exp_avg_sq", number(-1.F))),
              HasSubstr("'conv1.bias.exp_avg_sq' is damaged: found -1"));
  for (const int64_t steps : {int64_t{0}, int64_t{-5}, int64_t{3}, int64_t{1} << 62}) {
    EXPECT_THAT(with(set("conv2.bias.step", number(steps))),
                HasSubstr(concat("wrong number of steps for 'conv2.bias': found ", steps, ", expected 1 to 2")));
  }
  EXPECT_THAT(with([&](auto& views, auto& contents) {
                const auto place = static_cast<ptrdiff_t>(place_of(views, "conv2.weight.exp_avg"));
                views.erase(views.begin() + place);
                contents.erase(contents.begin() + place);
              }),
              HasSubstr("tensor 'conv2.weight.exp_avg' is missing"));
  EXPECT_THAT(with([&](auto& views, auto&) {
                views.at(place_of(views, "conv1.bias.exp_avg")).shape = {5, 2};
              }),
              HasSubstr("found F32 [5, 2], expected F32 [10]"));
  EXPECT_THAT(with([&](auto& views, auto&) { views.at(place_of(views, "conv1.bias.exp_avg")).dtype = Dtype::i32; }),
              HasSubstr("found I32 [10], expected F32 [10]"));
  EXPECT_THAT(with([](auto& views, auto& contents) {
                views.push_back({"more", Dtype::f32, {1}, {}});
                contents.emplace_back(4, '\0');
              }),
              HasSubstr("parameters that the net does not have"));
  const auto nothing = [](auto&, auto&) {};
  EXPECT_THAT(with(nothing, {{"optimizer", "sgd"}}), HasSubstr("wrong 'optimizer'"));
  EXPECT_THAT(with(nothing, {{"version", "2"}}), HasSubstr("wrong 'version'"));
  EXPECT_THAT(with(nothing, {{"checksum", "crc32:00000000"}}), HasSubstr("wrong 'checksum'"));
  EXPECT_THAT(with(nothing, {{"untouched", "{}"}}), HasSubstr("wrong 'untouched'"));
  EXPECT_THAT(with(nothing, {{"untouched", "[]"}}), HasSubstr("'conv4_3.weight.step' is missing"));
}

TEST(Checkpoint, AnOldOptimizerIsReadAsDataAndChecked) {
  const testing::TempFolder folder;
  Training training("sgd");
  training.step(1);
  write_old_checkpoint(folder.path(), 1, training);
  Training adam("adam");
  EXPECT_THAT(refused(folder.path(), adam), HasSubstr("exp_avg' is missing"));
  const fs::path old = folder / "optimizer.pt";
  const std::string good = read_text(old);
  for (size_t part = 0; part < 16; ++part) {
    testing::write_bytes(old, good.substr(0, good.size() * part / 16));
    EXPECT_THAT(refused(folder.path(), training), HasSubstr("optimizer.pt"));
  }
  std::string nested = ")";
  nested.append(3'000'000, '\x85');
  testing::write_bytes(old, testing::script_file(nested, {}));
  EXPECT_THAT(refused(folder.path(), training), HasSubstr("over 1000000 steps"));
  testing::write_bytes(old, testing::script_file(testing::pickled_module("M", {}), {}));
  EXPECT_THAT(refused(folder.path(), training), HasSubstr("parameter 'conv1.weight' is missing"));
}

TEST(Checkpoint, FilesThatOnceBrokeTheHeapAreRefused) {
  MTCNN_NEEDS_SHARED("cases/hardening");
  const fs::path cases = testing::shared_folder() / "cases" / "hardening";
  const testing::TempFolder folder;
  Training training("adam");
  training.step(1);
  write_old_checkpoint(folder.path(), 20, training);
  for (const char* file : {"run_optimizer_record_too_short/checkpoints/step_000000012/optimizer.pt",
                           "parts/optimizer_2_segfault.pt", "parts/optimizer_8_abort.pt"}) {
    testing::write_bytes(folder / "optimizer.pt", read_text(cases / file));
    EXPECT_THAT(refused(folder.path(), training), HasSubstr("optimizer.pt")) << file;
  }
}

TEST(Checkpoint, StateFileIsNotBelieved) {
  const testing::TempFolder folder;
  Training training("sgd");
  write_checkpoint(folder.path(), state_at(23), training.parts());
  const Json good = read_json(folder / "state.json");
  const auto with = [&](const char* pointer, const Json& value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    write_text(folder / "state.json", changed.dump());
    return refused(folder.path(), training);
  };
  for (const int64_t step : {int64_t{-12}, int64_t{19}, int64_t{31}, int64_t{1} << 62})
    EXPECT_THAT(with("/step", step), AllOf(HasSubstr("wrong 'step'"), HasSubstr("20 to 30")));
  EXPECT_THAT(with("/epoch", int64_t{1} << 32), HasSubstr("wrong 'epoch'"));
  EXPECT_THAT(with("/epoch", -1), HasSubstr("wrong 'epoch'"));
  EXPECT_THAT(with("/best_epoch", 3), HasSubstr("wrong 'best_epoch'"));
  EXPECT_THAT(with("/seconds", -1), HasSubstr("wrong 'seconds'"));
  EXPECT_THAT(with("/step", "twelve"), HasSubstr("'step'"));
  EXPECT_THAT(with("/totals", 3), HasSubstr("'steps' is missing"));
  EXPECT_THAT(with("/totals/steps", -1), HasSubstr("wrong 'steps'"));
  for (const char* task : {"face", "box", "landmark", "teacher"})
    EXPECT_THAT(with(concat("/totals/", task).c_str(), nullptr), HasSubstr(task));
  EXPECT_THAT(with("/totals/turned", "far"), HasSubstr("turned")) << "the loss of a further task";
  write_text(folder / "state.json", "[]");
  EXPECT_THAT(refused(folder.path(), training), HasSubstr("'epoch' is missing"));
}

/// A run folder with checkpoints after 1, 2 and 3 steps.
class Restore : public ::testing::Test {
 protected:
  Restore() {
    for (int64_t step = 1; step <= 3; ++step) {
      training_.step(static_cast<uint64_t>(step));
      const fs::path begun = run_.begin_checkpoint();
      write_checkpoint(begun, state_at(step), training_.parts());
      run_.keep_checkpoint(begun, step, 5);
    }
  }

  fs::path checkpoint(int step) const { return folder_ / "run" / "checkpoints" / concat("step_00000000", step); }
  TrainState restored() { return restore_newest(run_, kLength, training_.parts()); }

  testing::TempFolder folder_;
  Training training_{"adamw"};
  RunFolder run_{folder_ / "run", Json::object(), Json::object(), false};
};

TEST_F(Restore, TakesTheNewestWholeCheckpointAndSetsDamagedOnesAside) {
  EXPECT_EQ(restored().step, 3);
  fs::resize_file(checkpoint(3) / "optimizer.safetensors", 1000);
  fs::remove(checkpoint(2) / "state.json");
  EXPECT_EQ(restored().step, 1);
  EXPECT_FALSE(fs::exists(checkpoint(3)));
  EXPECT_TRUE(fs::exists(folder_ / "run" / "checkpoints" / "damaged_step_000000003" / "weights.safetensors"));
  EXPECT_THAT(read_text(folder_ / "run" / "log.txt"),
              AllOf(HasSubstr("goes on from step 1"), HasSubstr("damaged_step_000000003"), HasSubstr("truncated")));
  EXPECT_EQ(run_.checkpoints().size(), 1U);
}

TEST_F(Restore, FailsWhereNoneIsWholeAndTouchesNothing) {
  for (int step = 1; step <= 3; ++step) write_text(checkpoint(step) / "state.json", "{}");
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format, [&] { restored(); }),
              AllOf(HasSubstr("no checkpoint of this run can be read"), HasSubstr("step_000000003"),
                    HasSubstr("another --out")));
  EXPECT_EQ(run_.checkpoints().size(), 3U);
}

TEST_F(Restore, ARunWithoutCheckpointsStartsAtItsStart) {
  fs::remove_all(folder_ / "run" / "checkpoints");
  EXPECT_EQ(restored().step, 0);
}

}  // namespace
}  // namespace mtcnn
