#include "mtcnn/core/machine.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/engine/runner.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/geometry/canvas.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <span>
#include <string>

#include "support/foreign_weights.h"
#include "support/shared_data.h"
#include <benchmark/benchmark.h>

/// Where the time of a frame goes. The nets run with random weights, which cost the same as trained ones; the whole
/// frame needs a model folder in MTCNN_MODEL. MTCNN_THREADS sets the threads.
namespace mtcnn {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 480;

std::vector<float> random_floats(size_t count) {
  std::mt19937 random(1);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % 256) / 128 - 1;
  return values;
}

const NetRunner& runner() {
  static const NetRunner instance = [] {
    const std::array<NetWeights, 3> weights = {testing::random_weights(NetKind::pnet, 1),
                                               testing::random_weights(NetKind::rnet, 2),
                                               testing::random_weights(NetKind::onet, 3)};
    return NetRunner(weights);
  }();
  return instance;
}

/// The sample portrait stretched to a VGA frame.
Image sample_frame() {
  const Image sample = read_image(testing::source_folder() / "samples/astronaut.jpg");
  std::vector<float> pixels(static_cast<size_t>(kWidth) * kHeight * 3);
  const Box whole{0, 0, static_cast<float>(sample.width()), static_cast<float>(sample.height())};
  resample(sample.view(), whole, 0,
           {.pixels = pixels.data(), .width = kWidth, .height = kHeight, .row_stride = kWidth * 3});
  Image frame(kWidth, kHeight);
  std::transform(pixels.begin(), pixels.end(), frame.row(0),
                 [](float value) { return static_cast<uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)); });
  return frame;
}

void pyramid_levels_of_a_vga_frame(benchmark::State& state) {
  const Image frame = sample_frame();
  const auto levels = pyramid_levels(kWidth, kHeight, 20, 0, 0.709);
  std::vector<float> pixels(static_cast<size_t>(kWidth) * kHeight * 3);
  for (auto _ : state) {
    for (const Level& level : levels) {
      resample(frame.view(), {0, 0, kWidth, kHeight}, 127.5F,
               {.pixels = pixels.data(),
                .width = level.width,
                .height = level.height,
                .row_stride = ptrdiff_t{3} * level.width});
      benchmark::ClobberMemory();
    }
  }
}

void pnet_on_a_vga_pyramid(benchmark::State& state) {
  const std::vector<std::vector<Level>> levels = {pyramid_levels(kWidth, kHeight, 20, 0, 0.709)};
  const Canvas canvas = plan_canvases(levels).front();
  const std::vector<float> pixels =
      random_floats(static_cast<size_t>(canvas.width) * static_cast<size_t>(canvas.height) * 3);
  std::vector<CanvasPart> parts;
  for (const Tile& tile : canvas.tiles) parts.push_back({tile.canvas_x, tile.canvas_y, tile.width, tile.height});
  std::vector<float> values;
  for (auto _ : state) runner().run_pnet(pixels, canvas.height, canvas.width, parts, values);
}

void crop_net(benchmark::State& state, NetKind net, int count) {
  const auto side = static_cast<size_t>(net_input_size(net));
  const std::vector<float> crops = random_floats(static_cast<size_t>(count) * side * side * 3);
  std::vector<float> values;
  for (auto _ : state) runner().run_crops(net, crops, count, values);
}

void rnet_on_100_crops(benchmark::State& state) { crop_net(state, NetKind::rnet, 100); }
void onet_on_50_crops(benchmark::State& state) { crop_net(state, NetKind::onet, 50); }

void whole_vga_frame(benchmark::State& state) {
  const char* model = std::getenv("MTCNN_MODEL");
  if (model == nullptr) return state.SkipWithError("set MTCNN_MODEL to a model folder");
  const Detector detector(model, "cpu");
  const Image frame = sample_frame();
  size_t faces = 0;
  for (auto _ : state) faces = detector.detect(frame.view()).size();
  state.counters["faces"] = static_cast<double>(faces);
}

BENCHMARK(pyramid_levels_of_a_vga_frame)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(pnet_on_a_vga_pyramid)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(rnet_on_100_crops)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(onet_on_50_crops)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(whole_vga_frame)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace mtcnn

int main(int argc, char** argv) {
  const char* threads = std::getenv("MTCNN_THREADS");
  mtcnn::set_threads(threads != nullptr ? std::atoi(threads) : 0);
  benchmark::AddCustomContext("machine", mtcnn::machine_json().dump());
  benchmark::AddCustomContext("threads", std::to_string(mtcnn::thread_count()));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
