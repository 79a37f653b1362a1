// Frames of random sizes, as a service sees them for hours: is memory flat, and is the first frame of a size slow?
//
//   mtcnn_long_run PICTURES [FRAMES]     pictures in a folder, each stretched to sizes from 40x40 to 2000x1500
#include "mtcnn/core/error.h"
#include "mtcnn/core/memory.h"
#include "mtcnn/core/random.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace mtcnn;

constexpr int kWarmFrames = 200;

double milliseconds(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double mib(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

Image stretched(const Image& picture, int width, int height) {
  const size_t values = static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  std::vector<float> pixels(values);
  const ImageView view = picture.view();
  resample(view, {0, 0, static_cast<float>(view.width), static_cast<float>(view.height)}, 0,
           {.pixels = pixels.data(),
            .width = width,
            .height = height,
            .row_stride = ptrdiff_t{width} * 3,
            .mean = 0,
            .scale = 1});
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < width * 3; ++i)
      image.row(y)[i] = static_cast<uint8_t>(
          pixels[static_cast<size_t>(y) * static_cast<size_t>(width) * 3 + static_cast<size_t>(i)]);
  }
  return image;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: mtcnn_long_run PICTURES [FRAMES]\n"), 2;
  try {
    const int frames = argc > 2 ? std::stoi(argv[2]) : 5000;
    require(frames > 0, "mtcnn_long_run: at least one frame");
    set_threads(1);
    std::vector<Image> pictures;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) pictures.push_back(read_image(entry.path()));
    std::optional<Detector> detector;
    const double made = milliseconds([&] { detector.emplace(); });
    std::printf("made a detector in %.1f ms\n", made);
    std::vector<double> ratios;
    double warm = 0, largest = 0, total = 0;
    RandomStream random(1, "sizes");
    for (int i = 0; i < frames; ++i) {
      const int width = 40 + static_cast<int>(random.below(1961));
      const int height = 40 + static_cast<int>(random.below(1461));
      const Image frame =
          stretched(pictures[static_cast<size_t>(random.below(static_cast<int64_t>(pictures.size())))], width, height);
      const double first = milliseconds([&] { detector->detect(frame.view()); });
      total += first;
      if (i % 10 == 0) ratios.push_back(first / milliseconds([&] { detector->detect(frame.view()); }));
      const double now = mib(resident_bytes());
      if (i < kWarmFrames) warm = std::max(warm, now);
      largest = std::max(largest, now);
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf(
        "%d frames, mean %.1f ms; memory: %.0f MiB at most in the first %d, %.0f in all, peak of the process %.0f\n",
        frames, total / frames, warm, kWarmFrames, largest, mib(peak_memory_bytes()));
    std::printf("first frame of a size over the same again: median %.2f, 95th percentile %.2f, largest %.2f\n",
                ratios[ratios.size() / 2], ratios[ratios.size() * 95 / 100], ratios.back());
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
}
