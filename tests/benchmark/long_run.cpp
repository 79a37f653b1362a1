// Frames of random sizes, as a service sees them for hours: is memory flat, and is the first frame of a size slow?
//
//   mtcnn_long_run PICTURES [FRAMES]          images in a folder, each stretched to sizes from 40x40 to 2000x1500
//   mtcnn_long_run PICTURES --minutes M       the same for so long; fails where memory, descriptors or threads grow
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
#include <iterator>
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

/// Open descriptors and threads, as the system lists them.
int64_t entries_of(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::distance(begin(entries), end(entries));
}

/// MiB that memory grows by in a thousand frames: the slope of the line of least squares.
double growth(const std::vector<double>& memory) {
  const auto n = static_cast<double>(memory.size());
  double sum = 0, weighted = 0;
  for (size_t i = 0; i < memory.size(); ++i) {
    sum += memory[i];
    weighted += (static_cast<double>(i) - (n - 1) / 2) * memory[i];
  }
  return n < 2 || sum <= 0 ? 0 : 1000 * weighted * 12 / (n * (n * n - 1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: mtcnn_long_run PICTURES [FRAMES]\n"), 2;
  try {
    const bool timed = argc > 3 && std::string(argv[2]) == "--minutes";
    const double minutes = timed ? std::stod(argv[3]) : 0;
    const int frames = timed ? 1 << 30 : argc > 2 ? std::stoi(argv[2]) : 5000;
    require(frames > 0, "mtcnn_long_run: at least one frame");
    set_threads(1);
    std::vector<Image> pictures;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      if (is_picture_name(entry.path())) pictures.push_back(read_image(entry.path()));
    }
    require(!pictures.empty(), "mtcnn_long_run: no pictures in this folder");
    std::optional<Detector> detector;
    const double made = milliseconds([&] { detector.emplace(); });
    std::printf("made a detector in %.1f ms\n", made);
    std::vector<double> ratios;
    double warm = 0, largest = 0, total = 0;
    std::vector<double> memory;
    int64_t descriptors = 0, threads = 0;
    int done = 0;
    RandomStream random(1, "sizes");
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < frames; ++i) {
      const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 60;
      if (timed && i > kWarmFrames && passed > minutes) break;
      ++done;
      const int width = 40 + static_cast<int>(random.below(1961));
      const int height = 40 + static_cast<int>(random.below(1461));
      const Image frame =
          stretched(pictures[static_cast<size_t>(random.below(static_cast<int64_t>(pictures.size())))], width, height);
      const double first = milliseconds([&] { detector->detect(frame.view()); });
      total += first;
      if (i % 10 == 0) ratios.push_back(first / milliseconds([&] { detector->detect(frame.view()); }));
      const double now = mib(resident_bytes());
      if (i < kWarmFrames) warm = std::max(warm, now);
      if (i == kWarmFrames) {
        descriptors = entries_of("/proc/self/fd");
        threads = entries_of("/proc/self/task");
      }
      if (i >= kWarmFrames) memory.push_back(now);
      largest = std::max(largest, now);
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf(
        "%d frames, mean %.1f ms; memory: %.0f MiB at most in the first %d, %.0f in all, peak of the process %.0f\n",
        done, total / done, warm, kWarmFrames, largest, mib(peak_memory_bytes()));
    std::printf("first frame of a size over the same again: median %.2f, 95th percentile %.2f, largest %.2f\n",
                ratios[ratios.size() / 2], ratios[ratios.size() * 95 / 100], ratios.back());
    if (timed) {
      const double grown = growth(memory) * static_cast<double>(memory.size()) / 1000;
      const int64_t more_descriptors = entries_of("/proc/self/fd") - descriptors;
      const int64_t more_threads = entries_of("/proc/self/task") - threads;
      std::printf("after the first %d frames: memory %+.1f MiB by its slope, descriptors %+lld, threads %+lld\n",
                  kWarmFrames, grown, static_cast<long long>(more_descriptors), static_cast<long long>(more_threads));
      constexpr double kMostGrowth = 0.1;  // of the memory; what the allocator keeps back varies
      if (grown > kMostGrowth * warm || more_descriptors > 0 || more_threads > 0)
        return std::fprintf(stderr, "error: memory, descriptors or threads grow\n"), 1;
    }
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
}
