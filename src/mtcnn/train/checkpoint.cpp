#include "mtcnn/train/checkpoint.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/weights/weights.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <torch/serialize.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kState = "state.json";
constexpr const char* kWeights = "weights.safetensors";
constexpr const char* kAverage = "average.safetensors";
constexpr const char* kOptimizer = "optimizer.pt";

/// Names and members of what adds up over an epoch.
constexpr std::array<std::pair<const char*, double EpochTotals::*>, 13> kTotals = {
    {{"loss", &EpochTotals::loss},
     {"face", &EpochTotals::face},
     {"box", &EpochTotals::box},
     {"landmark", &EpochTotals::landmark},
     {"teacher", &EpochTotals::teacher},
     {"kept", &EpochTotals::kept},
     {"faces", &EpochTotals::faces},
     {"right", &EpochTotals::right},
     {"found", &EpochTotals::found},
     {"positives", &EpochTotals::positives},
     {"claimed", &EpochTotals::claimed},
     {"seconds", &EpochTotals::seconds},
     {"waited_s", &EpochTotals::waited_s}}};

Json state_json(const TrainState& state) {
  Json totals = {{"steps", state.totals.steps}, {"samples", state.totals.samples}};
  for (const auto& [name, member] : kTotals) totals[name] = state.totals.*member;
  Json json = {{"step", state.step},
               {"epoch", state.epoch},
               {"seconds", state.seconds},
               {"best_epoch", state.best_epoch},
               {"totals", std::move(totals)}};
  if (std::isfinite(state.best)) json["best"] = state.best;
  return json;
}

TrainState read_state(const fs::path& path) {
  const Json json = read_json(path);
  const JsonFields fields(path.string());
  constexpr int64_t kMostEpochs = std::numeric_limits<int>::max();
  TrainState state{.step = fields.count(json, "step"),
                   .epoch = static_cast<int>(fields.count(json, "epoch", kMostEpochs)),
                   .seconds = fields.number(fields.member(json, "seconds"), "seconds"),
                   .best_epoch = static_cast<int>(fields.count(json, "best_epoch", kMostEpochs))};
  if (const Json* best = fields.optional_member(json, "best")) state.best = fields.number(*best, "best");
  const Json& totals = fields.member(json, "totals");
  state.totals.steps = fields.count(totals, "steps");
  state.totals.samples = fields.count(totals, "samples");
  for (const auto& [name, member] : kTotals) state.totals.*member = fields.number(fields.member(totals, name), name);
  return state;
}

}  // namespace

void write_checkpoint(const fs::path& folder, const TrainState& state, const TrainParts& parts) {
  write_weights(folder / kWeights, weights_of(*parts.net.module, parts.net.kind));
  parts.average.copy_to(*parts.averaged.module);
  write_weights(folder / kAverage, weights_of(*parts.averaged.module, parts.net.kind));
  try {
    torch::serialize::OutputArchive archive;
    parts.optimizer.save(archive);
    archive.save_to((folder / kOptimizer).string());
  } catch (const c10::Error& error) {
    throw Error(ErrorCode::unwritable, concat("writing the optimizer failed: ", error.what_without_backtrace()),
                {.where = (folder / kOptimizer).string()});
  }
  write_text(folder / kState, state_json(state).dump(2) + "\n");
}

TrainState read_checkpoint(const fs::path& folder, const TrainParts& parts) {
  TrainState state = read_state(folder / kState);
  load_weights(*parts.averaged.module, read_weights(folder / kAverage, parts.net.kind));
  parts.average.copy_from(*parts.averaged.module);
  load_weights(*parts.net.module, read_weights(folder / kWeights, parts.net.kind));
  try {
    torch::serialize::InputArchive archive;
    archive.load_from((folder / kOptimizer).string());
    parts.optimizer.load(archive);
  } catch (const c10::Error& error) {
    throw Error(
        ErrorCode::bad_format, concat("the optimizer cannot be read: ", error.what_without_backtrace()),
        {.where = (folder / kOptimizer).string(), .hint = "remove this checkpoint to go on from the one before"});
  }
  return state;
}

}  // namespace mtcnn
