#include "mtcnn/train/checkpoint.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/weights/weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kState = "state.json";
constexpr const char* kWeights = "weights.safetensors";
constexpr const char* kAverage = "average.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kOldOptimizer = "optimizer.pt";

/// Names and members of what adds up over an epoch; the losses of tasks stand beside them under their own names.
constexpr std::array<std::pair<const char*, double EpochTotals::*>, 9> kTotals = {
    {{"loss", &EpochTotals::loss},
     {"kept", &EpochTotals::kept},
     {"faces", &EpochTotals::faces},
     {"right", &EpochTotals::right},
     {"found", &EpochTotals::found},
     {"positives", &EpochTotals::positives},
     {"claimed", &EpochTotals::claimed},
     {"seconds", &EpochTotals::seconds},
     {"waited_s", &EpochTotals::waited_s}}};

Json state_json(const TrainState& state) {
  Json totals = state.totals.tasks;
  totals["steps"] = state.totals.steps;
  totals["samples"] = state.totals.samples;
  for (const auto& [name, member] : kTotals) totals[name] = state.totals.*member;
  Json json = {{"step", state.step},
               {"epoch", state.epoch},
               {"seconds", state.seconds},
               {"best_epoch", state.best_epoch},
               {"totals", std::move(totals)}};
  if (std::isfinite(state.best)) json["best"] = state.best;
  return json;
}

int64_t count_within(const JsonFields& fields, const Json& object, const char* key, int64_t least, int64_t most) {
  const int64_t count = fields.whole_number(object, key);
  if (count < least || count > most)
    fields.refuse(concat("wrong '", key, "'"), object[key], concat(least, " to ", most, " in this run"));
  return count;
}

double seconds_within(const JsonFields& fields, const Json& object, const char* key) {
  const double seconds = fields.number(fields.member(object, key), key);
  if (seconds < 0) fields.refuse(concat("wrong '", key, "'"), object[key], "at least 0");
  return seconds;
}

TrainState read_state(const fs::path& path, const RunLength& length) {
  const Json json = read_json(path);
  const JsonFields fields(path.string());
  TrainState state;
  state.epoch = static_cast<int>(count_within(fields, json, "epoch", 0, length.epochs));
  // The last step of an epoch is done before the epoch is.
  const int64_t begun = state.epoch * length.steps_per_epoch;
  const int64_t last = std::min(begun + length.steps_per_epoch, length.epochs * length.steps_per_epoch);
  state.step = count_within(fields, json, "step", begun, last);
  state.best_epoch = static_cast<int>(count_within(fields, json, "best_epoch", 0, state.epoch));
  state.seconds = seconds_within(fields, json, "seconds");
  if (const Json* best = fields.optional_member(json, "best")) state.best = fields.number(*best, "best");
  const Json& totals = fields.member(json, "totals");
  state.totals.steps = count_within(fields, totals, "steps", 0, length.steps_per_epoch);
  state.totals.samples = count_within(fields, totals, "samples", 0, std::numeric_limits<int64_t>::max());
  for (const auto& [name, member] : kTotals) state.totals.*member = fields.number(fields.member(totals, name), name);
  for (auto& [name, loss] : state.totals.tasks) loss = fields.number(fields.member(totals, name.c_str()), name.c_str());
  const auto is_known = [&](const std::string& name) {
    return name == "steps" || name == "samples" || state.totals.tasks.contains(name) ||
           std::ranges::any_of(kTotals, [&](const auto& total) { return name == total.first; });
  };
  for (const auto& [name, loss] : totals.items()) {  // of further tasks
    if (!is_known(name)) state.totals.tasks[name] = fields.number(loss, name.c_str());
  }
  return state;
}

/// Weights whose tensors all have a place in `net`.
NetWeights read_own_weights(const fs::path& path, const NetModule& net) {
  NetWeights weights = read_weights(path, net.kind());
  if (landmark_count(weights) != net.points()) {
    throw Error(ErrorCode::bad_format, "these weights are for another number of points",
                {.where = path.string(), .found = concat(landmark_count(weights)), .expected = concat(net.points())});
  }
  if (channels_of(weights) != net.channels()) {
    throw Error(
        ErrorCode::bad_format, "the layers of these weights have other numbers of channels",
        {.where = path.string(), .found = Json(channels_of(weights)).dump(), .expected = Json(net.channels()).dump()});
  }
  return weights;
}

}  // namespace

std::vector<std::string> checkpoint_files() { return {kWeights, kAverage, kOptimizer, kState}; }

void write_checkpoint(const fs::path& folder, const TrainState& state, const TrainParts& parts) {
  write_weights(folder / kWeights, weights_of(parts.net));
  parts.average.copy_to(parts.averaged);
  write_weights(folder / kAverage, weights_of(parts.averaged));
  write_optimizer_state(folder / kOptimizer, optimizer_state(parts.net, parts.optimizer, parts.optimizer_kind));
  write_text(folder / kState, state_json(state).dump(2) + "\n");
}

TrainState read_checkpoint(const fs::path& folder, const RunLength& length, const TrainParts& parts) {
  const TrainState state = read_state(folder / kState, length);
  const NetWeights average = read_own_weights(folder / kAverage, parts.net);
  const NetWeights weights = read_own_weights(folder / kWeights, parts.net);
  OptimizerState optimizer = optimizer_state(parts.net, parts.optimizer, parts.optimizer_kind);
  if (!path_exists(folder / kOptimizer) && path_exists(folder / kOldOptimizer)) {
    read_optimizer_archive(folder / kOldOptimizer, state.step, optimizer);
  } else {
    read_optimizer_state(folder / kOptimizer, state.step, optimizer);
  }
  load_weights(parts.averaged, average);
  parts.average.copy_from(parts.averaged);
  load_weights(parts.net, weights);
  set_optimizer_state(parts.optimizer, optimizer);
  return state;
}

TrainState restore_newest(RunFolder& folder, const RunLength& length, const TrainParts& parts) {
  std::optional<TrainState> state;
  std::vector<std::pair<fs::path, std::string>> damaged;
  for (const fs::path& checkpoint : folder.checkpoints()) {
    try {
      state = read_checkpoint(checkpoint, length, parts);
      break;
    } catch (const Error& error) {
      const bool is_damage = error.code() == ErrorCode::bad_format || error.code() == ErrorCode::unsupported ||
                             error.code() == ErrorCode::not_found;
      if (!is_damage) throw;
      damaged.emplace_back(checkpoint, error.what());
    }
  }
  if (damaged.empty()) return state.value_or(TrainState{});
  if (!state) {
    throw Error(ErrorCode::bad_format, concat("no checkpoint of this run can be read: ", damaged.front().second),
                {.where = folder.path().string(), .hint = "start anew with another --out"});
  }
  for (const auto& [checkpoint, reason] : damaged) {
    const std::string text = concat(folder.set_aside(checkpoint).string(),
                                    ": this checkpoint is damaged and was renamed; the run goes on from step ",
                                    state->step, " (", reason, ")");
    log::warning(text);
    folder.log(text);
  }
  return *state;
}

}  // namespace mtcnn
