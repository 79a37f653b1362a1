#include "mtcnn/gpu/tensor_cascade.h"

#include "mtcnn/gpu/torch_device.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <array>
#include <utility>

#include "support/expect_error.h"
#include "support/shared_data.h"
#include "unit/detect/made_detectors.h"
#include "unit/gpu/tested_device.h"
#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// What a GPU runs, with the same nets.
const Detector& tensor_detector() {
  static const Detector detector = made_detector(testing::tested_device().c_str(), gpu_cascade);
  return detector;
}

/// What a GPU runs finds the same, for single images and for a list of mixed sizes.
TEST(TensorCascade, FindsWhatTheEngineFinds) {
  std::vector<Image> images;
  std::vector<ImageView> views;
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{120, 90}, {33, 200}, {8, 8}, {120, 90}, {64, 64}, {0, 0}, {300, 20}})
    images.push_back(noise(width, height, static_cast<uint32_t>(images.size())));
  for (const Image& image : images) views.push_back(image.view());
  const auto expected = random_detector().detect_stages(views);
  const auto actual = tensor_detector().detect_stages(views);
  ASSERT_EQ(actual.size(), expected.size());
  size_t faces = 0;
  for (size_t i = 0; i < views.size(); ++i) {
    expect_same(actual[i].faces, expected[i].faces);
    EXPECT_EQ(actual[i].after_pnet.size(), expected[i].after_pnet.size());
    EXPECT_EQ(actual[i].after_rnet.size(), expected[i].after_rnet.size());
    faces += expected[i].faces.size();
  }
  EXPECT_GT(faces, 10U);
  EXPECT_TRUE(tensor_detector().detect(std::span<const ImageView>()).empty());
}

TEST(TensorCascade, PadsAsTheEngineDoes) {
  const Image image = noise(120, 90, 7);
  const auto padded = [&](const Detector& detector) {
    std::vector<Face> faces =
        detector.with([](DetectorOptions& options) { options.padding = 0.3F; }).detect(image.view());
    // In noise, faces are equally strong to the last digits.
    std::sort(faces.begin(), faces.end(), [](const Face& a, const Face& b) { return a.box.x1 < b.box.x1; });
    return faces;
  };
  const std::vector<Face> expected = padded(random_detector());
  EXPECT_NE(expected.size(), random_detector().detect(image.view()).size());
  expect_same(padded(tensor_detector()), expected);
}

/// Each net sees crops of its own kind.
TEST(TensorCascade, NetsMayHaveDifferentInputs) {
  Model model = made_model();
  set_input(model.nets[0], {.border = 90, .window_first = 1, .window_size = 11});
  set_input(model.nets[1], {.border = 20, .crop_lead = 2, .crop_margin = 0.25F});
  set_input(model.nets[2], {.mean = 120, .scale = 0.01F, .border = 127, .crop_lead = 1, .landmark_shift = 3});
  const Image image = noise(120, 90, 7);
  const std::vector<Face> expected = Detector(model, "cpu").detect(image.view());
  ASSERT_GT(expected.size(), 1U);
  expect_same(Detector(model, testing::tested_device(), gpu_cascade).detect(image.view()), expected);
  for (size_t net = 0; net < model.nets.size(); ++net) {
    Model plain = model;
    set_input(plain.nets[net], {});
    const std::vector<Face> others = Detector(plain, "cpu").detect(image.view());
    EXPECT_TRUE(others.size() != expected.size() || others.front().confidence != expected.front().confidence) << net;
  }
}

TEST(TensorCascade, FindsTheFacesOfTheSamplesWithTheDefaultModel) {
  const Model model = default_model();
  const Detector engine(model, "cpu");
  const Detector tensors(model, testing::tested_device(), gpu_cascade);
  for (const char* name : {"astronaut.jpg", "grace_hopper.jpg"}) {
    const Image image = read_image(testing::source_folder() / "samples" / name);
    const std::vector<Face> expected = engine.detect(image.view());
    const std::vector<Face> actual = tensors.detect(image.view());
    ASSERT_EQ(actual.size(), expected.size()) << name;
    ASSERT_FALSE(expected.empty()) << name;
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_GT(iou(actual[i].box, expected[i].box), 0.99F) << name;
      EXPECT_NEAR(actual[i].confidence, expected[i].confidence, 1e-3) << name;
      for (size_t k = 0; k < kLandmarkCount; ++k)
        EXPECT_NEAR(actual[i].landmarks[k].x, expected[i].landmarks[k].x, 0.5) << name;
    }
  }
}

