#include "mtcnn/engine/kernels.h"

#include <algorithm>
#include <cmath>

#include "unit/engine/plain_net.h"
#include "unit/engine/samples.h"
#include "unit/engine/tolerances.h"
#include <gtest/gtest.h>

namespace mtcnn::engine {
namespace {

constexpr float kFaceX = 175;  ///< in astronaut.jpg
constexpr float kFaceY = 65;
constexpr float kFaceSide = 110;

void expect_near(const float* values, const PlainMap& expected, const char* units,
                 double relative = kDefaultNetTolerance) {
  for (size_t i = 0; i < expected.values.size(); ++i) {
    const double tolerance = relative * std::max(1.0, std::abs(expected.values[i]));
    ASSERT_NEAR(static_cast<double>(values[i]), expected.values[i], tolerance) << units << " value " << i;
  }
}

TEST(DefaultModel, PNetAnswersAsDefinedOverAPicture) {
  const NetWeights weights = default_net(NetKind::pnet);
  const SamplePlane sample("astronaut.jpg", 72);
  const PlainMap expected = plain_net(weights, sample.pixels, 72, 72);
  ASSERT_EQ(expected.width, sample.cells());
  ASSERT_EQ(expected.channels, PNet::kValues);
  double largest = expected.at(0, 0, 0);
  for (int i = 0; i < sample.cells() * sample.cells(); ++i)
    largest = std::max(largest, expected.at(i / sample.cells(), i % sample.cells(), 0));
  EXPECT_GT(largest, 1) << "the face is there";
  for (const Kernels& kernels : usable_kernels())
    expect_near(sample.exact(PNet(weights, kernels)).data(), expected, kernels.units);
}

/// A crop net on a face, on half of one and on background, which go together through the engine.
void expect_crop_net_as_defined(NetKind kind) {
  const int side = net_input_size(kind);
  const NetWeights weights = default_net(kind);
  std::vector<float> crops;
  std::vector<PlainMap> expected;
  for (const float x : {kFaceX, kFaceX + kFaceSide / 2, 10.0F}) {
    const std::vector<float> crop = sample_pixels("astronaut.jpg", side, x, kFaceY, kFaceSide);
    expected.push_back(plain_net(weights, crop, side, side));
    crops.insert(crops.end(), crop.begin(), crop.end());
  }
  EXPECT_GT(expected.front().values[0], 1) << "a face";
  EXPECT_LT(expected.back().values[0], -1) << "none";
  for (const Kernels& kernels : usable_kernels()) {
    const CropNet net(weights, kernels);
    std::vector<float> values(expected.size() * static_cast<size_t>(net.values()));
    for (const bool exact : {true, false}) {
      net.run(crops.data(), static_cast<int>(expected.size()), values.data(), exact);
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(expected[i].values.size(), static_cast<size_t>(net.values()));
        expect_near(values.data() + i * static_cast<size_t>(net.values()), expected[i], kernels.units,
                    exact ? kDefaultNetTolerance : kFixedPointTolerance);
      }
    }
  }
}

TEST(DefaultModel, RNetAnswersAsDefinedOnCrops) { expect_crop_net_as_defined(NetKind::rnet); }
TEST(DefaultModel, ONetAnswersAsDefinedOnCrops) { expect_crop_net_as_defined(NetKind::onet); }

}  // namespace
}  // namespace mtcnn::engine
