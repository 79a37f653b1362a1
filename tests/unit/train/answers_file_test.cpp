#include "mtcnn/train/answers_file.h"

#include "mtcnn/core/safetensors.h"

#include <cstring>

#include "support/made_crops.h"
#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(AnswersFile, TellsWhichCropEachAnswerIsFor) {
  const testing::TempFolder folder;
  testing::make_crops(folder.path() / "crops", {.count = 5, .shards = 2});
  const CropSet crops(folder.path() / "crops", "pnet");
  const auto count = static_cast<size_t>(crops.count(CropKind::landmark));
  ValidationAnswers answers;
  answers.positive_scores.assign(static_cast<size_t>(crops.count(CropKind::positive)), .25F);
  answers.landmark_errors.assign(count, .5F);
  answers.landmark_points.assign(10 * count, 2);
  write_answers(folder.path() / "answers.safetensors", answers, crops, {{"net", "pnet"}});

  const Safetensors file(folder.path() / "answers.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "mtcnn-answers");
  EXPECT_EQ(file.metadata().at("net"), "pnet");
  EXPECT_EQ(file.find("negative_score"), nullptr);
  ASSERT_NE(file.find("landmark_points"), nullptr);
  EXPECT_EQ(file.find("landmark_points")->shape, (std::vector<int64_t>{static_cast<int64_t>(count), 10}));
  EXPECT_EQ(file.floats(*file.find("positive_score")).front(), .25F);
  const Safetensors::Entry* places = file.find("positive_place");
  ASSERT_NE(places, nullptr);
  for (int64_t i = 0; i < crops.count(CropKind::positive); ++i) {
    int32_t place[2];
    std::memcpy(place, file.bytes(*places).data() + static_cast<size_t>(i) * sizeof place, sizeof place);
    const CropSet::Crop crop = crops.at({CropKind::positive, i});
    EXPECT_EQ(crop.shard->path().filename(), shard_name("pnet", CropKind::positive, place[0]));
    EXPECT_EQ(crop.row, place[1]);
  }
}

}  // namespace
}  // namespace mtcnn
