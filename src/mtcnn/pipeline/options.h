#pragma once

#include "mtcnn/core/options.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// One round: crops and training of the three nets in sequence. Files are named relative to the pipeline's own
/// configuration.
struct RoundOptions {
  std::string prepare = "prepare.json";
  std::string pnet = "pnet.json";
  std::string rnet = "rnet.json";
  std::string onet = "onet.json";
  std::string init;     ///< what the nets start from: "" = nothing, "previous" = the round before, else a model folder
  std::string teacher;  ///< nets whose answers are learnt from too: likewise
};

/// One data set that the finished model is scored on.
struct EvaluationOptions {
  std::string name;  ///< of its folder in the results
  std::string kind;  ///< "wider", "landmarks", "coco"
  std::string path;  ///< relative to the data sets' root
};

/// How thresholds are chosen; see `mtcnn calibrate`.
struct CalibrationStep {
  std::string path;                         ///< WIDER FACE's layout, relative to the root; empty = default thresholds
  double false_faces_per_picture = 0.0175;  ///< on pictures without a face
  double lost_recall = 0.005;               ///< that the first two nets may cost
};

/// Everything that `mtcnn pipeline` does, from data sets to a scored model.
struct PipelineOptions {
  std::filesystem::path root;  ///< of the data sets; empty = as the prepare configurations say
  int64_t seed = 1;
  std::vector<RoundOptions> rounds = {RoundOptions{}};
  CalibrationStep calibrate;
  std::vector<EvaluationOptions> evaluate;
};

/// Names, ranges and help of the fields, as in docs/configuration.md.
const OptionTable<RoundOptions>& round_option_table();
const OptionTable<EvaluationOptions>& evaluation_option_table();
const OptionTable<CalibrationStep>& calibration_step_table();

/// \param where   the file, for messages and for what its own names are relative to.
/// \throws Error{usage} naming the key: unknown, of a wrong type, no round, a first round that goes on from another.
PipelineOptions read_pipeline_options(const Json& object, const std::filesystem::path& where);

}  // namespace mtcnn
