#include "mtcnn/geometry/nms.h"

#include "mtcnn/core/error.h"

#include <numeric>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// The definition, quadratic.
std::vector<int32_t> plain_nms(const std::vector<Box>& boxes, const std::vector<float>& scores, float threshold,
                               float (*overlap)(const Box&, const Box&)) {
  std::vector<int32_t> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  std::vector<int32_t> kept;
  for (const int32_t i : order) {
    if (std::none_of(kept.begin(), kept.end(), [&](int32_t k) {
          return overlap(boxes[static_cast<size_t>(k)], boxes[static_cast<size_t>(i)]) > threshold;
        })) {
      kept.push_back(i);
    }
  }
  return kept;
}

TEST(Nms, EmptyInEmptyOut) { EXPECT_TRUE(nms({}, {}, 0.5F, Overlap::union_area).empty()); }

TEST(Nms, KeepsTheStrongestAndBreaksTiesByOrder) {
  const std::vector<Box> boxes = {{0, 0, 10, 10}, {1, 0, 11, 10}, {30, 30, 40, 40}, {30, 31, 40, 41}};
  const std::vector<float> scores = {0.5F, 0.9F, 0.7F, 0.7F};
  EXPECT_THAT(nms(boxes, scores, 0.5F, Overlap::union_area), ::testing::ElementsAre(1, 2));
}

TEST(Nms, ThresholdItselfIsNoOverlap) {
  const std::vector<Box> boxes = {{0, 0, 10, 10}, {0, 0, 10, 5}};  // IoU exactly 0.5, IoM exactly 1
  const std::vector<float> scores = {0.9F, 0.8F};
  EXPECT_EQ(nms(boxes, scores, 0.5F, Overlap::union_area).size(), 2U);
  EXPECT_EQ(nms(boxes, scores, 0.5F, Overlap::smaller_area).size(), 1U);
}

TEST(Nms, GridGivesTheSameAsTheDefinition) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::uniform_real_distribution<float> place(-50, 200);
    std::lognormal_distribution<float> size(2.5F, 1.0F);
    std::uniform_int_distribution<int> score(0, 20);
    std::vector<Box> boxes;
    std::vector<float> scores;
    for (int i = 0; i < 300; ++i) {
      const float x = place(random);
      const float y = place(random);
      boxes.push_back({x, y, x + size(random), y + size(random)});
      scores.push_back(static_cast<float>(score(random)) / 20);
    }
    for (const float threshold : {0.0F, 0.1F, 0.3F, 0.5F, 0.7F, 1.0F}) {
      EXPECT_EQ(nms(boxes, scores, threshold, Overlap::union_area), plain_nms(boxes, scores, threshold, iou));
      EXPECT_EQ(nms(boxes, scores, threshold, Overlap::smaller_area), plain_nms(boxes, scores, threshold, iom));
    }
  }
}

TEST(Nms, RefusesWhatItsContractExcludes) {
  const std::vector<Box> boxes = {{0, 0, 1, 1}};
  const std::vector<float> scores = {1};
  EXPECT_THROW(nms(boxes, scores, 1.5F, Overlap::union_area), ContractError);
  EXPECT_THROW(nms(boxes, {}, 0.5F, Overlap::union_area), ContractError);
}

TEST(VisitOverlapping, MeetsThoseThatAPlainLoopMeets) {
  std::mt19937 random(3);
  std::vector<Box> boxes;
  for (int i = 0; i < 400; ++i) {
    const auto x = static_cast<float>(random() % 120);
    const auto y = static_cast<float>(random() % 60);
    const auto side = static_cast<float>(random() % 40);  // some have no area
    boxes.push_back({x, y, x + side, y + side * 1.2F});
  }
  for (const float least : {0.1F, 0.5F, 1.0F}) {
    std::set<std::pair<size_t, size_t>> met;
    visit_overlapping(boxes, boxes, least, [&](size_t m, size_t n) { EXPECT_TRUE(met.emplace(m, n).second); });
    std::set<std::pair<size_t, size_t>> expected;
    for (size_t m = 0; m < boxes.size(); ++m) {
      for (size_t n = 0; n < boxes.size(); ++n) {
        if (boxes[n].area() > 0 && iou(boxes[n], boxes[m]) >= least) expected.emplace(m, n);
      }
    }
    EXPECT_EQ(met, expected) << "at " << least;
  }
  const auto never = [](size_t, size_t) { FAIL(); };
  visit_overlapping(boxes, {}, 0.5F, never);
  EXPECT_THROW(visit_overlapping(boxes, boxes, 0, never), ContractError);
}

}  // namespace
}  // namespace mtcnn
