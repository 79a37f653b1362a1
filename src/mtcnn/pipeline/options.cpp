#include "mtcnn/pipeline/options.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>

namespace mtcnn {
namespace {

constexpr Range kShare{0, 1};

/// The keys of PipelineOptions itself.
struct OwnKeys {
  std::string root;
  int64_t seed = 1;
  CalibrationStep calibrate;
};

const OptionTable<OwnKeys>& own_table() {
  static const auto table = OptionTable<OwnKeys>()
                                .add("root", &OwnKeys::root, {}, "")
                                .add("seed", &OwnKeys::seed, {0, 9e15}, "")
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
  for (size_t i = 0; i < options.evaluate.size(); ++i) {
    const EvaluationOptions& one = options.evaluate[i];
    const std::string place = concat(where, ": evaluate[", i, "]");
    if (one.kind != "wider" && one.kind != "landmarks" && one.kind != "coco")
      throw Error(ErrorCode::usage, "an unknown kind of evaluation",
                  {.where = place, .found = concat("'", one.kind, "'"), .expected = "wider, landmarks or coco"});
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
          .add("path", &EvaluationOptions::path, {}, "the data set, relative to `root`");
  return table;
}

const OptionTable<CalibrationStep>& calibration_step_table() {
  static const auto table =
      OptionTable<CalibrationStep>()
          .add(
              "path", &CalibrationStep::path, {},
              "data set in WIDER FACE's layout; its validation part chooses the thresholds; empty = default thresholds")
          .add("false_faces_per_picture", &CalibrationStep::false_faces_per_picture, {0, 1000},
               "most false faces per image on images without a face")
          .add("lost_recall", &CalibrationStep::lost_recall, kShare, "recall that the first two nets may cost");
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
      const std::vector<std::string> known = {"root", "seed", "rounds", "calibrate", "evaluate"};
      if (std::find(known.begin(), known.end(), key) == known.end()) option_detail::throw_unknown(key, known, name);
    }
    rest.erase("rounds");
    rest.erase("evaluate");
  }
  OwnKeys own;
  own_table().apply(own, rest, name);
  if (!own.root.empty()) options.root = (where.parent_path() / own.root).lexically_normal();
  options.seed = own.seed;
  options.calibrate = own.calibrate;
  check(options, name);
  return options;
}

}  // namespace mtcnn
