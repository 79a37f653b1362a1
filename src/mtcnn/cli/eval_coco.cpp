#include "mtcnn/cli/dataset_flags.h"
#include "mtcnn/cli/label_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/log.h"
#include "mtcnn/data/annotations.h"
#include "mtcnn/eval/coco_files.h"
#include "mtcnn/eval/coco_report.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace mtcnn::cli {
namespace {

struct CocoArguments {
  std::vector<std::string> detections;
  std::string annotations;
  std::string category;
  std::string out;
  std::string json;
  std::string object;  ///< what the model finds, where it ran
  BootstrapOptions bootstrap;
  bool quiet = false;
  DatasetFlags dataset;
  LabelFlags labels;
};

/// Labels of a kind that `--kind` names; nothing without it.
std::optional<LabelSet> read_kind(const CocoArguments& arguments) {
  require_kind(arguments.labels);
  if (arguments.labels.kind.empty()) return {};
  if (!arguments.category.empty())
    throw Error(ErrorCode::usage, "--category is for COCO JSON without --kind", {.hint = "--classes names classes"});
  const std::string& path = arguments.annotations.empty() ? arguments.dataset.dataset : arguments.annotations;
  if (path.empty()) throw Error(ErrorCode::usage, "--annotations is needed beside --detections");
  LabelSet set = read_labels(arguments.labels.kind, path, label_options(arguments.labels));
  report_labels(set);
  return set;
}

void detect(CocoArguments& arguments, const std::vector<PictureFile>& pictures) {
  DatasetRun run = detect_dataset(arguments.dataset, pictures, arguments.out, arguments.quiet);
  arguments.detections = {std::move(run.detections)};
  arguments.object = std::move(run.object);
}

/// Runs the detector on the images that the labels name where a data set was given.
void complete(CocoArguments& arguments, const std::optional<LabelSet>& labels) {
  require_one_source(!arguments.detections.empty(), arguments.dataset);
  const std::filesystem::path dataset = arguments.dataset.dataset;
  if (!dataset.empty() && labels) {
    std::vector<PictureFile> pictures;
    for (const ImageAnnotation& image : labels->images)
      pictures.push_back({labels->images_folder / image.image, image.image});
    detect(arguments, pictures);
  } else if (!dataset.empty()) {
    if (arguments.annotations.empty()) arguments.annotations = (dataset / "annotations.jsonl").string();
    const std::filesystem::path images = own_images_folder(dataset);
    std::vector<PictureFile> pictures;
    read_annotations(arguments.annotations, [&](ImageAnnotation&& image) {
      pictures.push_back({picture_path(images, image.image, arguments.annotations), image.image});
    });
    detect(arguments, pictures);
  }
  if (labels) arguments.annotations = labels->files.front().string();  // for the report: of a folder the first
  if (arguments.annotations.empty()) throw Error(ErrorCode::usage, "--annotations is needed beside --detections");
}

/// What is scored, for the table: as the model says or, where only detections are given, the labels.
std::string object_of(const CocoArguments& arguments, const CocoTruth& truth) {
  if (!arguments.object.empty()) return arguments.object;
  return truth.category.empty() ? Model{}.object : truth.category;
}

void run_coco(CocoArguments arguments) {
  std::vector<std::filesystem::path> inputs(arguments.detections.begin(), arguments.detections.end());
  inputs.emplace_back(arguments.annotations);
  require_scores_apart(arguments, std::move(inputs));
  const std::optional<LabelSet> labels = read_kind(arguments);
  complete(arguments, labels);
  CocoTruth truth = labels ? coco_truth(labels->images) : read_coco_truth(arguments.annotations, arguments.category);
  const DetectionFiles files(arguments.detections.begin(), arguments.detections.end());
  const DetectionFit fit = read_coco_detections(files, truth);
  if (const std::string warning = fit_warning(fit, files); !warning.empty()) log::warning(warning);
  const CocoScore score = score_coco(truth.images);
  const CocoIntervals intervals = coco_intervals(truth.images, arguments.bootstrap);
  EvalReport report = coco_report(score, intervals, fit);
  report.settings = {{"category", truth.category},
                     {"bootstrap_repeats", arguments.bootstrap.repeats},
                     {"seed", arguments.bootstrap.seed}};
  add_input_entries(report.inputs, arguments.detections);
  report.inputs.push_back(input_entry("annotations", arguments.annotations));
  if (!arguments.out.empty()) write_report(arguments.out, report);
  if (!arguments.json.empty()) write_result(arguments.json, summary_text(report));
  if (!arguments.quiet && arguments.json != "-") print(coco_table(score, intervals, object_of(arguments, truth)));
}

}  // namespace

void add_eval_coco(CLI::App& eval) {
  CLI::App* verb = eval.add_subcommand(
      "coco",
      "Average precision and recall of boxes, as pycocotools computes them\n\nFor one category of COCO JSON or for own "
      "annotations; any object, not only faces.");
  const auto arguments = std::make_shared<CocoArguments>();
  add_detections_flag(*verb, arguments->detections, "Detections: JSON lines or COCO results");
  verb->add_option("--annotations", arguments->annotations,
                   "Annotations: JSON lines or COCO JSON; with --kind labels of that kind")
      ->type_name("FILE");
  add_kind_flags(*verb, arguments->labels, "JSON lines or COCO JSON");
  verb->add_option("--category", arguments->category, "Category to score, where COCO JSON has several")
      ->type_name("NAME");
  CLI::Option* score_from =
      verb->add_option(
              "--score-from", arguments->dataset.detector.third_threshold,
              "With --dataset: confidence from which boxes are scored, instead of the model's third threshold; a "
              "low one gives the whole precision-recall curve")
          ->check(CLI::Range(0.0, 1.0));
  verb->add_option("--bootstrap", arguments->bootstrap.repeats, "Repeats for the 95 % intervals; 0 = none")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  verb->add_option("--seed", arguments->bootstrap.seed, "Seed of the bootstrap")->capture_default_str();
  verb->add_option("--out", arguments->out, "Folder for summary.json, curve.csv and curve.svg")->type_name("DIR");
  verb->add_option("--json", arguments->json, "Write the summary to this file too; - = stdout, instead of the table")
      ->type_name("FILE");
  verb->add_flag("-q,--quiet", arguments->quiet, "No table; warnings and errors are still shown");
  add_dataset_flags(*verb, arguments->dataset,
                    "annotations.jsonl (or --annotations, JSON lines), images in images/ or beside it");
  score_from->needs(verb->get_option("--dataset"));
  verb->footer("Example: mtcnn eval coco --detections found.jsonl --annotations faces.jsonl --out score");
  verb->callback([arguments] { run_coco(*arguments); });
}

}  // namespace mtcnn::cli
