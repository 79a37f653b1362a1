#include "mtcnn/train/loader.h"

#include "mtcnn/data/manifest.h"

#include <map>
#include <memory>
#include <set>

#include "support/expect_error.h"
#include "support/made_crops.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::HasSubstr;

TrainOptions options_for(int batch) {
  TrainOptions options;
  options.batch.size = batch;
  return options;
}

TEST(Loader, MixesKindsAsConfigured) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {});
  const CropSet crops(folder.path(), "pnet");
  Loader loader(crops, options_for(70));
  const Batch& batch = loader.next();
  EXPECT_EQ(batch.counts, (BatchCounts{.negatives = 30, .positives = 10, .parts = 10, .landmarks = 20}));
  EXPECT_EQ(batch.samples.size(), 70U);
  EXPECT_EQ(batch.pixels.size(), 70U * 12 * 12 * 3);
  EXPECT_EQ(batch.offsets.size(), 20U * 4);
  EXPECT_EQ(batch.landmarks.size(), 20U * 10);
  for (size_t row = 0; row < 70; ++row) {
    const CropKind wanted = row < 30   ? CropKind::negative
                            : row < 40 ? CropKind::positive
                            : row < 50 ? CropKind::part
                                       : CropKind::landmark;
    EXPECT_EQ(batch.samples[row].kind, wanted);
  }
  EXPECT_EQ(loader.steps_per_epoch(), 5) << "one pass over 50 positives";
}

TEST(Loader, EveryPassUsesEveryCropOnce) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {.count = 30});
  const CropSet crops(folder.path(), "pnet");
  Loader loader(crops, options_for(28));  // 12 : 4 : 4 : 8
  std::map<CropKind, std::vector<int64_t>> drawn;
  for (int step = 0; step < 30; ++step) {
    for (const SampleId& id : loader.next().samples) drawn[id.kind].push_back(id.index);
  }
  for (const auto& [kind, indices] : drawn) {
    std::vector<std::vector<int64_t>> passes;
    for (size_t first = 0; first + 30 <= indices.size(); first += 30) {
      const std::vector<int64_t> pass(indices.begin() + static_cast<ptrdiff_t>(first),
                                      indices.begin() + static_cast<ptrdiff_t>(first) + 30);
      EXPECT_EQ(std::set<int64_t>(pass.begin(), pass.end()).size(), 30U) << crop_kind_name(kind);
      passes.push_back(pass);
    }
    ASSERT_GE(passes.size(), 4U);
    EXPECT_NE(passes[0], passes[1]) << "the order is drawn anew";
  }
}

TEST(Loader, SeekGivesTheSameBatchesAgain) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {});
  const CropSet crops(folder.path(), "pnet");
  Loader whole(crops, options_for(28));
  std::vector<std::vector<float>> pixels;
  std::vector<std::vector<float>> landmarks;
  for (int step = 0; step < 20; ++step) {
    const Batch& batch = whole.next();
    pixels.push_back(batch.pixels);
    landmarks.push_back(batch.landmarks);
  }
  Loader resumed(crops, options_for(28));
  resumed.next();
  resumed.seek(13);
  for (size_t step = 13; step < 20; ++step) {
    const Batch& batch = resumed.next();
    EXPECT_EQ(batch.pixels, pixels[step]);
    EXPECT_EQ(batch.landmarks, landmarks[step]);
  }
  EXPECT_NE(pixels[0], pixels[1]) << "a resumed run must not replay the same batch";
  TrainOptions other = options_for(28);
  other.seed = 2;
  EXPECT_NE(Loader(crops, other).next().pixels, pixels[0]);
}

