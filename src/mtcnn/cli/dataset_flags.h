#pragma once

#include "mtcnn/cli/detector_flags.h"
#include "mtcnn/core/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn::cli {

/// --dataset and the detector's flags, for commands that score: where a data set is given they run the detector on it
/// themselves.
struct DatasetFlags {
  DetectorFlags detector;
  std::string dataset;
};

/// \param layout  what the folder must look like, for --help.
void add_dataset_flags(CLI::App& verb, DatasetFlags& flags, const std::string& layout);

/// Adds --detections to commands that score one run: one file, or several as the pieces of that run.
/// \param what  the formats, for --help.
/// \param type  as help shows it.
void add_detections_flag(CLI::App& verb, std::vector<std::string>& files, const std::string& what,
                         const std::string& type = "FILE");

/// input_entry() of each, for a report.
void add_input_entries(Json& inputs, const std::vector<std::string>& detections);

/// Exactly one of --detections and --dataset.
/// \throws Error{usage}.
inline void require_one_source(bool detections_given, const DatasetFlags& flags) {
  if (detections_given != flags.dataset.empty()) {
    throw Error(ErrorCode::usage, "give either --detections or --dataset",
                {.found = detections_given ? "both" : "neither"});
  }
}

/// What detect_dataset() leaves.
struct DatasetRun {
  std::string detections;  ///< the name of the file
  std::string object;      ///< what the model finds, one of them
};

/// Runs the detector over the images and writes what it finds to OUT/detections.jsonl, and totals to stderr unless
/// `quiet`.
/// \throws Error, also where `out` is empty or the user stops it; nothing is written then.
DatasetRun detect_dataset(const DatasetFlags& flags, const std::vector<PictureFile>& pictures, const std::string& out,
                          bool quiet);

/// Where detect_dataset() keeps the detections, below --out.
inline constexpr const char* kDetectionsFile = "detections.jsonl";

/// The files and folders that a run on a data set reads.
std::vector<std::filesystem::path> dataset_inputs(const DatasetFlags& flags);

/// Refuses what a command that scores would write over its inputs: --json, the report in --out with `more`, and
/// --write-results. `inputs` are those beside the data set's own; empty names do not count.
/// \throws Error{usage}.
template <class Arguments>
void require_scores_apart(const Arguments& arguments, std::vector<std::filesystem::path> inputs,
                          std::vector<std::string> more = {}, const std::string& results = {}) {
  if (!arguments.dataset.dataset.empty()) {
    for (std::filesystem::path& input : dataset_inputs(arguments.dataset)) inputs.push_back(std::move(input));
    more.emplace_back(kDetectionsFile);
  }
  std::vector<Output> outputs = report_outputs(arguments.out, arguments.json, more);
  outputs.push_back({results, "--write-results"});
  require_report_apart(outputs, inputs);
}

/// All images below `folder`, named relative to it.
std::vector<PictureFile> pictures_below(const std::filesystem::path& folder);

}  // namespace mtcnn::cli
