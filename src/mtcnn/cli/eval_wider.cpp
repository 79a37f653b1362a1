#include "mtcnn/cli/dataset_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/wider_report.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mtcnn::cli {
namespace {

struct Arguments {
  std::vector<std::vector<std::string>> detections;  ///< the files of each run
  std::vector<std::string> names;
  std::string ground_truth;
  std::string out;
  std::string json;
  std::string results;
  WiderOptions options;
  DatasetFlags dataset;
  bool quiet = false;
};

[[noreturn]] void refuse(const std::string& message, const std::string& found, const std::string& expected) {
  throw Error(ErrorCode::usage, message, {.found = found, .expected = expected});
}

void check(const Arguments& arguments) {
  require_one_source(!arguments.detections.empty(), arguments.dataset);
  if (arguments.ground_truth.empty() && arguments.dataset.dataset.empty()) {
    refuse("--ground-truth is missing", "nothing", "the folder with the official .mat files");
  }
  const size_t runs = arguments.detections.size();
  if (!arguments.names.empty() && arguments.names.size() != runs) {
    refuse("--name must be given once per --detections", concat(arguments.names.size(), " names"), concat(runs));
  }
  if (!arguments.results.empty() && runs > 1) {
    refuse("--write-results takes one run", concat(runs, " of --detections"), "one");
  }
}

DetectionFiles files_of(const std::vector<std::string>& run) { return {run.begin(), run.end()}; }

/// Runs whose files have the same name are told apart by their paths.
void name_runs(std::vector<WiderResult>& results, const Arguments& arguments) {
  std::vector<std::string> names;
  for (const WiderResult& result : results) names.push_back(result.run.name);
  for (size_t i = 0; i < results.size(); ++i) {
    if (!arguments.names.empty()) {
      results[i].run.name = arguments.names[i];
    } else if (std::count(names.begin(), names.end(), names[i]) > 1) {
      results[i].run.name = shown_files(files_of(arguments.detections[i]));
    }
  }
}

/// Runs the detector where a data set was given; its folder also has the ground truth, unless another was named.
void detect_first(Arguments& arguments) {
  const std::string& dataset = arguments.dataset.dataset;
  if (dataset.empty()) return;
  if (arguments.ground_truth.empty()) arguments.ground_truth = wider_ground_truth_folder(dataset).string();
  arguments.detections = {
      {detect_dataset(arguments.dataset, pictures_below(wider_images_folder(dataset)), arguments.out, arguments.quiet)
           .detections}};
}

void run(Arguments arguments) {
  check(arguments);
  std::vector<std::filesystem::path> inputs = {arguments.ground_truth};
  for (const auto& files : arguments.detections) inputs.insert(inputs.end(), files.begin(), files.end());
  require_scores_apart(arguments, std::move(inputs), {}, arguments.results);
  detect_first(arguments);
  const WiderGroundTruth truth = read_wider_ground_truth(arguments.ground_truth);
  std::vector<WiderResult> results;
  for (const auto& files : arguments.detections) {
    WiderRun detections = read_wider_run(files_of(files), truth);
    WiderScores scores = score_wider(detections, truth, arguments.options);
    results.push_back({std::move(detections), std::move(scores)});
  }
  name_runs(results, arguments);
  EvalReport report = wider_report(results, truth, arguments.options);
  for (const auto& file : wider_ground_truth_files(arguments.ground_truth))
    report.inputs.push_back(input_entry("ground truth", file));
  for (const auto& files : arguments.detections) add_input_entries(report.inputs, files);
  if (!arguments.results.empty()) write_wider_results(arguments.results, results.front().run, truth);
  if (!arguments.out.empty()) write_report(arguments.out, report);
  if (!arguments.json.empty()) write_result(arguments.json, summary_text(report));
  if (!arguments.quiet && arguments.json != "-") {
    print(wider_text(results, truth, arguments.options));
  }
}

}  // namespace

void add_eval_wider(CLI::App& eval) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = eval.add_subcommand("wider",
                                       "WIDER FACE: average precision easy, medium and hard\n\nThe official protocol "
                                       "with its quirks, 95 % intervals over "
                                       "images, recall by height of the faces, and false positives per image.");
  verb->add_option_function<std::vector<std::string>>(
          "--detections", [arguments](const auto& files) { arguments->detections.push_back(files); },
          "JSON lines, or a folder with EVENT/NAME.txt; several are the pieces of one run (detect --rank); give "
          "the flag again to compare runs")
      ->type_name("FILE|DIR")
      ->trigger_on_parse();
  verb->add_option("--ground-truth", arguments->ground_truth,
                   "Folder with wider_face_val.mat and wider_{easy,medium,hard}_val.mat")
      ->type_name("DIR");
  verb->add_option("--out", arguments->out, "Folder for summary.json, curve.csv and curve.svg")->type_name("DIR");
  verb->add_option("--name", arguments->names, "The run's name in tables and legend, one per --detections")
      ->allow_extra_args(false);
  verb->add_option("--write-results", arguments->results, "Also write the official layout, EVENT/NAME.txt")
      ->type_name("DIR");
  verb->add_option("--bootstrap", arguments->options.bootstrap.repeats, "Repeats for the 95 % intervals; 0 = none")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  verb->add_option("--seed", arguments->options.bootstrap.seed, "Seed of the bootstrap")->capture_default_str();
  verb->add_option("--recalls", arguments->options.recalls, "Where false positives per image are counted")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 1.0));
  verb->add_option("--json", arguments->json, "Write the summary to this file too; - = stdout, instead of the tables")
      ->type_name("FILE");
  verb->add_flag("-q,--quiet", arguments->quiet, "No tables");
  add_dataset_flags(*verb, arguments->dataset, "with WIDER_val/images and eval_tools/ground_truth");
  verb->footer("Example: mtcnn eval wider --detections faces.jsonl --ground-truth ground_truth --out score");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace mtcnn::cli