TEST(Loader, RowsOfAllRanksAreTheBatch) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {.count = 40});
  const CropSet crops(folder.path(), "pnet");
  for (const int world : {1, 2, 3, 4, 28}) {
    Loader whole(crops, options_for(28));
    std::vector<std::unique_ptr<Loader>> ranks;
    for (int rank = 0; rank < world; ++rank)
      ranks.push_back(std::make_unique<Loader>(crops, options_for(28), DataRank{.rank = rank, .world = world}));
    for (int step = 0; step < 12; ++step) {
      const Batch& expected = whole.next();
      Batch joined;
      for (const auto& loader : ranks) {
        EXPECT_EQ(loader->counts(), expected.counts);
        EXPECT_EQ(loader->steps_per_epoch(), whole.steps_per_epoch());
        const Batch& batch = loader->next();
        const auto add = [](const auto& more, auto& all) { all.insert(all.end(), more.begin(), more.end()); };
        add(batch.pixels, joined.pixels);
        add(batch.offsets, joined.offsets);
        add(batch.landmarks, joined.landmarks);
        joined.counts.negatives += batch.counts.negatives;
        joined.counts.positives += batch.counts.positives;
        joined.counts.parts += batch.counts.parts;
        joined.counts.landmarks += batch.counts.landmarks;
      }
      EXPECT_EQ(joined.counts, expected.counts);
      EXPECT_EQ(joined.pixels, expected.pixels) << world << " " << step;
      EXPECT_EQ(joined.offsets, expected.offsets);
      EXPECT_EQ(joined.landmarks, expected.landmarks);
    }
  }
  EXPECT_THROW(Loader(crops, options_for(28), {.rank = 2, .world = 2}), ContractError);
}

TEST(Loader, ThreadsChangeNothing) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {});
  const CropSet crops(folder.path(), "pnet");
  Loader one(crops, options_for(28));
  Loader several(crops, options_for(28), {}, 3);
  for (int step = 0; step < 20; ++step) {
    const Batch& expected = one.next();
    const Batch& batch = several.next();
    EXPECT_EQ(batch.pixels, expected.pixels) << step;
    EXPECT_EQ(batch.landmarks, expected.landmarks) << step;
  }
  several.seek(3);
  one.seek(3);
  EXPECT_EQ(several.next().pixels, one.next().pixels);
}

TEST(Ahead, TellsTheFailuresOfItsThreads) {
  Ahead<int> ahead({2, [](int64_t step, int& item) {
                      if (step == 5) throw std::runtime_error("five");
                      item = static_cast<int>(step);
                    }});
  EXPECT_THROW(for (int step = 0; step < 6; ++step) EXPECT_EQ(ahead.next(), step), std::runtime_error);
  ahead.seek(6);
  EXPECT_EQ(ahead.next(), 6) << "a failure does not outlast a seek";
}

TEST(Loader, RefusesAMixThatTheCropsCannotGive) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {.landmarks = false});
  const CropSet crops(folder.path(), "pnet");
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { Loader(crops, options_for(70)); }),
              ::testing::AllOf(HasSubstr("landmark"), HasSubstr("batch.landmarks=0")));
  TrainOptions without = options_for(70);
  without.batch.landmarks = 0;
  EXPECT_EQ(Loader(crops, without).next().counts.landmarks, 0);
  without.batch.size = 4;
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { Loader(crops, without); }), HasSubstr("too small"));
}

TEST(CropSet, HoldsBackPicturesAsAWhole) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path(), {.count = 50});
  const auto even = [](int32_t source) { return source % 2 == 0; };
  const CropSet training(folder.path(), "pnet", even);
  EXPECT_EQ(training.count(CropKind::part), 25);
  for (int64_t i = 0; i < 25; ++i) {
    const CropSet::Crop crop = training.at({CropKind::part, i});
    EXPECT_EQ(crop.shard->label(crop.row).source % 2, 0);
  }
  EXPECT_THROW(training.at({CropKind::part, 25}), ContractError);
  EXPECT_THAT(training.describe({CropKind::part, 24}), HasSubstr("pnet-part-00001.safetensors row"));
}

TEST(CropSet, RefusesOtherAndUnfinishedCrops) {
  const testing::TempFolder folder;
  testing::make_crops(folder / "a", {});
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { CropSet(folder / "a", "rnet"); }),
              HasSubstr("another stage"));
  testing::make_crops(folder / "b", {.complete = false});
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [&] { CropSet(folder / "b", "pnet"); }),
              HasSubstr("not complete"));
  EXPECT_THAT(testing::error_message(ErrorCode::not_found, [&] { CropSet(folder / "c", "pnet"); }),
              HasSubstr("mtcnn prepare"));
}

}  // namespace
}  // namespace mtcnn
