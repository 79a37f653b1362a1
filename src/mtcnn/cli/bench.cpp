#include "mtcnn/detect/bench.h"

#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/machine.h"
#include "mtcnn/core/memory.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/image/read.h"
#include "mtcnn/nets/threads.h"

#include <algorithm>
#include <iomanip>
#include <memory>
#include <sstream>

namespace mtcnn::cli {
namespace {

struct BenchFlags {
  DetectorFlags detector;
  std::string size = "640x480", images, json;
  BenchOptions options;
  int most_pictures = 25;
  bool scaling = false;
};

/// "640x480".
std::pair<int, int> parsed_size(const std::string& text) {
  std::istringstream in(text);
  int width = 0;
  int height = 0;
  char cross = 0;
  constexpr int kLargest = 30000;
  if (in >> width >> cross >> height && in.eof() && cross == 'x' && width > 0 && height > 0 &&
      std::max(width, height) <= kLargest)
    return {width, height};
  throw Error(ErrorCode::usage, "not a size", {.where = "--size", .found = text, .expected = "WIDTHxHEIGHT, pixels"});
}

std::vector<Image> frames_for(const BenchFlags& flags) {
  const auto [width, height] = parsed_size(flags.size);
  std::vector<Image> frames;
  if (flags.images.empty()) {
    frames.push_back(made_frame(width, height));
    return frames;
  }
  const std::vector<PictureFile> pictures = find_pictures({flags.images}, "");
  for (const PictureFile& picture : pictures) {
    if (frames.size() >= static_cast<size_t>(flags.most_pictures)) break;
    frames.push_back(read_image(picture.path));
  }
  return frames;
}

/// "WxH", or "mixed" where frames differ.
std::string size_of(std::span<const ImageView> frames) {
  const auto differs = [&](const ImageView& frame) {
    return frame.width != frames.front().width || frame.height != frames.front().height;
  };
  if (std::any_of(frames.begin(), frames.end(), differs)) return "mixed";
  return std::to_string(frames.front().width) + "x" + std::to_string(frames.front().height);
}

Json figures_json(const Figures& figures) {
  return {{"mean", figures.mean}, {"median", figures.median}, {"p95", figures.p95}};
}

Json stages_json(const StageTimes& stages) {
  Json json;
  for (const auto& [name, seconds] : kTimedStages) json[name] = 1000 * stages.*seconds;
  return json;
}

/// Frames a second with 1 … N threads for one frame at a time, and with N streams of one thread each.
Json scaling_json(const Detector& detector, const BenchFlags& flags, std::span<const ImageView> frames) {
  Json rows = Json::array();
  const int most = thread_count();
  for (int count = 1; count <= most; ++count) {
    rows.push_back({{"count", count},
                    {"threads", frames_per_second(detector, frames, flags.options, {.threads = count, .streams = 1})},
                    {"streams", frames_per_second(detector, frames, flags.options, {.threads = 1, .streams = count})}});
  }
  set_threads(most);
  return rows;
}

std::string text_of(const Json& result) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(2);
  const Json& frame = result["frame_ms"];
  out << result["frames"].get<int>() << " x " << result["repeats"].get<int>() << " frames, "
      << result["threads"].get<int>() << " threads, " << result["device"].get<std::string>() << ", "
      << result["machine"]["processor"].get<std::string>() << "\n"
      << "per frame: median " << frame["median"].get<double>() << " ms, mean " << frame["mean"].get<double>()
      << " ms, 95th percentile " << frame["p95"].get<double>() << " ms, " << result["frames_per_s"].get<double>()
      << " frames/s; first frame " << result["first_frame_ms"].get<double>() << " ms\n"
      << "mean by stage, ms:";
  for (const auto& [name, value] : result["stages_ms"].items()) out << "  " << name << " " << value.get<double>();
  out << "\nper frame: " << result["windows"]["pnet"].get<double>() << " windows after P-Net, "
      << result["windows"]["rnet"].get<double>() << " after R-Net, " << result["windows"]["faces"].get<double>()
      << " faces; peak memory " << result["peak_memory_mib"].get<double>() << " MiB\n";
  if (!result.contains("scaling")) return out.str();
  out << "frames/s     threads     streams\n";
  for (const Json& row : result["scaling"])
    out << std::setw(8) << row["count"].get<int>() << std::setw(12) << row["threads"].get<double>() << std::setw(12)
        << row["streams"].get<double>() << "\n";
  return out.str();
}

void run(const BenchFlags& flags) {
  std::vector<std::filesystem::path> inputs = files_read(flags.detector);
  inputs.emplace_back(flags.images);
  require_report_apart(report_outputs("", flags.json), inputs);
  const InterruptGuard guard;
  const Detector detector = make_detector(flags.detector);
  const std::vector<Image> images = frames_for(flags);
  std::vector<ImageView> frames;
  for (const Image& image : images) frames.push_back(image.view());
  const BenchResult measured = bench(detector, frames, flags.options, flags.detector.common.quiet);
  Json result = {
      {"format", "mtcnn-bench"},
      {"version", 1},
      {"program", version()},
      {"frames", frames.size()},
      {"size", size_of(frames)},
      {"warm_up", flags.options.warm_up},
      {"repeats", flags.options.repeats},
      {"threads", thread_count()},
      {"device", detector.device()},
      {"options", detector_option_table().dump(detector.options())},
      {"frame_ms", figures_json(measured.frame_ms)},
      {"first_frame_ms", measured.first_frame_ms},
      {"frames_per_s", 1000 / measured.frame_ms.mean},
      {"stages_ms", stages_json(measured.stages)},
      {"windows", {{"pnet", measured.windows_pnet}, {"rnet", measured.windows_rnet}, {"faces", measured.faces}}},
      {"machine", machine_json()}};
  if (flags.scaling) result["scaling"] = scaling_json(detector, flags, frames);
  result["peak_memory_mib"] = static_cast<double>(peak_memory_bytes()) / (1 << 20);
  if (!flags.json.empty()) write_result(flags.json, result.dump(2) + "\n");
  if (flags.json != "-") print(text_of(result));
}

}  // namespace

void add_bench(CLI::App& program) {
  const auto flags = std::make_shared<BenchFlags>();
  CLI::App& verb = *program.add_subcommand(
      "bench",
      "Measure how long the detector takes, stage by stage\n\nSearches frames one at a time, repeatedly: a generated "
      "one, or your own images, which say more, as time grows with the number of faces. Prints milliseconds per frame "
      "(mean, median, 95th percentile), the mean per stage, and how many windows passed each net.");
  verb.add_option("--size", flags->size, "Size of the generated frame, without --images")
      ->capture_default_str()
      ->type_name("WxH");
  verb.add_option("--images", flags->images, "Measure on these images; decoding is not timed")->type_name("DIR");
  verb.add_option("--most-pictures", flags->most_pictures, "Most images of --images to use; all are kept in memory")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  verb.add_option("--warm-up", flags->options.warm_up, "Passes over the frames before the timed ones")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  verb.add_option("--repeats", flags->options.repeats, "Timed passes over the frames")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  verb.add_flag("--scaling", flags->scaling, "Also frames per second for 1 … N threads, and for 1 … N streams at once");
  verb.add_option("--json", flags->json, "Write everything as JSON; - for stdout")->type_name("FILE");
  add_detector_flags(verb, flags->detector);
  add_quiet_flag(verb, flags->detector.common);
  verb.footer("Example: mtcnn bench --size 1280x720 --min-face 40 --threads 1");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
