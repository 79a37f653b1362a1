#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/report.h"
#include "mtcnn/pipeline/pipeline.h"
#include "mtcnn/train/run_summary.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// The figures of an evaluation that people ask for first.
constexpr const char* kFigures[] = {"ap", "ap50", "ap75", "found", "nme_area", "nme_eyes", "failure_10"};

Json figures_of(const fs::path& file) {
  const Json summary = read_json(file);
  Json figures = Json::object();
  for (const char* name : kFigures) {
    if (summary.contains(name)) figures[name] = summary[name];
  }
  return figures;
}

std::string shown_figure(const Json& value) {
  if (value.is_number()) return fixed(value.get<double>(), 4);
  if (value.is_null()) return "-";
  std::string text;
  for (const auto& [key, part] : value.items())
    text += concat(text.empty() ? "" : " / ", part.is_number() ? fixed(part.get<double>(), 4) : "-");
  return text;
}

}  // namespace

Json pipeline_summary(const std::vector<Step>& steps, const fs::path& out) {
  const StepRecords records(out / "steps");
  Json summary = {{"steps", Json::array()}, {"training", Json::object()}, {"evaluation", Json::object()}};
  for (const Step& step : steps) {
    summary["steps"].push_back({{"name", step.name}, {"seconds", records.seconds(step)}});
    if (step.takes_resume && is_run_folder(step.folder))
      summary["training"][step.name] = summarise_run(step.folder).json.value("best", Json());
    if (step.command.front() == "eval" && path_exists(step.folder / "summary.json"))
      summary["evaluation"][step.name] = figures_of(step.folder / "summary.json");
  }
  return summary;
}

std::string summary_text(const Json& summary) {
  std::vector<std::vector<std::string>> rows = {{"step", "seconds"}};
  for (const Json& step : summary["steps"])
    rows.push_back({step["name"].get<std::string>(), fixed(step["seconds"].get<double>(), 1)});
  std::string text = text_table(rows);
  for (const auto& [name, figures] : summary["evaluation"].items()) {
    text += "\n" + name;
    for (const auto& [figure, value] : figures.items()) text += concat("  ", figure, " ", shown_figure(value));
    text += "\n";
  }
  return text;
}

}  // namespace mtcnn
