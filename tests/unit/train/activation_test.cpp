#include "mtcnn/train/activation.h"

#include "mtcnn/core/error.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

at::Tensor random_map(at::IntArrayRef sizes) { return at::randn(sizes).contiguous(at::MemoryFormat::ChannelsLast); }

/// Slopes of both signs: with a negative one, pooling and PReLU may not change places.
at::Tensor slopes_for(int64_t channels) { return at::randn({channels}); }

TEST(Activation, PoolingEqualsLibTorchToTheBit) {
  at::manual_seed(1);
  for (const int64_t kernel : {2, 3}) {
    for (const int64_t channels : {1, 10, 28, 64}) {
      for (const auto& [height, width] : std::vector<std::pair<int64_t, int64_t>>{{3, 3}, {4, 7}, {22, 22}, {35, 64}}) {
        const at::Tensor input = random_map({3, channels, height, width});
        const at::Tensor slopes = slopes_for(channels);
        const at::Tensor expected = at::max_pool2d(at::prelu(input, slopes), kernel, 2, 0, 1, true);
        const at::Tensor actual = prelu_max_pool(input, slopes, kernel);
        ASSERT_EQ(actual.sizes(), expected.sizes());
        EXPECT_TRUE(at::equal(actual, expected))
            << "kernel " << kernel << ", " << channels << " channels, " << height << "x" << width;
      }
    }
  }
}

TEST(Activation, RefusesOtherMemoryLayouts) {
  at::Tensor planes = at::randn({1, 4, 8, 8});
  EXPECT_THROW(prelu_max_pool(planes, slopes_for(4), 2), ContractError);
  EXPECT_THROW(prelu_max_pool(random_map({1, 4, 2, 2}), slopes_for(4), 3), ContractError);
}

}  // namespace
}  // namespace mtcnn
