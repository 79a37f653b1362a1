#include "mtcnn/detect/bench.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/random.h"
#include "mtcnn/core/thread_pool.h"
#include "mtcnn/engine/threads.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace mtcnn {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void divide(StageTimes& times, double by) {
  for (const TimedStage& stage : kTimedStages) times.*stage.seconds /= by;
}

}  // namespace

Figures figures_of(std::vector<double> values) {
  require(!values.empty(), "figures_of: no values");
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return {std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()), at(0.5), at(0.95)};
}

BenchResult bench(const Detector& detector, std::span<const ImageView> frames, const BenchOptions& options,
                  const std::function<void(int64_t done, int64_t total)>& on_frame) {
  require(!frames.empty(), "bench: no frames");
  BenchResult result;
  std::vector<double> frame_ms;
  const int64_t total = static_cast<int64_t>(frames.size()) * (options.warm_up + options.repeats);
  int64_t done = 0;
  for (int pass = -options.warm_up; pass < options.repeats; ++pass) {
    for (const ImageView& frame : frames) {
      if (interrupted()) throw Error(ErrorCode::interrupted, "stopped before everything was measured");
      StageTimes times;
      const auto start = Clock::now();
      const std::vector<Found> found =
          detector.detect_stages(std::span(&frame, 1), NetKind::onet, pass < 0 ? &times : &result.stages);
      const double ms = ms_since(start);
      if (done == 0) result.first_frame_ms = ms;
      ++done;
      if (on_frame) on_frame(done, total);
      if (pass < 0) continue;
      frame_ms.push_back(ms);
      result.windows_pnet += static_cast<double>(found.front().after_pnet.size());
      result.windows_rnet += static_cast<double>(found.front().after_rnet.size());
      result.faces += static_cast<double>(found.front().faces.size());
    }
  }
  const auto count = static_cast<double>(frame_ms.size());
  divide(result.stages, count);
  result.windows_pnet /= count;
  result.windows_rnet /= count;
  result.faces /= count;
  result.frame_ms = figures_of(std::move(frame_ms));
  return result;
}

double frames_per_second(const Detector& detector, std::span<const ImageView> frames, const BenchOptions& options,
                         const Load& load) {
  const auto pass = [&](int passes) {
    for (int i = 0; i < passes; ++i) {
      for (const ImageView& frame : frames) detector.detect(frame);
    }
  };
  if (load.streams == 1) set_threads(load.threads);
  ThreadPool streams(load.streams);
  const auto run_streams = [&](int passes) {
    if (load.streams == 1) return pass(passes);
    streams.run(load.streams, [&](int64_t) {
      const OneThread alone;
      pass(passes);
    });
  };
  run_streams(options.warm_up);
  const auto start = Clock::now();
  run_streams(options.repeats);
  return 1000.0 * load.streams * options.repeats * static_cast<double>(frames.size()) / ms_since(start);
}

Image made_frame(int width, int height) {
  Image frame(width, height);
  RandomStream random(1, "made frame", 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double shade = 128 + 60 * std::sin(x / 37.0) * std::cos(y / 23.0) + ((x / 48 + y / 48) % 2 == 0 ? 25 : -25);
      for (int colour = 0; colour < 3; ++colour)
        frame.row(y)[3 * x + colour] =
            static_cast<uint8_t>(std::clamp(shade + 8 * colour + random.uniform(-6, 6), 0.0, 255.0));
    }
  }
  return frame;
}

}  // namespace mtcnn
