#include "mtcnn/eval/stage_recall.h"

#include "mtcnn/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

FaceAnnotation face(double x, double y, double w, double h, bool ignore = false) {
  return {.x = x, .y = y, .w = w, .h = h, .ignore = ignore};
}

TEST(StageRecall, CountsFacesAndWindowsOfEachStage) {
  StageRecall recall(20);
  const std::vector<FaceAnnotation> truth = {face(0, 0, 30, 30), face(100, 100, 60, 60), face(200, 0, 40, 40, true),
                                             face(300, 0, 12, 12)};
  // P-Net has both faces, R-Net the larger one, O-Net neither.
  recall.add(
      truth,
      {{{{0, 0, 30, 30}, {105, 100, 165, 160}, {500, 500, 520, 520}}, {{100, 100, 160, 160}}, {{130, 100, 190, 160}}}});
  EXPECT_EQ(recall.pictures(), 1);
  EXPECT_EQ(recall.faces(), 2) << "ignored and small faces count nowhere";
  EXPECT_EQ(recall.stages()[0].found, 2);
  EXPECT_EQ(recall.stages()[0].windows, 3);
  EXPECT_EQ(recall.stages()[1].found, 1);
  EXPECT_EQ(recall.stages()[2].found, 0);
  EXPECT_THAT(recall.faces_by_height(), ::testing::ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(recall.stages()[1].found_by_height, ::testing::ElementsAre(0, 0, 1, 0));
}

TEST(StageRecall, ATallFaceIsComparedAsASquare) {
  StageRecall recall;
  recall.add(std::vector<FaceAnnotation>{face(10, 0, 20, 40)}, {{{{0, 0, 40, 40}}, {}, {{10, 0, 30, 40}}}});
  EXPECT_EQ(recall.stages()[0].found, 1);
  EXPECT_EQ(recall.stages()[2].found, 1);
}

TEST(StageRecall, NothingGivesNoNumbersRatherThanWrongOnes) {
  const StageRecall recall;
  const Json figures = Json::parse(summary_text(stage_recall_report(recall)));
  EXPECT_TRUE(figures["stages"][0]["recall"].is_null());
  EXPECT_THAT(stage_recall_text(recall), ::testing::HasSubstr("0 faces"));
}

TEST(StageRecall, RefusesWhatItsContractExcludes) {
  EXPECT_THROW(StageRecall(-1), ContractError);
  EXPECT_THROW(StageRecall(10, 0), ContractError);
  EXPECT_THROW(StageRecall(10, 1.1), ContractError);
}

}  // namespace
}  // namespace mtcnn
