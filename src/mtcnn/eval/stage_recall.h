#pragma once

#include "mtcnn/data/annotations.h"
#include "mtcnn/eval/report.h"
#include "mtcnn/geometry/box.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// The cascade's stages, in order.
inline constexpr size_t kStages = 3;
inline constexpr std::array<const char*, kStages> kStageNames = {"pnet", "rnet", "onet"};

/// Faces are counted by height in image pixels, from each bound up to the next.
inline constexpr std::array<double, 5> kHeightBounds = {10, 20, 50, 100, 1e9};
inline constexpr size_t kHeightBins = kHeightBounds.size() - 1;

/// Counts of one stage.
struct StageCount {
  int64_t windows = 0;  ///< handed on, on all images
  int64_t found = 0;    ///< faces that at least one window covers
  std::array<int64_t, kHeightBins> found_by_height{};
};

/// Which faces each stage of a cascade still has, at how many windows: tells which net is weak. Knows no net, only
/// boxes. A face counts as still there where a window overlaps the square around it (same centre, longer side) by IoU
/// >= `least_overlap`: windows between the stages are squares, so a tall face would else look worse than it is. Ignored
/// faces, and those lower than `min_height`, count nowhere; windows on them count as windows.
class StageRecall {
 public:
  /// \throws ContractError if least_overlap is outside (0, 1] or min_height is negative.
  explicit StageRecall(double min_height = 10, double least_overlap = 0.5);

  /// One image: its labelled faces, and per stage the boxes that it handed on.
  void add(std::span<const FaceAnnotation> truth, const std::array<std::vector<Box>, kStages>& boxes);

  int64_t pictures() const { return pictures_; }
  int64_t faces() const { return faces_; }
  const std::array<int64_t, kHeightBins>& faces_by_height() const { return faces_by_height_; }
  const std::array<StageCount, kStages>& stages() const { return stages_; }
  double min_height() const { return min_height_; }
  double least_overlap() const { return least_overlap_; }

 private:
  double min_height_;
  double least_overlap_;
  int64_t pictures_ = 0;
  int64_t faces_ = 0;
  std::array<int64_t, kHeightBins> faces_by_height_{};
  std::array<StageCount, kStages> stages_{};
};

/// The figures as a report (recall over face height, one curve a stage) and as a table. Shares without any face are
/// null and "-".
EvalReport stage_recall_report(const StageRecall& recall);
std::string stage_recall_text(const StageRecall& recall);

}  // namespace mtcnn
