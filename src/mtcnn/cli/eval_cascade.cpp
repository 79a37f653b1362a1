#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/cli/labelled_pictures.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/eval/stage_recall.h"

#include <memory>

namespace mtcnn::cli {
namespace {

struct CascadeFlags {
  DetectorFlags detector;
  LabelledFlags labelled;
  std::string out;
  double min_height = 10;
};

std::array<std::vector<Box>, kStages> boxes_of(const Found& found) {
  std::array<std::vector<Box>, kStages> boxes = {found.after_pnet, found.after_rnet, {}};
  for (const Face& face : found.faces) boxes.back().push_back(face.box);
  return boxes;
}

void run(const CascadeFlags& flags) {
  std::vector<std::filesystem::path> inputs = files_read(flags.detector);
  for (const std::string& input : {flags.labelled.dataset, flags.labelled.images}) inputs.emplace_back(input);
  require_report_apart(report_outputs(flags.out, ""), inputs);
  const LabelledPictures labelled = read_labelled_pictures(flags.labelled);
  const Detector detector = make_detector(flags.detector);
  StageRecall recall(flags.min_height);
  size_t next = 0;
  const RunTotals totals = run_detector(detector, flags.detector, labelled.pictures, [&](const PictureResult& result) {
    const std::vector<FaceAnnotation>& faces = labelled.faces[next++];
    if (result.error.empty()) recall.add(faces, boxes_of(result.found));
  });
  require_whole_run(totals);
  if (!flags.out.empty()) {
    EvalReport report = stage_recall_report(recall);
    report.settings["detector"] = detector_option_table().dump(detector.options());
    report.inputs.push_back(input_entry("dataset", flags.labelled.dataset));
    write_report(flags.out, report);
  }
  if (!flags.detector.common.quiet) print(stage_recall_text(recall));
  report_unreadable(totals);
}

}  // namespace

void add_eval_cascade(CLI::App& eval) {
  const auto flags = std::make_shared<CascadeFlags>();
  CLI::App& verb = *eval.add_subcommand("cascade",
                                        "Recall and windows per image after each net: which one is weak\n\nRuns the "
                                        "cascade on labelled images and counts the faces that still have a window "
                                        "after P-Net, R-Net and O-Net, by height.");
  add_labelled_flags(verb, flags->labelled);
  verb.add_option("--min-height", flags->min_height, "Ignore faces lower than this, pixels")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--out", flags->out, "Folder for summary.json, curve.csv and curve.svg")->type_name("DIR");
  add_detector_flags(verb, flags->detector);
  add_quiet_flag(verb, flags->detector.common);
  verb.footer("Example: mtcnn eval cascade --dataset wider --model models/public --thresholds .4,.3,.7");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
