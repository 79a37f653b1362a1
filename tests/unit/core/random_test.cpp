#include "mtcnn/core/random.h"

#include "mtcnn/core/error.h"

#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(RandomStream, IsTheSameEverywhere) {
  // Written down once: a change of these values would change every data set and every training run.
  RandomStream stream(1, "crops", 2);
  EXPECT_EQ(stream.next(), 3317882452550828901U);
  EXPECT_EQ(stream.next(), 9991470631822683269U);
}

TEST(RandomStream, SeedNameAndIndexEachGiveAnother) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const char* name : {"", "a", "b", "ab"}) {
      for (uint64_t index = 0; index < 20; ++index) first.insert(RandomStream(seed, name, index).next());
    }
  }
  EXPECT_EQ(first.size(), 20U * 4 * 20);
}

TEST(RandomStream, UniformFillsItsRange) {
  RandomStream stream(3, "uniform");
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = stream.uniform(-1, 3);
    ASSERT_GE(value, -1);
    ASSERT_LT(value, 3);
    sum += value;
  }
  EXPECT_NEAR(sum / 100000, 1, .02);
}

TEST(RandomStream, BelowIsEvenAndInRange) {
  RandomStream stream(4, "below");
  std::array<int, 7> counts = {};
  for (int i = 0; i < 70000; ++i) ++counts.at(static_cast<size_t>(stream.below(7)));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(stream.below(1), 0);
  EXPECT_THROW(stream.below(0), ContractError);
}

TEST(RandomStream, NormalHasMeanZeroAndDeviationOne) {
  RandomStream stream(5, "normal");
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = stream.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100000, 0, .015);
  EXPECT_NEAR(squares / 100000, 1, .02);
}

TEST(RandomStream, ShuffleKeepsEveryItem) {
  RandomStream stream(6, "shuffle");
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> shuffled = items;
  stream.shuffle(std::span(shuffled));
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace mtcnn