TEST(TensorCascade, KnowsAllOptions) {
  const Image image = noise(110, 90, 4);
  DetectorOptions options = random_detector().options();
  options.confidence.pnet_weight = 0.3F;
  options.confidence.rnet_weight = 0.5F;
  options.confidence.box_voting = 0.6F;
  options.confidence.support = 1;
  options.confidence.mirror_weight = 0.7F;
  options.max_side = 100;
  options.clip = true;
  const auto expected = random_detector().with(set_to(options)).detect(image.view());
  ASSERT_GT(expected.size(), 1U);
  expect_same(tensor_detector().with(set_to(options)).detect(image.view()), expected);
  options.engine.half = true;
  EXPECT_NO_THROW(tensor_detector().with(set_to(options)).detect(noise(48, 48, 4).view()));
}

TEST(TensorCascade, AnswersGivenWindows) {
  const Image image = noise(100, 80, 8);
  const std::vector<Box> windows = {{10, 10, 40, 40}, {500, 500, 530, 530}, {-8, 20, 30, 58}};
  const auto expected = random_detector().refine(image.view(), windows);
  const auto actual = tensor_detector().refine(image.view(), windows);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(actual[i].has_value(), expected[i].has_value());
    if (actual[i]) expect_same({*actual[i]}, {*expected[i]});
  }
}

/// More cells (about 1,700 in all levels) than are looked at first, and no more windows than are allowed.
TEST(TensorCascade, TakesAnyNumberOfWindows) {
  const Image image = noise(145, 110, 3);
  DetectorOptions options = random_detector().options();
  options.thresholds = {0, 0, 0};
  const auto expected = random_detector().with(set_to(options)).detect_stages(std::array{image.view()});
  const auto actual = tensor_detector().with(set_to(options)).detect_stages(std::array{image.view()});
  EXPECT_EQ(actual.front().after_pnet.size(), expected.front().after_pnet.size());
  options.engine.max_windows = 50;
  EXPECT_LE(tensor_detector().with(set_to(options)).detect_stages(std::array{image.view()}).front().after_pnet.size(),
            50U);
}

/// Rows of images on a device may have gaps.
TEST(TensorCascade, SearchesImagesOnTheDevice) {
  const at::Device device = choose_device(testing::tested_device());
  const Image image = noise(120, 90, 7);
  const at::Tensor pixels =
      at::from_blob(const_cast<uint8_t*>(image.row(0)), {90, 120, 3}, at::kByte).to(device, false, true);
  const at::Tensor part = pixels.slice(0, 5, 85).slice(1, 10, 90);
  const auto view_of = [](const at::Tensor& tensor) {
    return ImageView{tensor.const_data_ptr<uint8_t>(), static_cast<int>(tensor.size(1)),
                     static_cast<int>(tensor.size(0)), static_cast<ptrdiff_t>(tensor.stride(0))};
  };
  const std::array images = {view_of(pixels), view_of(part), ImageView{}, view_of(part)};
  const std::vector<std::vector<Face>> actual = tensor_detector().detect_on_device(images);
  ASSERT_EQ(actual.size(), images.size());
  expect_same(actual[0], tensor_detector().detect(image.view()));
  const std::vector<Face> expected = tensor_detector().detect(ImageView{image.row(5) + 3 * 10, 80, 80, 3 * 120});
  ASSERT_GT(expected.size(), 1U);
  expect_same(actual[1], expected);
  EXPECT_TRUE(actual[2].empty());
  expect_same(actual[3], expected);
  const Detector turning = tensor_detector().with([](DetectorOptions& options) { options.rotate = 90; });
  EXPECT_EQ(testing::error_message(ErrorCode::usage, [&] { turning.detect_on_device(images); }).find("rotate"), 0U);
}

TEST(TensorCascade, FourThreadsAtOnceGiveTheSame) {
  expect_four_threads_give_the_same(tensor_detector(), noise(100, 90, 9));
}

}  // namespace
}  // namespace mtcnn
