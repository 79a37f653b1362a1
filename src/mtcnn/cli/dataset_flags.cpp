#include "mtcnn/cli/dataset_flags.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/eval/report.h"

namespace mtcnn::cli {

void add_dataset_flags(CLI::App& verb, DatasetFlags& flags, const std::string& layout) {
  verb.add_option("--dataset", flags.dataset,
                  "Run the detector on this data set instead of reading --detections: " + layout)
      ->type_name("DIR");
  add_detector_flags(verb, flags.detector);
}

void add_detections_flag(CLI::App& verb, std::vector<std::string>& files, const std::string& what,
                         const std::string& type) {
  verb.add_option("--detections", files, what + "; several are the pieces of one run (detect --rank)")->type_name(type);
}

void add_input_entries(Json& inputs, const std::vector<std::string>& detections) {
  for (const std::string& file : detections) inputs.push_back(input_entry("detections", file));
}

std::vector<std::filesystem::path> dataset_inputs(const DatasetFlags& flags) {
  std::vector<std::filesystem::path> inputs = files_read(flags.detector);
  inputs.emplace_back(flags.dataset);
  return inputs;
}

DatasetRun detect_dataset(const DatasetFlags& flags, const std::vector<PictureFile>& pictures, const std::string& out,
                          bool quiet) {
  if (out.empty())
    throw Error(ErrorCode::usage, "--dataset needs --out", {.hint = "the detections are kept in that folder"});
  DetectorFlags detector_flags = flags.detector;
  detector_flags.common.quiet = quiet;
  const Detector detector = make_detector(detector_flags);
  const std::filesystem::path file = std::filesystem::path(out) / kDetectionsFile;
  AtomicFile lines(file);
  const RunTotals totals = run_detector(detector, detector_flags, pictures, [&](const PictureResult& result) {
    lines.write(result_line(result, detector) + "\n");
  });
  require_whole_run(totals);
  lines.commit();
  return {file.string(), detector.object()};
}

std::vector<PictureFile> pictures_below(const std::filesystem::path& folder) {
  return find_pictures({folder.string()}, {});
}

}  // namespace mtcnn::cli
