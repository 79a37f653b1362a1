#include "mtcnn/train/run_summary.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// The validation's lines of metrics.jsonl. A run that is being written may end in half a line.
std::vector<Json> validation_lines(const fs::path& file) {
  std::vector<Json> lines;
  if (!fs::exists(file)) return lines;
  for (const std::string& text : split(read_text(file), '\n')) {
    Json line = Json::parse(text, nullptr, false);
    if (line.is_object() && line.value("split", "") == "val") lines.push_back(std::move(line));
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
    if (!fs::is_directory(folder / part)) continue;
    for (const auto& entry : fs::directory_iterator(folder / part)) {
      if (entry.path().extension() == ".safetensors") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool is_run_folder(const fs::path& folder) {
  return fs::exists(folder / "config.json") && fs::exists(folder / "environment.json");
}

RunSummary summarise_run(const fs::path& folder) {
  const Json config = read_json(folder / "config.json");
  const Json environment = read_json(folder / "environment.json");
  const std::vector<Json> lines = validation_lines(folder / "metrics.jsonl");
  const bool done = fs::exists(folder / "DONE");
  const std::string metric = config.value("best_metric", "fpr_at_97");
  RunSummary summary;
  summary.json = {{"net", config.value("net", "")},
                  {"done", done},
                  {"epochs", lines.size()},
                  {"epochs_wanted", config.value("epochs", 0)},
                  {"config", config},
                  {"environment", environment}};
  summary.text = concat("training run ", folder.string(), "\n  ", config.value("net", "?"), ", ",
                        done ? "done" : "NOT done (`mtcnn train --resume` goes on)", ": ", lines.size(), " of ",
                        config.value("epochs", 0), " epochs; ", environment.value("device", "?"), ", ",
                        environment.value("threads", 0), " threads, mtcnn ", environment.value("version", "?"), " (",
                        environment.value("commit", "?"), ")\n  crops: ", environment.value("data", "?"), "\n");
  if (!lines.empty()) {
    const auto value = [&](const Json& line) {
      const Json figure = line.value(metric, Json());
      if (!figure.is_number()) return std::numeric_limits<double>::infinity();
      return metric == "accuracy" ? -figure.get<double>() : figure.get<double>();
    };
    const Json& best = *std::min_element(lines.begin(), lines.end(),
                                         [&](const Json& a, const Json& b) { return value(a) < value(b); });
    summary.json["best"] = best;
    summary.json["last"] = lines.back();
    summary.text += concat("  best by ", metric, ", epoch ", best.value("epoch", 0), ": ", figures_text(best),
                           "\n  last, epoch ", lines.back().value("epoch", 0), ": ", figures_text(lines.back()), "\n");
  }
  summary.json["weights"] = weights_in(folder);
  for (const std::string& file : weights_in(folder)) summary.text += concat("  ", file, "\n");
  return summary;
}

}  // namespace mtcnn
