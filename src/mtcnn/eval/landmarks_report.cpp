#include "mtcnn/eval/landmarks_report.h"

#include "mtcnn/core/text.h"

#include <cmath>

namespace mtcnn {
namespace {

constexpr int kCurveSteps = 200;
constexpr double kStepsPerUnit = 1000;

std::string percent(double share) { return std::isfinite(share) ? concat(fixed(100 * share, 2), " %") : "-"; }

PlotSeries cumulative_curve(const std::string& unit, const NormalisedErrors& errors) {
  PlotSeries series;
  series.name = concat(unit, " (mean ", percent(errors.mean), ", area to 10 % ", fixed(errors.curve_area_10, 3), ")");
  for (int step = 0; step <= kCurveSteps; ++step) {
    const double error = step / kStepsPerUnit;
    series.x.push_back(error);
    series.y.push_back(errors.share_within(error));
  }
  return series;
}

Plot cumulative_plot(const LandmarkScore& score) {
  Plot plot;
  plot.title = concat("Landmarks: cumulative error of ", score.faces, " faces, ", percent(score.found), " found");
  plot.x_label = "mean error of the points";
  plot.y_label = "share of all faces";
  plot.x_max = kCurveSteps / kStepsPerUnit;
  plot.series = {cumulative_curve("by box size", score.by_box)};
  if (score.by_eyes.faces > 0) plot.series.push_back(cumulative_curve("by eye distance", score.by_eyes));
  return plot;
}

void add_errors(Json& figures, const NormalisedErrors& errors, const std::string& name, const std::string& suffix,
                const std::vector<std::string>& names) {
  figures["nme_" + name] = errors.mean;
  figures["nme_" + name + "_median"] = errors.median;
  figures["failure_8" + suffix] = errors.failure_8;
  figures["failure_10" + suffix] = errors.failure_10;
  figures["curve_area_8" + suffix] = errors.curve_area_8;
  figures["curve_area_10" + suffix] = errors.curve_area_10;
  Json& points = figures["points_" + name];
  for (size_t i = 0; i < names.size(); ++i) points[names[i]] = errors.points[i];
}

}  // namespace

EvalReport landmark_report(const LandmarkData& data, const LandmarkScore& score) {
  EvalReport report;
  report.name = "landmarks";
  report.protocol =
      "each face takes the detection of highest IoU, found at 0.5 or more; its error is the mean distance of the "
      "points in "
      "units of sqrt(box area) or of the distance between the labelled eyes; means and medians over the faces found; "
      "faces not found "
      "are failures; curve areas run from 0 to 8 or 10 % and are divided by it";
  report.figures = {{"faces", score.faces}, {"not_found", score.not_found}, {"found", score.found}};
  add_errors(report.figures, score.by_box, "area", "", score.names);
  add_errors(report.figures, score.by_eyes, "eyes", "_eyes", score.names);
  report.figures["left_out"] = {{"ignored_faces", data.ignored_faces},
                                {"faces_without_landmarks", data.faces_without_landmarks},
                                {"images_without_area", data.images_without_area},
                                {"faces_without_eye_distance", score.faces - score.by_eyes.faces}};
  report.figures["detections"] = fit_json(data.fit);
  report.plot = cumulative_plot(score);
  return report;
}

std::string landmark_table(const LandmarkScore& score) {
  const bool eyes = score.by_eyes.faces > 0;
  const auto row = [&](const std::string& name, const auto& value) {
    std::vector<std::string> cells = {name, percent(value(score.by_box))};
    if (eyes) cells.push_back(percent(value(score.by_eyes)));
    return cells;
  };
  std::vector<std::vector<std::string>> rows = {
      {"", "by box size"},
      row("mean error", [](const NormalisedErrors& errors) { return errors.mean; }),
      row("median error", [](const NormalisedErrors& errors) { return errors.median; }),
      row("failures at 8 %", [](const NormalisedErrors& errors) { return errors.failure_8; }),
      row("failures at 10 %", [](const NormalisedErrors& errors) { return errors.failure_10; }),
      row("curve area to 8 %", [](const NormalisedErrors& errors) { return errors.curve_area_8; }),
      row("curve area to 10 %", [](const NormalisedErrors& errors) { return errors.curve_area_10; }),
  };
  if (eyes) rows.front().emplace_back("by eye distance");
  for (size_t i = 0; i < score.names.size(); ++i) {
    rows.push_back(row(score.names[i], [i](const NormalisedErrors& errors) { return errors.points[i]; }));
  }
  return concat(score.faces, " faces, ", percent(score.found), " found, ", score.not_found, " not\n", text_table(rows));
}

}  // namespace mtcnn
