#include "mtcnn/eval/calibration.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/report.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

constexpr std::array<float, 6> kPnet = {0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F};
constexpr std::array<float, 6> kRnet = {0.3F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F};
constexpr float kLowest = 0.05F;  ///< for the third net
constexpr float kSteps = 100;     ///< thresholds are whole multiples of 1 / kSteps

Box box_of(const FaceAnnotation& face) {
  return {static_cast<float>(face.x), static_cast<float>(face.y), static_cast<float>(face.x + face.w),
          static_cast<float>(face.y + face.h)};
}

class Calibrator {
 public:
  using Run = std::function<CascadeRun(const std::array<float, 3>& thresholds)>;

  Calibrator(std::span<const std::vector<FaceAnnotation>> faces, const CalibrationOptions& options, const Run& run)
      : faces_(faces), options_(options), run_(run) {
    for (const std::vector<FaceAnnotation>& picture : faces) {
      if (picture.empty()) ++result_.empty_pictures;
      for (const FaceAnnotation& face : picture) result_.faces += counts(face) ? 1 : 0;
    }
    if (result_.faces == 0 || result_.empty_pictures == 0)
      throw Error(ErrorCode::usage, "these labels cannot calibrate",
                  {.found = concat(result_.faces, " faces, ", result_.empty_pictures, " pictures without any"),
                   .expected = "some of both: recall is measured on the former, false faces on the latter"});
  }

  Calibration choose() {
    const CalibrationTrial loosest = attempt(kPnet.front(), kRnet.front());
    result_.chosen = loosest;
    const auto good = [&](const CalibrationTrial& trial) {
      return trial.recall >= loosest.recall - options_.lost_recall;
    };
    for (size_t i = 1; i < kPnet.size(); ++i) {
      const CalibrationTrial trial = attempt(kPnet[i], kRnet.front());
      if (!good(trial)) break;
      result_.chosen = trial;
    }
    const float pnet = result_.chosen.thresholds[0];
    for (size_t i = 1; i < kRnet.size(); ++i) {
      const CalibrationTrial trial = attempt(pnet, kRnet[i]);
      if (!good(trial)) break;
      result_.chosen = trial;
    }
    return result_;
  }

 private:
  bool counts(const FaceAnnotation& face) const { return !face.ignore && face.h >= options_.min_height; }

  CalibrationTrial attempt(float pnet, float rnet) {
    const CascadeRun run = run_({pnet, rnet, kLowest});
    require(run.faces.size() == faces_.size(), "calibrate: answers for other pictures");
    CalibrationTrial trial{.windows_after_pnet = run.windows_after_pnet, .windows_after_rnet = run.windows_after_rnet};
    const float threshold = third_threshold(run);
    trial.thresholds = {pnet, rnet, threshold};
    int64_t found = 0;
    for (size_t i = 0; i < faces_.size(); ++i) {
      if (faces_[i].empty())
        trial.false_faces += std::count_if(run.faces[i].begin(), run.faces[i].end(),
                                           [&](const ScoredBox& box) { return box.score >= threshold; });
      for (const FaceAnnotation& face : faces_[i])
        found += counts(face) && is_found(face, run.faces[i], threshold) ? 1 : 0;
    }
    trial.recall = static_cast<double>(found) / static_cast<double>(result_.faces);
    result_.trials.push_back(trial);
    return trial;
  }

  bool is_found(const FaceAnnotation& face, const std::vector<ScoredBox>& boxes, float threshold) const {
    return std::any_of(boxes.begin(), boxes.end(), [&](const ScoredBox& box) {
      return box.score >= threshold && iou(box.box, box_of(face)) >= options_.least_overlap;
    });
  }

  /// The lowest step at which false faces are few enough.
  float third_threshold(const CascadeRun& run) const {
    std::vector<float> scores;
    for (size_t i = 0; i < faces_.size(); ++i) {
      if (!faces_[i].empty()) continue;
      for (const ScoredBox& box : run.faces[i]) scores.push_back(box.score);
    }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    const auto allowed =
        static_cast<size_t>(std::floor(options_.false_faces_per_picture * static_cast<double>(result_.empty_pictures)));
    if (scores.size() <= allowed) return kLowest;
    float step = std::floor(scores[allowed] * kSteps) + 1;
    while (step / kSteps <= scores[allowed]) ++step;  // the product was rounded down
    return std::min(step / kSteps, 0.99F);
  }

  std::span<const std::vector<FaceAnnotation>> faces_;
  const CalibrationOptions& options_;
  const Run& run_;
  Calibration result_;
};

}  // namespace

Calibration calibrate(std::span<const std::vector<FaceAnnotation>> faces, const CalibrationOptions& options,
                      const std::function<CascadeRun(const std::array<float, 3>& thresholds)>& run) {
  return Calibrator(faces, options, run).choose();
}

std::string calibration_text(const Calibration& calibration) {
  std::vector<std::vector<std::string>> rows = {
      {"thresholds", "recall", "false faces", "windows after P-Net", "after R-Net", ""}};
  for (const CalibrationTrial& trial : calibration.trials) {
    const auto& t = trial.thresholds;
    rows.push_back({concat(fixed(t[0], 2), " ", fixed(t[1], 2), " ", fixed(t[2], 2)), fixed(trial.recall, 4),
                    concat(trial.false_faces), fixed(trial.windows_after_pnet, 1), fixed(trial.windows_after_rnet, 1),
                    t == calibration.chosen.thresholds ? "chosen" : ""});
  }
  return concat(calibration.faces, " faces; false faces on ", calibration.empty_pictures, " pictures without a face\n",
                text_table(rows));
}

}  // namespace mtcnn
