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
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

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
  constexpr int kLargest = 30000;
  int width = 0;
  int height = 0;
  const char* end = text.data() + text.size();
  const auto [cross, no_width] = std::from_chars(text.data(), end, width);
  if (no_width == std::errc() && cross != end && *cross == 'x') {
    const auto [rest, no_height] = std::from_chars(cross + 1, end, height);
    const bool whole = no_height == std::errc() && rest == end;
    if (whole && std::min(width, height) > 0 && std::max(width, height) <= kLargest) return {width, height};
  }
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

/// `text` behind blanks, so that both fill a column.
std::string column(const std::string& text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string text_of(const Json& result) {
  const auto number = [](const Json& value) { return fixed(value.get<double>(), 2); };
  const auto whole = [](const Json& value) { return concat(value.get<int>()); };
  const Json& frame = result["frame_ms"];
  const Json& windows = result["windows"];
  std::string text =
      concat(whole(result["frames"]), " x ", whole(result["repeats"]), " frames, ", whole(result["threads"]),
             " threads, ", result["device"].get<std::string>(), ", ", result["machine"]["processor"].get<std::string>(),
             ", instruction set ", result["machine"]["vector"].get<std::string>(), "\nper frame: median ",
             number(frame["median"]), " ms, mean ", number(frame["mean"]), " ms, 95th percentile ",
             number(frame["p95"]), " ms, ", number(result["frames_per_s"]), " frames/s; first frame ",
             number(result["first_frame_ms"]), " ms\nmean by stage, ms:");
  for (const auto& [name, value] : result["stages_ms"].items()) text += concat("  ", name, " ", number(value));
  text += concat("\nper frame: ", number(windows["pnet"]), " windows after P-Net, ", number(windows["rnet"]),
                 " after R-Net, ", number(windows["faces"]), " faces; peak memory ", number(result["peak_memory_mib"]),
                 " MiB\n");
  if (!result.contains("scaling")) return text;
  text += "frames/s     threads     streams\n";
  for (const Json& row : result["scaling"]) {
    text += concat(column(whole(row["count"]), 8), column(number(row["threads"]), 12),
                   column(number(row["streams"]), 12), "\n");
  }
  return text;
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
  std::optional<Progress> progress;
  const BenchResult measured = bench(detector, frames, flags.options, [&](int64_t done, int64_t total) {
    if (!progress) progress.emplace("frames", total, flags.detector.common.quiet);
    progress->update(done);
  });
  progress.reset();
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
