#include "mtcnn/weights/windows.h"

#include "support/foreign_weights.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// An edge is first (+ size) + offset * size in the weights' own windows, and (12 +) offset' * 12 in plain ones.
TEST(PlainWindows, GiveTheSameEdges) {
  const NetWeights weights = testing::random_weights(NetKind::pnet, 1);
  constexpr double kFirst = 1;
  constexpr double kSize = 11;
  const NetWeights plain = with_plain_windows(weights, kFirst, kSize);
  const std::vector<float>& before = weights.at("conv4_2.bias").values;
  const std::vector<float>& after = plain.at("conv4_2.bias").values;
  for (size_t edge = 0; edge < 4; ++edge) {
    const double own = (edge < 2 ? kFirst : kFirst + kSize) + static_cast<double>(before[edge]) * kSize;
    const double same = (edge < 2 ? 0 : 12) + static_cast<double>(after[edge]) * 12;
    EXPECT_NEAR(own, same, 1e-5);
  }
  EXPECT_NEAR(plain.at("conv4_2.weight").values[7], weights.at("conv4_2.weight").values[7] * kSize / 12, 1e-6);
  EXPECT_EQ(plain.at("conv1.weight").values, weights.at("conv1.weight").values);
}

TEST(PlainWindows, LeaveOthersAlone) {
  const NetWeights pnet = testing::random_weights(NetKind::pnet, 1);
  EXPECT_EQ(weights_checksum(with_plain_windows(pnet, 0, 12)), weights_checksum(pnet));
  const NetWeights rnet = testing::random_weights(NetKind::rnet, 1);
  EXPECT_EQ(weights_checksum(with_plain_windows(rnet, 1, 12)), weights_checksum(rnet));
}

}  // namespace
}  // namespace mtcnn
