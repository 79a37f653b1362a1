#include "mtcnn/engine/screen.h"

#include "mtcnn/engine/calibration.h"
#include "mtcnn/engine/screened.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "unit/engine/samples.h"
#include <gtest/gtest.h>

namespace mtcnn::engine {
namespace {

constexpr int kRNetValues = 5;

std::vector<SamplePlane> sample_planes() {
  std::vector<SamplePlane> planes;
  for (const char* name : {"astronaut.jpg", "grace_hopper.jpg"}) {
    for (const int side : {40, 56, 80, 112, 160, 224}) planes.emplace_back(name, side);
  }
  return planes;
}

TEST(Screen, RoughLogitsAreWithinTheMargin) {
  const NetWeights pnet = default_net(NetKind::pnet);
  const NetWeights rnet = default_net(NetKind::rnet);
  const Kernels& kernels = usable_kernels().back();
  for (const ByteKernels& bytes : usable_byte_kernels()) {
    const PNetScreen screen(pnet, kernels, bytes);
    EXPECT_GT(screen.margin(), 0);
    EXPECT_LT(screen.margin(), 2.5F);
    const PNet net(pnet, kernels);
    size_t near = 0;
    size_t lost = 0;
    for (const SamplePlane& sample : sample_planes()) {
      const int cells = sample.cells();
      std::vector<float> rough(static_cast<size_t>(cells * cells));
      screen.run(sample.plane, 0, cells, rough.data());
      const std::vector<float> exact = sample.exact(net);
      for (size_t cell = 0; cell < rough.size(); ++cell) {
        const float logit = exact[cell * PNet::kValues];
        if (logit < -3) continue;
        ++near;
        lost += rough[cell] < logit - screen.margin() ? 1U : 0U;
      }
      std::vector<float> band(static_cast<size_t>(cells));
      screen.run(sample.plane, 7, 8, band.data());
      EXPECT_TRUE(std::equal(band.begin(), band.end(), rough.begin() + ptrdiff_t{7} * cells)) << "bands change nothing";
    }
    EXPECT_GT(near, 300U);
    EXPECT_LE(lost, near / 100) << bytes.units;

    const RNetScreen rnet_screen(rnet, kernels, bytes);
    EXPECT_LT(rnet_screen.margin(), 2);
    const Calibration crops = painted_calibration(net_input_size(NetKind::rnet));
    const int count = crops.textures + crops.faces;
    std::vector<float> logits(static_cast<size_t>(count));
    rnet_screen.run(crops.crops.data(), count, logits.data());
    std::vector<float> values(static_cast<size_t>(count * kRNetValues));
    CropNet(rnet, kernels).run(crops.crops.data(), count, values.data());
    for (size_t i = 0; i < logits.size(); ++i) {
      const float logit = values[i * kRNetValues];
      if (std::abs(logit) < 4) {
        EXPECT_NEAR(logits[i], logit, 1.5F * rnet_screen.margin()) << bytes.units << " " << i;
      }
    }
  }
}

TEST(Screen, PassesOverCellsFarFromTheThreshold) {
  const NetWeights pnet = default_net(NetKind::pnet);
  for (const ByteKernels& bytes : usable_byte_kernels()) {
    const PNetScreen screen(pnet, usable_kernels().back(), bytes);
    for (const float least : {-1.0F, 0.4F}) {
      size_t cells = 0;
      size_t passed_over = 0;
      size_t reaching = 0;
      size_t lost = 0;
      for (const SamplePlane& sample : sample_planes()) {
        const int side = sample.cells();
        std::vector<float> all(static_cast<size_t>(side * side));
        screen.run(sample.plane, 0, side, all.data());
        std::vector<float> some(all.size());
        screen.run(sample.plane, 0, side, some.data(), least);
        for (size_t i = 0; i < all.size(); ++i) {
          if (some[i] != all[i]) {
            ASSERT_LT(some[i], least) << bytes.units;
          }
          passed_over += some[i] != all[i] ? 1U : 0U;
          reaching += all[i] >= least ? 1U : 0U;
          lost += all[i] >= least && some[i] < least ? 1U : 0U;
        }
        cells += all.size();
        const int from = side / 4 * 2;
        std::vector<float> band(static_cast<size_t>((side - from) * side));
        screen.run(sample.plane, from, side, band.data(), least);
        EXPECT_TRUE(std::equal(band.begin(), band.end(), some.begin() + ptrdiff_t{from} * side))
            << "bands change nothing";
      }
      EXPECT_GT(passed_over, cells / 4) << bytes.units;
      EXPECT_GT(reaching, 100U);
      EXPECT_LE(lost, reaching / 50) << bytes.units;
    }
  }
}

TEST(Screen, IsNotTrustedForNetsThatSeeNoFaces) {
  NetWeights weights = default_net(NetKind::pnet);
  for (NamedTensor& tensor : weights.tensors) {
    if (tensor.name == "conv4_1.bias") tensor.values = {50, -50};
  }
  const PNetScreen screen(weights, usable_kernels().back(), usable_byte_kernels().front());
  EXPECT_TRUE(std::isinf(screen.margin()));
}

TEST(Screen, WhatMattersIsTheFloatNets) {
  const NetWeights pnet = default_net(NetKind::pnet);
  const Kernels& kernels = usable_kernels().back();
  const ScreenedPNet screened(pnet, kernels);
  const PNet plain(pnet, kernels);
  for (const float least : {-std::numeric_limits<float>::infinity(), -1.0F, 0.4F}) {
    size_t reaching = 0;
    size_t lost = 0;
    for (const SamplePlane& sample : sample_planes()) {
      const std::vector<float> expected = sample.exact(plain);
      std::vector<float> values(expected.size());
      screened.run(sample.plane, 0, sample.cells(), least, values.data(), sample.stride());
      for (size_t cell = 0; cell < values.size(); cell += PNet::kValues) {
        if (expected[cell] < least) {
          EXPECT_LT(values[cell], least);
        } else if (++reaching; values[cell] < least) {
          ++lost;
        } else {
          for (size_t i = cell; i < cell + PNet::kValues; ++i) ASSERT_EQ(values[i], expected[i]);
        }
      }
    }
    EXPECT_GT(reaching, 50U);
    EXPECT_LE(lost, reaching / 50) << least;
  }
}

}  // namespace
}  // namespace mtcnn::engine
