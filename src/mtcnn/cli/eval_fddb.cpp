#include "mtcnn/cli/dataset_flags.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/fddb_report.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mtcnn::cli {
namespace {

struct Arguments {
  std::vector<std::string> detections;
  std::string annotations;
  std::string images;
  std::string extension = ".jpg";
  std::string assignment = "reference";
  int angle = 4;
  bool ellipses = false;
  std::string out;
  std::string json;
  std::string results;
  bool quiet = false;
  DatasetFlags dataset;
};

/// Runs the detector where a data set was given, and finds the lists and images in it.
void complete(Arguments& arguments) {
  require_one_source(!arguments.detections.empty(), arguments.dataset);
  if (const std::filesystem::path dataset = arguments.dataset.dataset; !dataset.empty()) {
    if (arguments.annotations.empty()) arguments.annotations = (dataset / "FDDB-folds").string();
    if (arguments.images.empty()) arguments.images = (dataset / "originalPics").string();
    arguments.detections = {
        detect_dataset(arguments.dataset, pictures_below(arguments.images), arguments.out, arguments.quiet).detections};
  }
  if (arguments.annotations.empty() || arguments.images.empty()) {
    throw Error(ErrorCode::usage, "--annotations and --images are needed beside --detections");
  }
}

void run(Arguments arguments) {
  std::vector<std::filesystem::path> inputs(arguments.detections.begin(), arguments.detections.end());
  for (const std::string& folder : {arguments.annotations, arguments.images}) inputs.emplace_back(folder);
  require_scores_apart(arguments, std::move(inputs), {"DiscROC.txt", "ContROC.txt"}, arguments.results);
  complete(arguments);
  FddbRun settings;
  settings.options.assignment = arguments.assignment == "optimal" ? FddbAssignment::optimal : FddbAssignment::reference;
  settings.options.angle = arguments.angle == 1 ? FddbAngle::opencv1 : FddbAngle::opencv4;
  settings.ellipses = arguments.ellipses;
  std::vector<FddbFold> folds = read_fddb_annotations(arguments.annotations);
  const DetectionFiles files(arguments.detections.begin(), arguments.detections.end());
  const auto folder = std::find_if(files.begin(), files.end(), [](const auto& file) { return is_folder(file); });
  if (folder == files.end()) {
    settings.mismatch = read_fddb_json(folds, files, arguments.extension);
  } else if (files.size() == 1) {
    read_fddb_results(folds, *folder);
  } else {
    throw Error(ErrorCode::usage, "a folder of results is a whole run, not a piece of one",
                {.where = folder->string(), .found = concat(files.size(), " of --detections"), .expected = "one"});
  }
  read_fddb_sizes(folds, arguments.images, arguments.extension);
  if (arguments.ellipses) make_fddb_ellipses(folds);
  if (!arguments.results.empty()) write_fddb_results(folds, arguments.results);

  const FddbScores scores = score_fddb(folds, settings.options);
  EvalReport report = fddb_report(folds, scores, settings);
  report.inputs = {input_entry("annotations", arguments.annotations), input_entry("images", arguments.images)};
  add_input_entries(report.inputs, arguments.detections);
  if (!arguments.out.empty()) {
    write_fddb_curves(arguments.out, folds, scores);
    write_report(arguments.out, report);
  }
  if (!arguments.json.empty()) write_result(arguments.json, summary_text(report));
  if (!arguments.quiet && arguments.json != "-") print(fddb_text(scores, settings));
}

}  // namespace

void add_eval_fddb(CLI::App& eval) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = eval.add_subcommand(
      "fddb",
      "FDDB: true positive rate over false positives, discrete and continuous\n\nEqual to the 2011 evaluator; state "
      "--angle and --assignment with every figure.");
  add_detections_flag(*verb, arguments->detections, "Folder with fold-NN-out.txt, or JSON lines", "DIR|FILE");
  verb->add_option("--annotations", arguments->annotations,
                   "Folder with FDDB-fold-NN.txt and FDDB-fold-NN-ellipseList.txt, any number of folds")
      ->type_name("DIR");
  verb->add_option("--images", arguments->images, "Folder of the images (originalPics); only their sizes are read")
      ->type_name("DIR");
  verb->add_option("--extension", arguments->extension, "Extension added to the image names in the lists")
      ->capture_default_str();
  verb->add_option("--assignment", arguments->assignment,
                   "reference = the evaluator's own solver, which sometimes misses the largest sum, as in published "
                   "curves; optimal = the largest sum, as the report defines it")
      ->capture_default_str()
      ->check(CLI::IsMember({"reference", "optimal"}));
  verb->add_option("--angle", arguments->angle,
                   "Rotation of ellipses: 4 = as the evaluator draws them with OpenCV 2 to 4, at pi - t; 1 = as with "
                   "OpenCV 1 and in copies patched to t")
      ->capture_default_str()
      ->check(CLI::IsMember({1, 4}));
  verb->add_flag("--ellipses", arguments->ellipses,
                 "Score the upright ellipse inside each box instead of the box: same centre, half axes h/2 and w/2");
  verb->add_option("--out", arguments->out,
                   "Folder for DiscROC.txt, ContROC.txt, the fold-NN- pairs, summary.json, curve.csv and curve.svg")
      ->type_name("DIR");
  verb->add_option("--write-results", arguments->results, "Also write what was scored as fold-NN-out.txt")
      ->type_name("DIR");
  verb->add_option("--json", arguments->json, "Write the summary to this file too; - = stdout, instead of the table")
      ->type_name("FILE");
  verb->add_flag("-q,--quiet", arguments->quiet, "No table");
  add_dataset_flags(*verb, arguments->dataset, "with originalPics and FDDB-folds");
  verb->footer(
      "Example: mtcnn eval fddb --detections faces.jsonl --annotations FDDB-folds --images originalPics --out score");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace mtcnn::cli
