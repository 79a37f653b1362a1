#include "mtcnn/train/run_summary.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/json_fields.h"
#include "mtcnn/train/run_files.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// One line of metrics.jsonl.
struct MetricsLine {
  Json json;
  int64_t epoch = 0;
};

/// The validation's lines of metrics.jsonl. A run that is being written may end in half a line.
std::vector<MetricsLine> validation_lines(const fs::path& file) {
  std::vector<MetricsLine> lines;
  if (!path_exists(file)) return lines;
  int64_t number = 0;
  for (const std::string& text : split(read_text(file), '\n')) {
    ++number;
    std::optional<Json> line = try_parse_json(text);
    if (!line || !line->is_object()) continue;
    const JsonFields fields(concat(file.string(), ":", number));
    if (fields.optional_text(*line, "split", "") != "val") continue;
    const int64_t epoch = fields.optional_count(*line, "epoch", 0);
    lines.push_back({std::move(*line), epoch});
  }
  return lines;
}

std::string figures_text(const Json& line) {
  std::string text;
  for (const char* name : {"loss", "accuracy", "recall", "precision", "fpr_at_97", "box_error", "nme"}) {
    const auto value = line.find(name);
    if (value != line.end() && value->is_number())
      text += concat(text.empty() ? "" : ", ", name, " ", fixed(value->get<double>(), 4));
  }
  return text;
}

std::vector<std::string> weights_in(const fs::path& folder) {
  std::vector<std::string> files;
  for (const char* part : {"best", "export"}) {
    if (!is_folder(folder / part)) continue;
    for (const fs::path& entry : folder_entries(folder / part)) {
      if (entry.extension() == ".safetensors") files.push_back(entry.string());
    }
  }
  return files;
}

/// The line whose figure is best.
const MetricsLine& best_line(const std::vector<MetricsLine>& lines, const std::string& metric) {
  const auto to_minimise = [&](const MetricsLine& line) {
    const auto figure = line.json.find(metric);
    if (figure == line.json.end() || !figure->is_number()) return std::numeric_limits<double>::infinity();
    return metric == "accuracy" ? -figure->get<double>() : figure->get<double>();
  };
  return *std::min_element(lines.begin(), lines.end(),
                           [&](const MetricsLine& a, const MetricsLine& b) { return to_minimise(a) < to_minimise(b); });
}

std::string machine_text(const JsonFields& fields, const Json& environment) {
  const auto text = [&](const char* key) { return fields.optional_text(environment, key, "?"); };
  return concat(text("device"), ", ", fields.optional_count(environment, "threads", 0), " threads, mtcnn ",
                text("version"), " (", text("commit"), ")\n  crops: ", text("data"), "\n");
}

}  // namespace

bool is_run_folder(const fs::path& folder) {
  return path_exists(folder / run_files::kConfig) && path_exists(folder / run_files::kEnvironment);
}

RunSummary summarise_run(const fs::path& folder) {
  const Json config = read_json(folder / run_files::kConfig);
  const JsonFields config_fields((folder / run_files::kConfig).string());
  config_fields.require_object(config, "not the settings of a training run");
  const Json environment = read_json(folder / run_files::kEnvironment);
  const JsonFields environment_fields((folder / run_files::kEnvironment).string());
  environment_fields.require_object(environment, "not the environment of a training run");
  const std::vector<MetricsLine> lines = validation_lines(folder / run_files::kMetrics);
  const bool done = path_exists(folder / run_files::kDone);
  const std::string metric = config_fields.optional_text(config, "best_metric", "fpr_at_97");
  const int64_t wanted = config_fields.optional_count(config, "epochs", 0);
  RunSummary summary;
  summary.json = {{"net", config_fields.optional_text(config, "net", "")},
                  {"done", done},
                  {"epochs", lines.size()},
                  {"epochs_wanted", wanted},
                  {"config", config},
                  {"environment", environment}};
  summary.text = concat("training run ", folder.string(), "\n  ", config_fields.optional_text(config, "net", "?"), ", ",
                        done ? "done" : "NOT done (`mtcnn train --resume` goes on)", ": ", lines.size(), " of ", wanted,
                        " epochs; ", machine_text(environment_fields, environment));
  if (!lines.empty()) {
    const MetricsLine& best = best_line(lines, metric);
    const MetricsLine& last = lines.back();
    summary.json["best"] = best.json;
    summary.json["last"] = last.json;
    summary.text += concat("  best by ", metric, ", epoch ", best.epoch, ": ", figures_text(best.json),
                           "\n  last, epoch ", last.epoch, ": ", figures_text(last.json), "\n");
  }
  const std::vector<std::string> weights = weights_in(folder);
  summary.json["weights"] = weights;
  for (const std::string& file : weights) summary.text += concat("  ", file, "\n");
  return summary;
}

}  // namespace mtcnn
