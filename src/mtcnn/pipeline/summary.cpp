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

/// AP at IoU 0.5 of the first evaluation that has one; null where none does.
Json ap50_of(const Json& evaluations) {
  for (const auto& [name, figures] : evaluations.items()) {
    if (figures.contains("ap50")) return figures["ap50"];
  }
  return nullptr;
}

/// What the pipelines on parts of the images came to, then this one.
Json learning_curve(const std::vector<Step>& steps, const Json& evaluations) {
  Json curve = Json::array();
  fs::path crops;
  for (const Step& step : steps) {
    if (step.command.front() == "prepare") crops = step.outputs.front();
    if (step.command.front() != "pipeline" || !path_exists(step.outputs.front())) continue;
    curve.push_back(
        {{"images", step.facts["images"]}, {"ap50", ap50_of(read_json(step.outputs.front())["evaluation"])}});
  }
  if (!curve.empty() && path_exists(crops))
    curve.push_back({{"images", read_json(crops)["images"]}, {"ap50", ap50_of(evaluations)}});
  return curve;
}

/// What twice as many images may bring, by what the last doubling brought.
std::string outlook(const Json& curve) {
  constexpr double kLittle = 0.02;
  if (curve.size() < 2) return "";
  const Json& before = curve[curve.size() - 2]["ap50"];
  const Json& last = curve.back()["ap50"];
  if (!before.is_number() || !last.is_number()) return "";
  const double gain = last.get<double>() - before.get<double>();
  const std::string said =
      concat("From ", curve[curve.size() - 2]["images"].get<int64_t>(), " to ", curve.back()["images"].get<int64_t>(),
             " images AP50 changed by ", gain < 0 ? "" : "+", fixed(gain, 3), ": ");
  return said + (gain > kLittle ? "twice as many may bring somewhat less again. More images are worth their labels.\n"
                                : "more images of this kind would bring little; other settings or kinds of images "
                                  "may.\n");
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
  if (const Json curve = learning_curve(steps, summary["evaluation"]); !curve.empty())
    summary["learning_curve"] = curve;
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
  if (summary.contains("learning_curve")) {
    text += "\nLearning curve:\n";
    for (const Json& point : summary["learning_curve"])
      text += concat("  ", point["images"].get<int64_t>(), " images  ap50 ", shown_figure(point["ap50"]), "\n");
    text += outlook(summary["learning_curve"]);
  }
  return text;
}

}  // namespace mtcnn
