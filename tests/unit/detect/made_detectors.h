#pragma once

#include "mtcnn/detect/detector.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/model_folder.h"

#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "support/foreign_weights.h"
#include <gtest/gtest.h>

namespace mtcnn {

/// Nets with random weights "find" plenty, which is what these tests need; whether it is a face is the golden tests'
/// matter.
inline Model made_model() {
  Model model;
  for (const NetKind net : kNetKinds) model.nets[static_cast<size_t>(net)] = testing::random_weights(net, 21);
  model.detector.thresholds = {0.5F, 0.4F, 0.3F};
  model.detector.engine.fixed_point = false;  // among windows of nearly equal scores the last digit decides
  return model;
}

inline Detector made_detector(const char* device, const CascadeFactory& elsewhere = {}) {
  return {made_model(), device, elsewhere};
}

inline const Detector& random_detector() {
  static const Detector detector = made_detector("cpu");
  return detector;
}

/// For Detector::with(): all options at once.
inline std::function<void(DetectorOptions&)> set_to(const DetectorOptions& options) {
  return [options](DetectorOptions& changed) { changed = options; };
}

inline Image noise(int width, int height, uint32_t seed) {
  Image image(width, height);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < 3 * width; ++x) image.row(y)[x] = static_cast<uint8_t>(random());
  }
  return image;
}

inline void expect_same(const std::vector<Face>& actual, const std::vector<Face>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i].confidence, expected[i].confidence, 1e-4);
    EXPECT_NEAR(actual[i].box.x1, expected[i].box.x1, 0.01);
    EXPECT_NEAR(actual[i].box.y2, expected[i].box.y2, 0.01);
    for (size_t k = 0; k < kLandmarkCount; ++k) EXPECT_NEAR(actual[i].landmarks[k].x, expected[i].landmarks[k].x, 0.01);
  }
}

/// Four threads that search with one detector at once find what one alone finds.
inline void expect_four_threads_give_the_same(const Detector& detector, const Image& image) {
  const std::vector<Face> expected = detector.detect(image.view());
  std::vector<std::vector<Face>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = detector.detect(image.view()); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) expect_same(result, expected);
}

}  // namespace mtcnn
