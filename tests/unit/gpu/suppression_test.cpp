#include "mtcnn/gpu/suppression.h"

#include "mtcnn/core/error.h"
#include "mtcnn/gpu/boxes.h"

#include <random>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

std::vector<Box> random_boxes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> place(0, 100);
  std::uniform_real_distribution<float> size(5, 40);
  std::vector<Box> boxes;
  for (size_t i = 0; i < count; ++i) {
    const float x = place(random);
    const float y = place(random);
    boxes.push_back({x, y, x + size(random), y + size(random)});
  }
  boxes[3] = {5, 5, 5, 20};  // without area
  return boxes;
}

at::Tensor tensor_of(std::vector<Box>& boxes) {
  return at::from_blob(boxes.data(), {1, static_cast<int64_t>(boxes.size()), 4}, at::kFloat).clone();
}

/// By index: whether nms() keeps the box; they come strongest first.
std::vector<bool> kept_by_nms(const std::vector<Box>& boxes, float threshold, Overlap overlap) {
  std::vector<float> scores;
  for (size_t i = 0; i < boxes.size(); ++i) scores.push_back(static_cast<float>(boxes.size() - i));
  std::vector<bool> kept(boxes.size());
  for (const int32_t index : nms(boxes, scores, threshold, overlap)) kept[static_cast<size_t>(index)] = true;
  return kept;
}

void expect_kept(const at::Tensor& kept, const std::vector<bool>& expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(kept[0][static_cast<int64_t>(i)].item<bool>(), expected[i]) << "box " << i;
}

TEST(Suppression, KeepsWhatNmsKeeps) {
  std::vector<Box> boxes = random_boxes(300, 5);
  const at::Tensor all = at::ones({1, 300}, at::kBool);
  for (const Overlap overlap : {Overlap::union_area, Overlap::smaller_area}) {
    for (const float threshold : {0.1F, 0.5F}) {
      const Suppression done = suppress(tensor_of(boxes), all, {}, threshold, overlap, 300);
      EXPECT_TRUE(done.settled.item<bool>());
      expect_kept(done.kept, kept_by_nms(boxes, threshold, overlap));
    }
  }
}

/// More boxes than are compared at a time.
TEST(Suppression, GoesBlockByBlock) {
  std::vector<Box> boxes = random_boxes(6000, 6);
  ASSERT_LT(rows_at_once(tensor_of(boxes)), 6000);
  const Suppression done = suppress(tensor_of(boxes), at::ones({1, 6000}, at::kBool), {}, 0.4, Overlap::union_area, 40);
  EXPECT_TRUE(done.settled.item<bool>());
  expect_kept(done.kept, kept_by_nms(boxes, 0.4F, Overlap::union_area));
}

/// Each box suppresses the next: as long a chain as there can be.
TEST(Suppression, SaysWhereRoundsWereTooFew) {
  std::vector<Box> boxes;
  for (int i = 0; i < 40; ++i)
    boxes.push_back({4.0F * static_cast<float>(i), 0, 4.0F * static_cast<float>(i) + 10, 10});
  const at::Tensor all = at::ones({1, 40}, at::kBool);
  EXPECT_FALSE(suppress(tensor_of(boxes), all, {}, 0.3, Overlap::union_area, 5).settled.item<bool>());
  const Suppression done = suppress(tensor_of(boxes), all, {}, 0.3, Overlap::union_area, 40);
  EXPECT_TRUE(done.settled.item<bool>());
  expect_kept(done.kept, kept_by_nms(boxes, 0.3F, Overlap::union_area));
}

TEST(Suppression, GroupsAndTheDeadDoNotTouch) {
  std::vector<Box> boxes = {{0, 0, 10, 10}, {0, 0, 10, 10}, {0, 0, 10, 10}, {1, 0, 11, 10}};
  const at::Tensor alive = at::tensor({0, 1, 1, 1}, at::kInt).to(at::kBool).unsqueeze(0);
  const at::Tensor groups = at::tensor({0, 0, 1, 0}, at::kLong).unsqueeze(0);
  const Suppression done = suppress(tensor_of(boxes), alive, groups, 0.5, Overlap::union_area, 4);
  expect_kept(done.kept, {false, true, true, false});
  EXPECT_THROW(suppress(tensor_of(boxes), alive, groups, 1.5, Overlap::union_area, 4), ContractError);
}

}  // namespace
}  // namespace mtcnn
