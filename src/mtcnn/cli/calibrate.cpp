#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/labelled_pictures.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/calibration.h"
#include "mtcnn/model/model_folder.h"

#include <memory>

namespace mtcnn::cli {
namespace {

struct CalibrateFlags {
  DetectorFlags detector;
  LabelledFlags labelled;
  std::string out, object;
  CalibrationOptions options;
};

CascadeRun run_cascade(const Detector& detector, const CalibrateFlags& flags, const LabelledPictures& labelled) {
  CascadeRun run;
  const RunTotals totals = run_detector(detector, flags.detector, labelled.pictures, [&](const PictureResult& result) {
    std::vector<ScoredBox>& boxes = run.faces.emplace_back();
    for (const Face& face : result.found.faces) boxes.push_back({face.box, face.confidence});
    run.windows_after_pnet += static_cast<double>(result.found.after_pnet.size());
    run.windows_after_rnet += static_cast<double>(result.found.after_rnet.size());
  });
  require_whole_run(totals);
  report_unreadable(totals);
  const auto pictures = static_cast<double>(std::max<size_t>(1, labelled.pictures.size()));
  run.windows_after_pnet /= pictures;
  run.windows_after_rnet /= pictures;
  return run;
}

void run(const CalibrateFlags& flags) {
  std::vector<std::filesystem::path> inputs = files_read(flags.detector);
  for (const std::string& input : {flags.detector.model, flags.labelled.dataset, flags.labelled.images})
    inputs.emplace_back(input);
  require_apart(model_outputs(flags.out), inputs);
  Model model = chosen_model(flags.detector);
  if (!flags.object.empty()) model.object = flags.object;
  require_object_name(model.object, "--object");
  const LabelledPictures labelled = read_labelled_pictures(flags.labelled);
  const Detector detector = make_detector(flags.detector);
  CalibrationOptions wanted = flags.options;
  wanted.loosest = {detector.options().thresholds[0], detector.options().thresholds[1]};
  const Calibration calibration = calibrate(labelled.faces, wanted, [&](const std::array<float, 3>& thresholds) {
    const Detector tried = detector.with([&](DetectorOptions& options) {
      options.thresholds = thresholds;
      options.confidence.support = 0;  // thresholds are set against the probability
    });
    return run_cascade(tried, flags, labelled);
  });
  model.detector = detector.options();
  model.detector.thresholds = calibration.chosen.thresholds;
  write_model(flags.out, model);
  if (!flags.detector.common.quiet) print(calibration_text(calibration, model.object));
}

}  // namespace

void add_calibrate(CLI::App& program) {
  const auto flags = std::make_shared<CalibrateFlags>();
  CLI::App& verb = *program.add_subcommand(
      "calibrate",
      "Choose a model's three thresholds on labelled images\n\nFor each setting of the first two thresholds, the third "
      "is chosen so that images without faces give at most --false-faces false ones. Where these are too few, all "
      "images count, and boxes that overlap no label are false too: so are faces without a label. The first two are "
      "raised, which saves time, as long as that costs at most --lost-recall. The result is a model folder with these "
      "thresholds in cascade.json.");
  add_labelled_flags(verb, flags->labelled);
  verb.add_option("--out", flags->out, "Model folder: the same nets with these thresholds")
      ->required()
      ->type_name("DIR");
  verb.add_option("--object", flags->object, "What the model finds, one of them, for output [the model's]")
      ->type_name("NAME");
  verb.add_option("--false-faces", flags->options.false_faces_per_picture,
                  "Most false faces per image: on images without a face if there are 100, or enough to allow one false "
                  "face on them; else on all images")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--lost-recall", flags->options.lost_recall,
                  "Recall that higher thresholds of P-Net and R-Net may cost")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  verb.add_flag("--third-only", flags->options.third_only, "Keep the first two thresholds as the model has them");
  verb.add_option("--min-height", flags->options.min_height, "Ignore faces lower than this, pixels")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_detector_flags(verb, flags->detector);
  add_quiet_flag(verb, flags->detector.common);
  verb.footer("Example: mtcnn calibrate --model models/mine --dataset wider --out models/calibrated");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
