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
  std::string name;        ///< of its folder in the results
  std::string kind;        ///< "wider", "landmarks", "coco"
  std::string path;        ///< relative to the data sets' root
  std::string labels;      ///< of coco: a format of label_formats(); empty = own annotations
  std::string categories;  ///< of coco with `labels`: the classes that count, with commas between; empty = all
  double threshold = 0;    ///< of the last net, so that the whole curve is scored; 0 = the model's own
};

/// How thresholds are chosen; see `mtcnn calibrate`.
struct CalibrationStep {
  std::string path;                         ///< relative to the root; empty = default thresholds
  std::string labels;                       ///< a format of label_formats(); empty = WIDER FACE's layout
  std::string categories;                   ///< with `labels`: the classes that count, with commas between; empty = all
  double false_faces_per_picture = 0.0175;  ///< on images without a face
  double lost_recall = 0.005;               ///< that the first two nets may cost
  bool third_only = false;                  ///< the first two thresholds stay as `detector` has them
};

/// A pipeline of its own on a part of the images, for the learning curve.
struct SubsetOptions {
  int64_t images = 0;  ///< that it learns from
  std::string config;  ///< its configuration, relative to the pipeline's own
};

/// Everything that `mtcnn pipeline` does, from data sets to a scored model.
struct PipelineOptions {
  std::filesystem::path out;   ///< where results go without --out; may be empty
  std::filesystem::path root;  ///< of the data sets; empty = as the prepare configurations say
  int64_t seed = 1;
  std::vector<RoundOptions> rounds = {RoundOptions{}};
  std::string object = "face";     ///< what the model finds, for output
  Json detector = Json::object();  ///< the search's options that the model gets; checked
  CalibrationStep calibrate;
  std::vector<EvaluationOptions> evaluate;
  std::vector<SubsetOptions> learning_curve;
};

/// Names, ranges and help of the fields, as in docs/configuration.md.
const OptionTable<RoundOptions>& round_option_table();
const OptionTable<EvaluationOptions>& evaluation_option_table();
const OptionTable<CalibrationStep>& calibration_step_table();
const OptionTable<SubsetOptions>& subset_option_table();

/// \param where   the file, for messages and for what its own names are relative to.
/// \throws Error{usage} naming the key: unknown, of a wrong type, no round, a first round that goes on from another.
PipelineOptions read_pipeline_options(const Json& object, const std::filesystem::path& where);

}  // namespace mtcnn
