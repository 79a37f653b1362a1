#include "mtcnn/cli/detector_flags.h"

#include "mtcnn/cli/parts.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/engine/threads.h"

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <iostream>

namespace mtcnn::cli {
namespace {

constexpr const char* kSearchGroup = "Search";

void apply_flags(const DetectorFlags& flags, DetectorOptions& options) {
  apply_config(detector_option_table(), flags.common, options);
  if (flags.min_face) options.min_face = *flags.min_face;
  if (flags.max_face) options.max_face = *flags.max_face;
  if (flags.factor) options.factor = *flags.factor;
  if (flags.max_side) options.max_side = *flags.max_side;
  if (flags.rotate) detector_option_table().apply(options, {{"rotate", *flags.rotate}}, "--rotate");
  if (flags.clip) options.clip = true;
  if (!flags.thresholds.empty())
    detector_option_table().apply(options, {{"thresholds", flags.thresholds}}, "--thresholds");
  if (flags.third_threshold) options.thresholds[2] = *flags.third_threshold;
  if (flags.plain) options.confidence.plain = true;
}

/// The table's words about an option, its range and its value in the default model: "Smallest face … (1 to 100) [20]".
std::string help_of(const std::string& option, const DetectorOptions& defaults) {
  for (const auto& field : detector_option_table().fields()) {
    if (field.name != option) continue;
    std::string text = field.help;
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    const Json value = field.get(defaults);
    if (value.is_boolean()) return text;
    text += concat(" (", field.range.words(), ") ");
    return value.is_number() ? concat(text, "[", value.get<double>(), "]") : text + value.dump();
  }
  throw ContractError("help_of: no such option");
}

/// Empty: the model that comes with the program.
std::string model_folder(const DetectorFlags& flags) {
  if (!flags.model.empty()) return flags.model;
  const char* chosen = std::getenv("MTCNN_MODEL");
  return chosen == nullptr ? "" : chosen;
}

void summarise(const RunTotals& totals, const Detector& detector, double seconds) {
  const auto searched = static_cast<double>(std::max<int64_t>(1, totals.pictures - totals.unreadable));
  std::cerr << totals.pictures << " images, " << counted(totals.faces, detector.object());
  if (totals.unreadable > 0) std::cerr << ", " << totals.unreadable << " unreadable";
  std::cerr << "; " << fixed(seconds, 1) << " s, the search alone " << fixed(1000 * totals.search_s / searched, 2)
            << " ms per image (" << detector.device() << ", " << thread_count() << " threads)\n";
}

}  // namespace

Model chosen_model(const DetectorFlags& flags) {
  const std::string folder = model_folder(flags);
  return folder.empty() ? default_model() : read_model(folder);
}

std::vector<std::filesystem::path> files_read(const DetectorFlags& flags) {
  std::vector<std::filesystem::path> files = {flags.common.config};
  if (const std::string folder = model_folder(flags); !folder.empty()) {
    for (const std::filesystem::path& file : model_files(folder)) files.push_back(file);
  }
  return files;
}

std::vector<Output> model_outputs(const std::string& out) {
  std::vector<Output> outputs = {{out, "--out"}};
  for (const std::filesystem::path& file : model_files(out)) outputs.push_back({file, "--out"});
  return outputs;
}

void add_detector_flags(CLI::App& verb, DetectorFlags& flags) {
  const DetectorOptions defaults = default_model_options();
  const auto add = [&](const char* name, auto& value, const char* option) {
    return verb.add_option(name, value, help_of(option, defaults))->group(kSearchGroup);
  };
  verb.add_option("--model", flags.model,
                  "Model folder (or set MTCNN_MODEL); it has its own defaults for the options below [the built-in "
                  "default model]")
      ->type_name("DIR")
      ->group(kSearchGroup);
  add("--min-face", flags.min_face, "min_face");
  add("--max-face", flags.max_face, "max_face");
  add("--factor", flags.factor, "factor");
  add("--thresholds", flags.thresholds, "thresholds")->delimiter(',')->allow_extra_args(false)->type_name("P,R,O");
  add("--max-side", flags.max_side, "max_side");
  add("--rotate", flags.rotate, "rotate")->type_name("DEGREES");
  verb.add_flag("--clip", flags.clip, help_of("clip", defaults))->group(kSearchGroup);
  verb.add_flag("--plain", flags.plain, help_of("confidence.plain", defaults))->group(kSearchGroup);
  verb.add_option("--batch", flags.batch, "Images searched together")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096))
      ->group(kRunGroup);
  add_device_flags(verb, flags.common);
  add_config_flags(verb, flags.common);
}

Detector make_detector(const DetectorFlags& flags) {
  set_threads(flags.common.threads);
  const Detector loaded(chosen_model(flags), flags.common.device, other_devices());
  return loaded.with([&](DetectorOptions& options) { apply_flags(flags, options); });
}

RunTotals run_detector(const Detector& detector, const DetectorFlags& flags, std::span<const PictureFile> pictures,
                       const std::function<void(const PictureResult&)>& use) {
  const auto count = static_cast<int64_t>(pictures.size());
  return run_detector(
      detector, flags, count, [&] { return std::exchange(pictures, {}); }, use);
}

RunTotals run_detector(const Detector& detector, const DetectorFlags& flags, int64_t count,
                       const std::function<std::span<const PictureFile>()>& next,
                       const std::function<void(const PictureResult&)>& use) {
  const InterruptGuard guard;
  const auto start = std::chrono::steady_clock::now();
  RunTotals totals;
  {
    Progress progress("images", count, flags.common.quiet);
    int64_t done = 0;
    const auto use_and_count = [&](const PictureResult& result) {
      if (!result.error.empty()) log::error(result.error);
      use(result);
      progress.update(++done);
    };
    for (std::span<const PictureFile> pictures = next(); !pictures.empty() && !totals.interrupted; pictures = next())
      totals += search_pictures(detector, pictures, flags.batch, use_and_count);
  }
  if (!flags.common.quiet)
    summarise(totals, detector, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return totals;
}

void require_whole_run(const RunTotals& totals) {
  if (totals.interrupted)
    throw Error(ErrorCode::interrupted, "stopped before all images were searched; a part of them gets no score");
}

void report_unreadable(const RunTotals& totals) {
  if (totals.unreadable > 0)
    throw Error(ErrorCode::unreadable, concat(totals.unreadable, " of ", totals.pictures, " images could not be read"));
}

std::string result_line(const PictureResult& result, const Detector& detector) {
  ImageDetections detections{.image = result.file.name,
                             .width = result.image.width(),
                             .height = result.image.height(),
                             .error = result.error,
                             .landmark_names = detector.landmark_names()};
  for (const Face& face : result.found.faces)
    detections.faces.push_back(to_detection(face, detector.options().rotate != 0));
  return detections_line(detections);
}

}  // namespace mtcnn::cli
