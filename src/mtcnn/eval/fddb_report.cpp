#include "mtcnn/eval/fddb_report.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>

namespace mtcnn {
namespace {

constexpr std::array<int64_t, 6> kFalsePositives = {50, 100, 200, 500, 1000, 2000};
constexpr std::array<std::pair<FddbMetric, const char*>, 2> kMetrics = {
    {{FddbMetric::discrete, "discrete"}, {FddbMetric::continuous, "continuous"}}};
constexpr int64_t kLegendFalsePositives = 1000;
constexpr size_t kNamesShown = 10;

int64_t most_false_positives(const FddbResult& result) {
  return result.curve.empty() ? 0 : result.curve.front().false_positives;
}

const char* assignment_name(FddbAssignment assignment) {
  return assignment == FddbAssignment::reference ? "reference" : "optimal";
}

int angle_number(FddbAngle angle) { return angle == FddbAngle::opencv4 ? 4 : 1; }

Json figures_of(const FddbResult& result) {
  Json figures = {{"images", result.images},
                  {"faces", result.faces},
                  {"detections", result.detections},
                  {"max_fp", most_false_positives(result)}};
  for (const auto& [metric, name] : kMetrics) {
    for (const int64_t count : kFalsePositives) {
      figures["tpr"][name][std::to_string(count)] = fddb_rate_at(result.curve, metric, count);
    }
  }
  return figures;
}

Json names_of(const std::vector<std::string>& names) {
  const auto shown = names.begin() + static_cast<ptrdiff_t>(std::min(names.size(), kNamesShown));
  return {{"count", names.size()}, {"first", std::vector<std::string>(names.begin(), shown)}};
}

/// From few false positives to many, as far as the plot reaches.
PlotSeries series_of(const FddbResult& result, FddbMetric metric, const std::string& name) {
  PlotSeries series;
  const double rate = fddb_rate_at(result.curve, metric, kLegendFalsePositives);
  series.name = concat(name, " (TPR ", fixed(rate, 3), " at ", kLegendFalsePositives, " FP)");
  for (auto row = result.curve.rbegin(); row != result.curve.rend(); ++row) {
    if (row->false_positives > kFalsePositives.back()) continue;
    series.x.push_back(static_cast<double>(row->false_positives));
    series.y.push_back(metric == FddbMetric::discrete ? row->discrete : row->continuous);
  }
  return series;
}

Plot plot_of(const FddbResult& result) {
  Plot plot;
  plot.title = "FDDB: true positive rate over false positives";
  plot.x_label = "false positives";
  plot.y_label = "true positive rate";
  plot.x_max = static_cast<double>(std::clamp<int64_t>(most_false_positives(result), 1, kFalsePositives.back()));
  for (const auto& [metric, name] : kMetrics) plot.series.push_back(series_of(result, metric, name));
  return plot;
}

void write_pair(const std::filesystem::path& folder, const std::string& prefix, const FddbResult& result) {
  write_text(folder / (prefix + "DiscROC.txt"), fddb_roc_text(result.curve, FddbMetric::discrete));
  write_text(folder / (prefix + "ContROC.txt"), fddb_roc_text(result.curve, FddbMetric::continuous));
}

std::string mismatch_line(const std::vector<std::string>& names, const std::string& what) {
  return names.empty() ? "" : concat(names.size(), " ", what, ", the first: ", names.front(), "\n");
}

}  // namespace

FddbScores score_fddb(std::span<const FddbFold> folds, const FddbOptions& options) {
  FddbScores scores;
  std::vector<std::vector<FddbEntry>> entries;
  for (const FddbFold& fold : folds) {
    FddbResult& result = scores.folds.emplace_back();
    const size_t first = entries.size();
    for (const FddbImage& image : fold.images) {
      entries.push_back(score_fddb_image(image, options));
      result.faces += static_cast<int64_t>(image.faces.size());
      result.detections += static_cast<int64_t>(image.detections.size());
    }
    result.images = static_cast<int64_t>(fold.images.size());
    result.curve = fddb_curve(std::span(entries).subspan(first), result.faces);
    scores.all.images += result.images;
    scores.all.faces += result.faces;
    scores.all.detections += result.detections;
  }
  scores.all.curve = fddb_curve(entries, scores.all.faces);
  return scores;
}

void write_fddb_curves(const std::filesystem::path& folder, std::span<const FddbFold> folds, const FddbScores& scores) {
  require(folds.size() == scores.folds.size(), "write_fddb_curves: the scores are of other folds");
  write_pair(folder, "", scores.all);
  for (size_t i = 0; i < folds.size(); ++i) write_pair(folder, concat("fold-", folds[i].number, "-"), scores.folds[i]);
}

EvalReport fddb_report(std::span<const FddbFold> folds, const FddbScores& scores, const FddbRun& run) {
  require(folds.size() == scores.folds.size(), "fddb_report: the scores are of other folds");
  EvalReport report;
  report.name = "fddb";
  report.protocol =
      "FDDB, 2011 evaluator: overlap of drawn regions in pixels, faces and detections matched one to one at every "
      "score, "
      "true positive above 0.5";
  report.settings = {{"assignment", assignment_name(run.options.assignment)},
                     {"angle", angle_number(run.options.angle)},
                     {"rectangles_as_ellipses", run.ellipses}};
  report.figures = figures_of(scores.all);
  report.figures["folds"] = Json::array();
  for (size_t i = 0; i < folds.size(); ++i) {
    Json fold = {{"fold", folds[i].number}};
    fold.update(figures_of(scores.folds[i]));
    report.figures["folds"].push_back(fold);
  }
  report.figures["images_not_in_folds"] = names_of(run.mismatch.unknown);
  report.figures["images_without_line"] = names_of(run.mismatch.missing);
  report.figures["images_with_error"] = names_of(run.mismatch.unusable);
  report.plot = plot_of(scores.all);
  return report;
}

std::string fddb_text(const FddbScores& scores, const FddbRun& run) {
  std::string text =
      concat("FDDB: ", scores.folds.size(), " folds, ", scores.all.images, " images, ", scores.all.faces, " faces, ",
             scores.all.detections, " detections; assignment ", assignment_name(run.options.assignment), ", angle ",
             angle_number(run.options.angle), run.ellipses ? ", rectangles made upright ellipses" : "", "\n");
  std::vector<std::vector<std::string>> rows = {{"false positives up to"}};
  for (const int64_t count : kFalsePositives) rows[0].push_back(std::to_string(count));
  for (const auto& [metric, name] : kMetrics) {
    std::vector<std::string>& row = rows.emplace_back(std::vector<std::string>{concat("true positive rate, ", name)});
    for (const int64_t count : kFalsePositives) row.push_back(fixed(fddb_rate_at(scores.all.curve, metric, count), 4));
  }
  text += text_table(rows);
  text += concat("the curve ends at ", most_false_positives(scores.all), " false positives\n");
  text += mismatch_line(run.mismatch.unknown, "images of the detections are in no fold and were not scored");
  text += mismatch_line(run.mismatch.missing, "images have no line and count as without detections");
  text +=
      mismatch_line(run.mismatch.unusable, "images could not be read by the detector and count as without detections");
  return text;
}

}  // namespace mtcnn
