#include "mtcnn/pipeline/options.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/model/options.h"

#include <algorithm>
#include <set>

namespace mtcnn {
namespace {

constexpr Range kShare{0, 1};

/// The keys of PipelineOptions itself.
struct OwnKeys {
  std::string root, out;
  int64_t seed = 1;
  std::string object = "face";
  CalibrationStep calibrate;
};

const OptionTable<OwnKeys>& own_table() {
  static const auto table = OptionTable<OwnKeys>()
                                .add("root", &OwnKeys::root, {}, "")
                                .add("out", &OwnKeys::out, {}, "")
                                .add("seed", &OwnKeys::seed, {0, 9e15}, "")
                                .add("object", &OwnKeys::object, {}, "")
                                .section("calibrate", &OwnKeys::calibrate, calibration_step_table());
  return table;
}

template <class Options>
std::vector<Options> read_list(const Json& list, const OptionTable<Options>& table, const std::string& where) {
  if (!list.is_array())
    throw Error(ErrorCode::usage, "invalid value",
                {.where = where, .found = shown(list), .expected = "a list of objects"});
  std::vector<Options> all;
  for (size_t i = 0; i < list.size(); ++i) table.apply(all.emplace_back(), list[i], concat(where, "[", i, "]"));
  return all;
}

void check(const PipelineOptions& options, const std::string& where) {
  if (options.rounds.empty())
    throw Error(ErrorCode::usage, "a pipeline without rounds", {.where = where, .expected = "at least one"});
  const RoundOptions& first = options.rounds.front();
  if (first.init == "previous" || first.teacher == "previous")
    throw Error(ErrorCode::usage, "the first round has no round before it",
                {.where = where + ": rounds[0]", .found = "'previous'", .expected = "a model folder or nothing"});
  if (!options.calibrate.labels.empty()) label_format(options.calibrate.labels);
  require_object_name(options.object, where + ": object");
  DetectorOptions detector;
  detector_option_table().apply(detector, options.detector, where + ": detector");
  std::set<int64_t> sizes;
  for (const SubsetOptions& subset : options.learning_curve) {
    if (!sizes.insert(subset.images).second)
      throw Error(ErrorCode::usage, "two points with the same number of images",
                  {.where = where + ": learning_curve", .found = concat(subset.images)});
  }
  for (size_t i = 0; i < options.evaluate.size(); ++i) {
    const EvaluationOptions& one = options.evaluate[i];
    const std::string place = concat(where, ": evaluate[", i, "]");
    if (one.kind != "wider" && one.kind != "landmarks" && one.kind != "coco")
      throw Error(ErrorCode::usage, "an unknown kind of evaluation",
                  {.where = place, .found = concat("'", one.kind, "'"), .expected = "wider, landmarks or coco"});
    if (one.kind != "coco" && !one.labels.empty())
      throw Error(ErrorCode::usage, "'labels' is for the kind coco", {.where = place, .found = one.kind});
    if (!one.labels.empty()) label_format(one.labels);
    const bool plain = !one.name.empty() && std::all_of(one.name.begin(), one.name.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
    if (!plain)
      throw Error(ErrorCode::usage, "not a folder's name",
                  {.where = place, .found = concat("'", one.name, "'"), .expected = "letters, digits, - and _"});
  }
}

}  // namespace

const OptionTable<RoundOptions>& round_option_table() {
  static const auto table =
      OptionTable<RoundOptions>()
          .add("prepare", &RoundOptions::prepare, {}, "configuration of `mtcnn prepare`")
          .add("pnet", &RoundOptions::pnet, {}, "configuration of `mtcnn train` for P-Net")
          .add("rnet", &RoundOptions::rnet, {}, "configuration of `mtcnn train` for R-Net")
          .add("onet", &RoundOptions::onet, {}, "configuration of `mtcnn train` for O-Net")
          .add("init", &RoundOptions::init, {},
               "initial weights: empty = random, `previous` (the round before) or a model folder")
          .add("teacher", &RoundOptions::teacher, {},
               "nets whose outputs are learnt from too: empty = none, `previous` or a model folder");
  return table;
}

const OptionTable<EvaluationOptions>& evaluation_option_table() {
  static const auto table =
      OptionTable<EvaluationOptions>()
          .add("name", &EvaluationOptions::name, {}, "name of the folder below `eval/`")
          .add("kind", &EvaluationOptions::kind, {},
               "wider, landmarks (CelebA's layout or own annotations with points) or coco (own annotations)")
          .add("path", &EvaluationOptions::path, {}, "the data set, relative to `root`")
          .add("labels", &EvaluationOptions::labels, {},
               "coco: format of the labels, as `--kind` of `mtcnn eval coco`; empty = own annotations")
          .add("categories", &EvaluationOptions::categories, {},
               "with labels: names of the classes to use, separated by commas; empty = all")
          .add("threshold", &EvaluationOptions::threshold, kShare,
               "threshold of O-Net while scoring; a low one gives the whole precision-recall curve; 0 = the model's");
  return table;
}

const OptionTable<CalibrationStep>& calibration_step_table() {
  static const auto table =
      OptionTable<CalibrationStep>()
          .add("path", &CalibrationStep::path, {},
               "data set that chooses the thresholds: in WIDER FACE's layout, whose validation part is used, or as "
               "`labels` says; empty = default thresholds")
          .add("labels", &CalibrationStep::labels, {},
               "format of the labels, as `--kind` of `mtcnn calibrate`; empty = WIDER FACE's layout")
          .add("categories", &CalibrationStep::categories, {},
               "with labels: names of the classes to use, separated by commas; empty = all")
          .add("false_faces_per_picture", &CalibrationStep::false_faces_per_picture, {0, 1000},
               "most false faces per image, on images without a face if they are many enough, else on all")
          .add("lost_recall", &CalibrationStep::lost_recall, kShare, "recall that the first two nets may cost")
          .add("third_only", &CalibrationStep::third_only, {}, "keep the first two thresholds as the model has them");
  return table;
}

const OptionTable<SubsetOptions>& subset_option_table() {
  static const auto table = OptionTable<SubsetOptions>()
                                .add("images", &SubsetOptions::images, {1, 1e9}, "number of images that it learns from")
                                .add("config", &SubsetOptions::config, {}, "configuration of its own `mtcnn pipeline`");
  return table;
}

PipelineOptions read_pipeline_options(const Json& object, const std::filesystem::path& where) {
  PipelineOptions options;
  Json rest = object;
  const std::string name = where.string();
  if (object.is_object()) {
    if (object.contains("rounds"))
      options.rounds = read_list(object["rounds"], round_option_table(), name + ": rounds");
    if (object.contains("evaluate"))
      options.evaluate = read_list(object["evaluate"], evaluation_option_table(), name + ": evaluate");
    for (const auto& [key, value] : object.items()) {
      const std::vector<std::string> known = {"root",      "out",      "seed",     "object",        "rounds",
                                              "calibrate", "evaluate", "detector", "learning_curve"};
      if (std::find(known.begin(), known.end(), key) == known.end()) option_detail::throw_unknown(key, known, name);
    }
    if (object.contains("learning_curve"))
      options.learning_curve = read_list(object["learning_curve"], subset_option_table(), name + ": learning_curve");
    if (object.contains("detector")) options.detector = object["detector"];
    rest.erase("rounds");
    rest.erase("learning_curve");
    rest.erase("detector");
    rest.erase("evaluate");
  }
  OwnKeys own;
  own_table().apply(own, rest, name);
  if (!own.root.empty()) options.root = (where.parent_path() / own.root).lexically_normal();
  if (!own.out.empty()) options.out = (where.parent_path() / own.out).lexically_normal();
  options.seed = own.seed;
  options.object = own.object;
  options.calibrate = own.calibrate;
  check(options, name);
  return options;
}

}  // namespace mtcnn
