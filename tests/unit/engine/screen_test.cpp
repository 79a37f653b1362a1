#include "mtcnn/engine/screen.h"

#include "mtcnn/detect/model_folder.h"
#include "mtcnn/engine/calibration.h"
#include "mtcnn/engine/screened.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "support/shared_data.h"
#include <gtest/gtest.h>

namespace mtcnn::engine {
namespace {

constexpr int kRNetValues = 5;

std::vector<const ByteKernels*> all_byte_kernels() {
  std::vector<const ByteKernels*> all = {&plain_byte_kernels()};
  if (fast_byte_kernels() != nullptr) all.push_back(fast_byte_kernels());
  return all;
}

/// A sample picture as P-Net sees it at some level of its pyramid.
struct SamplePlane {
  std::vector<float> pixels;
  Plane plane;

  SamplePlane(const std::string& name, int side) : pixels(static_cast<size_t>(3 * side * side)) {
    const Image image = read_image(testing::source_folder() / "samples" / name);
    const ptrdiff_t row = ptrdiff_t{3} * side;
    const Box all{0, 0, static_cast<float>(image.width()), static_cast<float>(image.height())};
    resample(image.view(), all, 127,
             {.pixels = pixels.data(),
              .width = side,
              .height = side,
              .row_stride = row,
              .mean = 127.5F,
              .scale = 1 / 128.0F});
    plane = {pixels.data(), row, side, side};
  }

  int cells() const { return plane.width / 2 - 5; }
  ptrdiff_t stride() const { return ptrdiff_t{cells()} * PNet::kValues; }
  std::vector<float> exact(const PNet& net) const {
    std::vector<float> values(static_cast<size_t>(cells() * stride()));
    net.run(plane, 0, cells(), values.data(), stride());
    return values;
  }
};

std::vector<SamplePlane> sample_planes() {
  std::vector<SamplePlane> planes;
  for (const char* name : {"astronaut.jpg", "grace_hopper.jpg"}) {
    for (const int side : {40, 56, 80, 112, 160, 224}) planes.emplace_back(name, side);
  }
  return planes;
}

TEST(Screen, RoughLogitsAreWithinTheMargin) {
  const Model model = default_model();
  const Kernels& kernels = usable_kernels().back();
  for (const ByteKernels* bytes : all_byte_kernels()) {
    const PNetScreen screen(model.nets[0], kernels, *bytes);
    EXPECT_GT(screen.margin(), 0);
    EXPECT_LT(screen.margin(), 2.5F);
    const PNet net(model.nets[0], kernels);
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
    EXPECT_LE(lost, near / 100) << bytes->units;

    const RNetScreen rnet_screen(model.nets[1], kernels, *bytes);
    EXPECT_LT(rnet_screen.margin(), 2);
    const Calibration crops = painted_calibration(RNet::kSide);
    const int count = crops.textures + crops.faces;
    std::vector<float> logits(static_cast<size_t>(count));
    rnet_screen.run(crops.crops.data(), count, logits.data());
    std::vector<float> values(static_cast<size_t>(count * kRNetValues));
    RNet(model.nets[1], kernels).run(crops.crops.data(), count, values.data());
    for (size_t i = 0; i < logits.size(); ++i) {
      const float logit = values[i * kRNetValues];
      if (std::abs(logit) < 4) {
        EXPECT_NEAR(logits[i], logit, 1.5F * rnet_screen.margin()) << bytes->units << " " << i;
      }
    }
  }
}

TEST(Screen, IsNotTrustedForNetsThatSeeNoFaces) {
  NetWeights weights = default_model().nets[0];
  for (NamedTensor& tensor : weights.tensors) {
    if (tensor.name == "conv4_1.bias") tensor.values = {50, -50};
  }
  const PNetScreen screen(weights, usable_kernels().back(), plain_byte_kernels());
  EXPECT_TRUE(std::isinf(screen.margin()));
}

TEST(Screen, WhatMattersIsTheFloatNets) {
  const Model model = default_model();
  const Kernels& kernels = usable_kernels().back();
  const ScreenedPNet screened(model.nets[0], kernels);
  const PNet plain(model.nets[0], kernels);
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
    EXPECT_LE(lost, reaching / 100) << least;
  }
}

}  // namespace
}  // namespace mtcnn::engine
