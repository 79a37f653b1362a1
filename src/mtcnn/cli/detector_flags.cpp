#include "mtcnn/cli/detector_flags.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/nets/threads.h"

#include <chrono>
#include <cstdlib>
#include <iostream>

namespace mtcnn::cli {
namespace {

DetectorOptions resolve_options(const DetectorFlags& flags, DetectorOptions options) {
  apply_config(detector_option_table(), flags.common, options);
  if (flags.min_face) options.min_face = *flags.min_face;
  if (flags.max_face) options.max_face = *flags.max_face;
  if (flags.factor) options.factor = *flags.factor;
  if (flags.max_side) options.max_side = *flags.max_side;
  if (flags.clip) options.clip = true;
  if (!flags.thresholds.empty())
    detector_option_table().apply(options, {{"thresholds", flags.thresholds}}, "--thresholds");
  return options;
}

void summarise(const RunTotals& totals, const Detector& detector, double seconds) {
  const auto searched = static_cast<double>(std::max<int64_t>(1, totals.pictures - totals.unreadable));
  std::cerr << totals.pictures << " pictures, " << totals.faces << " faces";
  if (totals.unreadable > 0) std::cerr << ", " << totals.unreadable << " unreadable";
  std::cerr << "; " << fixed(seconds, 1) << " s, the search alone " << fixed(1000 * totals.search_s / searched, 2)
            << " ms a picture (" << detector.device() << ", " << thread_count() << " threads)\n";
}

}  // namespace

Model chosen_model(const DetectorFlags& flags) {
  if (!flags.model.empty()) return read_model(flags.model);
  if (const char* chosen = std::getenv("MTCNN_MODEL"); chosen != nullptr && *chosen != '\0') return read_model(chosen);
  return default_model();
}

void add_detector_flags(CLI::App& verb, DetectorFlags& flags) {
  const auto add = [&](const char* name, auto& value, const char* help) {
    return verb.add_option(name, value, help)->group("Search");
  };
  add("--model", flags.model, "Model folder (or set MTCNN_MODEL) [the model that comes with the program]")
      ->type_name("DIR");
  add("--min-face", flags.min_face,
      "Smallest face looked for, pixels; twice as large takes about a quarter of the time [20]");
  add("--max-face", flags.max_face, "Largest face looked for, pixels; 0 = no limit [0]");
  add("--factor", flags.factor, "Size of a pyramid level relative to the one before, in (0, 0.98) [0.709]");
  add("--thresholds", flags.thresholds,
      "Probability to pass P-Net, R-Net, O-Net; lower finds more, and more that is none [0.6,0.7,0.7]")
      ->delimiter(',')
      ->type_name("P,R,O");
  add("--max-side", flags.max_side, "Search longer pictures as if shrunk to this side, pixels; 0 = never [0]");
  verb.add_flag("--clip", flags.clip, "Cut boxes at the picture's border")->group("Search");
  verb.add_option("--batch", flags.batch, "Pictures searched together")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096))
      ->group(kRunGroup);
  add_device_flags(verb, flags.common);
  add_config_flags(verb, flags.common);
}

Detector make_detector(const DetectorFlags& flags) {
  set_threads(flags.common.threads);
  const Detector loaded(chosen_model(flags), flags.common.device);
  return loaded.with_options(resolve_options(flags, loaded.options()));
}

RunTotals run_detector(const Detector& detector, const DetectorFlags& flags, std::span<const PictureFile> pictures,
                       const std::function<void(const PictureResult&)>& use) {
  const InterruptGuard guard;
  const auto start = std::chrono::steady_clock::now();
  RunTotals totals;
  {
    Progress progress("pictures", static_cast<int64_t>(pictures.size()), flags.common.quiet);
    int64_t done = 0;
    totals = search_pictures(detector, pictures, flags.batch, [&](const PictureResult& result) {
      if (!result.error.empty()) log::error(result.error);
      use(result);
      progress.update(++done);
    });
  }
  if (!flags.common.quiet)
    summarise(totals, detector, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return totals;
}

void require_whole_run(const RunTotals& totals) {
  if (totals.interrupted)
    throw Error(ErrorCode::interrupted, "stopped before all pictures were searched; there is no score of a part");
}

void report_unreadable(const RunTotals& totals) {
  if (totals.unreadable > 0)
    throw Error(ErrorCode::unreadable,
                concat(totals.unreadable, " of ", totals.pictures, " pictures could not be read"));
}

std::string result_line(const PictureResult& result, const Detector& detector) {
  ImageDetections detections{.image = result.file.name,
                             .width = result.image.width(),
                             .height = result.image.height(),
                             .error = result.error,
                             .landmark_names = detector.landmark_names()};
  for (const Face& face : result.found.faces) detections.faces.push_back(to_detection(face));
  return detections_line(detections);
}

}  // namespace mtcnn::cli
