#include "mtcnn/eval/stage_recall.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mtcnn {
namespace {

Box squared(const FaceAnnotation& face) {
  return square({static_cast<float>(face.x), static_cast<float>(face.y), static_cast<float>(face.x + face.w),
                 static_cast<float>(face.y + face.h)});
}

/// The bin of a height; kHeightBins where it lies below all.
size_t bin_of(double height) {
  for (size_t bin = kHeightBins; bin-- > 0;) {
    if (height >= kHeightBounds[bin]) return bin;
  }
  return kHeightBins;
}

std::string bin_name(size_t bin) {
  if (bin + 1 == kHeightBins) return concat(kHeightBounds[bin], "+");
  return concat(kHeightBounds[bin], "-", kHeightBounds[bin + 1]);
}

double share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::numeric_limits<double>::quiet_NaN();
}

std::string share_text(int64_t part, int64_t whole) { return whole > 0 ? fixed(share(part, whole), 3) : "-"; }

std::string protocol(const StageRecall& recall) {
  return concat("per-stage recall: faces from ", recall.min_height(),
                " px height, not ignored, whose square some window of the stage ",
                "overlaps by IoU >= ", recall.least_overlap());
}

}  // namespace

StageRecall::StageRecall(double min_height, double least_overlap)
    : min_height_(min_height), least_overlap_(least_overlap) {
  require(least_overlap > 0 && least_overlap <= 1, "StageRecall: the overlap lies in (0, 1]");
  require(min_height >= 0, "StageRecall: the height cannot be negative");
}

void StageRecall::add(std::span<const FaceAnnotation> truth, const std::array<std::vector<Box>, kStages>& boxes) {
  ++pictures_;
  for (size_t stage = 0; stage < kStages; ++stage) stages_[stage].windows += static_cast<int64_t>(boxes[stage].size());
  for (const FaceAnnotation& face : truth) {
    if (face.ignore || face.h < min_height_) continue;
    const Box box = squared(face);
    const size_t bin = bin_of(face.h);
    ++faces_;
    if (bin < kHeightBins) ++faces_by_height_[bin];
    for (size_t stage = 0; stage < kStages; ++stage) {
      // O-Net's boxes are faces, not windows: they are squared like the face.
      const auto covers = [&](const Box& window) { return iou(square(window), box) >= least_overlap_; };
      if (std::none_of(boxes[stage].begin(), boxes[stage].end(), covers)) continue;
      ++stages_[stage].found;
      if (bin < kHeightBins) ++stages_[stage].found_by_height[bin];
    }
  }
}

EvalReport stage_recall_report(const StageRecall& recall) {
  EvalReport report{.name = "cascade", .protocol = protocol(recall)};
  report.figures["pictures"] = recall.pictures();
  report.figures["faces"] = recall.faces();
  Json& stages = report.figures["stages"] = Json::array();
  Plot& plot = report.plot = {
      .title = "Recall after each stage", .x_label = "face height from, px", .y_label = "recall", .x_max = 150};
  for (size_t i = 0; i < kStages; ++i) {
    const StageCount& stage = recall.stages()[i];
    Json by_height = Json::object();
    PlotSeries series{.name = concat(kStageNames[i], " (recall ", share_text(stage.found, recall.faces()), ")")};
    for (size_t bin = 0; bin < kHeightBins; ++bin) {
      const int64_t faces = recall.faces_by_height()[bin];
      by_height[bin_name(bin)] = {{"faces", faces}, {"recall", share(stage.found_by_height[bin], faces)}};
      series.x.push_back(kHeightBounds[bin]);
      series.y.push_back(share(stage.found_by_height[bin], faces));
    }
    stages.push_back({{"stage", kStageNames[i]},
                      {"recall", share(stage.found, recall.faces())},
                      {"windows_per_image", share(stage.windows, recall.pictures())},
                      {"by_height", std::move(by_height)}});
    plot.series.push_back(std::move(series));
  }
  return report;
}

std::string stage_recall_text(const StageRecall& recall) {
  std::vector<std::vector<std::string>> rows = {{"after", "recall", "windows/image"}};
  for (size_t bin = 0; bin < kHeightBins; ++bin) rows.front().push_back(bin_name(bin) + " px");
  for (size_t i = 0; i < kStages; ++i) {
    const StageCount& stage = recall.stages()[i];
    rows.push_back({kStageNames[i], share_text(stage.found, recall.faces()),
                    recall.pictures() > 0 ? fixed(share(stage.windows, recall.pictures()), 1) : "-"});
    for (size_t bin = 0; bin < kHeightBins; ++bin)
      rows.back().push_back(share_text(stage.found_by_height[bin], recall.faces_by_height()[bin]));
  }
  return concat(protocol(recall), "\n", recall.pictures(), " images, ", recall.faces(), " faces\n", text_table(rows));
}

}  // namespace mtcnn
