#include "mtcnn/train/batch_source.h"

#include "mtcnn/train/device_memory.h"

#include "support/made_crops.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::HasSubstr;

class Sources : public ::testing::Test {
 protected:
  Sources() {
    testing::make_crops(folder_.path(), {.stage = "rnet", .size = 24, .count = 40});
    crops_.emplace(folder_.path(), "rnet");
    job_.net = NetKind::rnet;
    job_.options.batch.size = 28;
  }

  std::unique_ptr<BatchSource> source(const char* device, double memory = .5, DataRank rank = {}) {
    TrainJob job = job_;
    job.device = device;
    job.device_memory = memory;
    job.threads = 4;  // two of them prepare batches
    return make_batch_source(job, *crops_, rank);
  }

  testing::TempFolder folder_;
  std::optional<CropSet> crops_;
  TrainJob job_;
};

TEST_F(Sources, DeviceGivesTheLoadersBatches) {
  job_.options.augment.noise = job_.options.augment.jpeg = 0;  // those differ: see DeviceAugmenter
  const auto host = source("cpu");
  const auto device = source("cpu:torch");
  EXPECT_EQ(device->counts(), host->counts());
  EXPECT_EQ(device->steps_per_epoch(), host->steps_per_epoch());
  for (const int64_t first : {0, 9}) {
    host->seek(first);
    device->seek(first);
    for (int step = 0; step < 6; ++step) {
      const TensorBatch expected = host->next();
      const TensorBatch batch = device->next();
      EXPECT_LT((batch.input - expected.input).abs().max().item<double>(), 1e-5);
      EXPECT_TRUE(batch.input.is_contiguous(torch::MemoryFormat::ChannelsLast));
      EXPECT_EQ(batch.targets.counts, expected.targets.counts);
      EXPECT_TRUE(batch.targets.offsets.equal(expected.targets.offsets));
      EXPECT_TRUE(batch.targets.landmarks.equal(expected.targets.landmarks));
      ASSERT_EQ(batch.samples.size(), expected.samples.size());
      for (size_t row = 0; row < batch.samples.size(); ++row)
        EXPECT_EQ(batch.samples[row].index, expected.samples[row].index);
    }
  }
}

TEST_F(Sources, CropsInTheHostsMemoryGiveTheSame) {
  const auto there = source("cpu:torch");
  const auto here = source("cpu:torch", 0);
  EXPECT_THAT(there->description(), HasSubstr("crops take"));
  EXPECT_THAT(here->description(), HasSubstr("host's memory"));
  for (int step = 0; step < 6; ++step) EXPECT_TRUE(here->next().input.equal(there->next().input));
}

TEST_F(Sources, RanksShareTheDevicesBatch) {
  const auto whole = source("cpu:torch");
  const auto first = source("cpu:torch", .5, {.rank = 0, .world = 2});
  const auto second = source("cpu:torch", .5, {.rank = 1, .world = 2});
  for (int step = 0; step < 4; ++step) {
    const TensorBatch expected = whole->next();
    const TensorBatch a = first->next();
    const TensorBatch b = second->next();
    EXPECT_TRUE(torch::allclose(torch::cat({a.input, b.input}), expected.input, 0, 1e-5));
    EXPECT_TRUE(torch::cat({a.targets.offsets, b.targets.offsets}).equal(expected.targets.offsets));
    EXPECT_TRUE(torch::cat({a.targets.landmarks, b.targets.landmarks}).equal(expected.targets.landmarks));
  }
}

TEST_F(Sources, MixesWithoutSomeKinds) {
  job_.options.batch.landmarks = job_.options.batch.parts = 0;
  const TensorBatch batch = source("cpu:torch")->next();
  EXPECT_EQ(batch.input.sizes(), (torch::IntArrayRef{28, 3, 24, 24}));
  EXPECT_EQ(batch.targets.offsets.sizes(), (torch::IntArrayRef{7, 4}));
  EXPECT_EQ(batch.targets.landmarks.sizes(), (torch::IntArrayRef{0, 10}));
}

TEST(DeviceMemory, OfTheMachine) { EXPECT_GT(device_memory(torch::kCPU), int64_t{1} << 28); }

}  // namespace
}  // namespace mtcnn
