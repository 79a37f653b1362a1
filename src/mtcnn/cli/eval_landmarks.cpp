#include "mtcnn/cli/dataset_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/data/celeba.h"
#include "mtcnn/eval/landmarks_report.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace mtcnn::cli {
namespace {

struct LandmarksArguments {
  std::vector<std::string> detections;
  std::string annotations;
  std::string split = "val";
  std::string out;
  std::string json;
  bool quiet = false;
  DatasetFlags dataset;
};

void add_inputs(const LandmarksArguments& arguments, EvalReport& report) {
  add_input_entries(report.inputs, arguments.detections);
  if (!is_celeba(arguments.annotations)) {
    report.inputs.push_back(input_entry("annotations", arguments.annotations));
    return;
  }
  report.settings["split"] = arguments.split;
  for (const auto& list : celeba_lists(arguments.annotations)) {
    report.inputs.push_back(input_entry("annotations", list));
  }
}

/// Runs the detector on the images of own data or of a CelebA folder's split where one was given.
void complete(LandmarksArguments& arguments) {
  require_one_source(!arguments.detections.empty(), arguments.dataset);
  const std::filesystem::path dataset = arguments.dataset.dataset;
  if (!dataset.empty()) {
    const std::filesystem::path own = dataset / "annotations.jsonl";
    const bool celeba = is_celeba(dataset) || !path_exists(own);
    const std::filesystem::path images = celeba ? celeba_images(dataset) : own_images_folder(dataset);
    std::vector<PictureFile> pictures;
    const auto add = [&](ImageAnnotation&& image) {
      pictures.push_back({picture_path(images, image.image, celeba ? dataset : own), image.image});
    };
    if (celeba) {
      read_celeba(dataset, celeba_split(arguments.split), add);
    } else {
      read_annotations(own, add);
    }
    arguments.annotations = celeba ? dataset.string() : own.string();
    arguments.detections = {detect_dataset(arguments.dataset, pictures, arguments.out, arguments.quiet).detections};
  }
  const std::filesystem::path inside = std::filesystem::path(arguments.annotations) / "annotations.jsonl";
  if (!is_celeba(arguments.annotations) && path_exists(inside)) arguments.annotations = inside.string();
  if (arguments.annotations.empty()) throw Error(ErrorCode::usage, "--annotations is needed beside --detections");
}

void run_landmarks(LandmarksArguments arguments) {
  std::vector<std::filesystem::path> inputs(arguments.detections.begin(), arguments.detections.end());
  inputs.emplace_back(arguments.annotations);
  require_scores_apart(arguments, std::move(inputs));
  complete(arguments);
  const DetectionFiles files(arguments.detections.begin(), arguments.detections.end());
  const LandmarkData data = read_landmark_errors(arguments.annotations, arguments.split, files);
  if (const std::string warning = fit_warning(data.fit, files); !warning.empty()) log::warning(warning);
  const LandmarkScore score = score_landmarks(data.faces, data.points.names);
  EvalReport report = landmark_report(data, score);
  add_inputs(arguments, report);
  if (!arguments.out.empty()) write_report(arguments.out, report);
  if (!arguments.json.empty()) write_result(arguments.json, summary_text(report));
  if (!arguments.quiet && arguments.json != "-") print(landmark_table(score));
}

}  // namespace

void add_eval_landmarks(CLI::App& eval) {
  CLI::App* verb =
      eval.add_subcommand("landmarks",
                          "Landmark errors: mean, failures, curves\n\nErrors are relative to the box's "
                          "size and, for faces, to the distance between the eyes. Faces that were not found count as "
                          "failures.");
  const auto arguments = std::make_shared<LandmarksArguments>();
  add_detections_flag(*verb, arguments->detections, "Detections with keypoints, JSON lines");
  verb->add_option("--annotations", arguments->annotations,
                   "JSON lines with landmarks, or a folder with annotations.jsonl or in CelebA's layout")
      ->type_name("FILE|DIR");
  verb->add_option("--split", arguments->split, "Part of a CelebA folder: train, val or test; no effect on a file")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "val", "test"}));
  verb->add_option("--out", arguments->out, "Folder for summary.json, curve.csv and curve.svg")->type_name("DIR");
  verb->add_option("--json", arguments->json, "Write the summary to this file too; - = stdout, instead of the table")
      ->type_name("FILE");
  verb->add_flag("-q,--quiet", arguments->quiet, "No table; warnings and errors are still shown");
  add_dataset_flags(*verb, arguments->dataset,
                    "CelebA's layout, with Img, Anno and Eval, or own data with annotations.jsonl");
  verb->footer("Example: mtcnn eval landmarks --detections found.jsonl --annotations celeba --split test --out score");
  verb->callback([arguments] { run_landmarks(*arguments); });
}

}  // namespace mtcnn::cli
