#include "mtcnn/eval/coco_report.h"

#include "mtcnn/core/text.h"

#include <cmath>

namespace mtcnn {
namespace {

constexpr int kDigits = 4;

struct Figure {
  const char* key;
  const char* text;
  double CocoScore::*value;
};

constexpr Figure kFigures[] = {
    {"ap", "AP at IoU 0.50 to 0.95", &CocoScore::ap},
    {"ap50", "AP at IoU 0.50", &CocoScore::ap50},
    {"ap75", "AP at IoU 0.75", &CocoScore::ap75},
    {"ap_small", "AP, up to 32 x 32", &CocoScore::ap_small},
    {"ap_medium", "AP, 32 x 32 to 96 x 96", &CocoScore::ap_medium},
    {"ap_large", "AP, from 96 x 96", &CocoScore::ap_large},
    {"ar_1", "AR, 1 detection an image", &CocoScore::ar_1},
    {"ar_10", "AR, 10 detections", &CocoScore::ar_10},
    {"ar_100", "AR, 100 detections", &CocoScore::ar_100},
    {"ar_1000", "AR, 1000 detections", &CocoScore::ar_1000},
    {"ar_small", "AR, up to 32 x 32", &CocoScore::ar_small},
    {"ar_medium", "AR, 32 x 32 to 96 x 96", &CocoScore::ar_medium},
    {"ar_large", "AR, from 96 x 96", &CocoScore::ar_large},
};

std::string shown_figure(double value) { return std::isfinite(value) ? fixed(value, kDigits) : "-"; }

PlotSeries precision_curve(const std::string& name, double figure,
                           const std::array<double, kCocoRecallLevels>& precision) {
  PlotSeries series;
  series.name = concat(name, " (AP ", shown_figure(figure), ")");
  for (int level = 0; level < kCocoRecallLevels; ++level) {
    series.x.push_back(level / 100.0);
    series.y.push_back(precision[static_cast<size_t>(level)]);
  }
  return series;
}

Plot precision_plot(const CocoScore& score) {
  Plot plot;
  plot.title = concat("COCO protocol: precision over recall, ", score.faces, " objects");
  plot.x_label = "recall";
  plot.y_label = "precision";
  std::array<double, kCocoRecallLevels> mean = {};
  for (const auto& precision : score.precision) {
    for (size_t level = 0; level < mean.size(); ++level) mean[level] += precision[level] / kCocoThresholds;
  }
  plot.series = {precision_curve("IoU 0.50", score.ap50, score.precision[0]),
                 precision_curve("IoU 0.75", score.ap75, score.precision[5]),
                 precision_curve("mean of IoU 0.50 to 0.95", score.ap, mean)};
  return plot;
}

std::string shown_interval(const Interval& interval) {
  if (!std::isfinite(interval.low)) return "";
  return concat("[", shown_figure(interval.low), ", ", shown_figure(interval.high), "]");
}

}  // namespace

EvalReport coco_report(const CocoScore& score, const CocoIntervals& intervals, const DetectionFit& fit) {
  EvalReport report;
  report.name = "coco";
  report.protocol =
      "pycocotools 2.0.11, boxes, one category: IoU 0.50 to 0.95 in steps of 0.05, precision at 101 recall levels, the "
      "first 100 "
      "detections of an image (AR also the first 1, 10, 1000); crowds and ignored faces are neutral; null where there "
      "is no face";
  for (const Figure& figure : kFigures) report.figures[figure.key] = score.*figure.value;
  report.figures["faces"] = score.faces;
  report.figures["crowds"] = score.crowds;
  report.figures["intervals"] = {{"ap", {intervals.ap.low, intervals.ap.high}},
                                 {"ap50", {intervals.ap50.low, intervals.ap50.high}}};
  report.figures["detections"] = fit_json(fit);
  report.plot = precision_plot(score);
  return report;
}

std::string coco_table(const CocoScore& score, const CocoIntervals& intervals, const std::string& object) {
  std::vector<std::vector<std::string>> rows = {{counted(score.faces, object), "", "95 % interval"}};
  for (const Figure& figure : kFigures) {
    const bool is_ap = figure.value == &CocoScore::ap;
    const bool is_ap50 = figure.value == &CocoScore::ap50;
    rows.push_back({figure.text, shown_figure(score.*figure.value),
                    is_ap     ? shown_interval(intervals.ap)
                    : is_ap50 ? shown_interval(intervals.ap50)
                              : ""});
  }
  return text_table(rows);
}

}  // namespace mtcnn
