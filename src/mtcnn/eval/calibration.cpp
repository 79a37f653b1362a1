#include "mtcnn/eval/calibration.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/report.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

constexpr std::array<float, 9> kPnet = {0.05F, 0.1F, 0.2F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F};
constexpr std::array<float, 9> kRnet = {0.05F, 0.1F, 0.2F, 0.3F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F};
constexpr std::array<float, 2> kUsualStart = {0.4F, 0.3F};
constexpr float kLowest = 0.05F;  ///< for the third net
constexpr float kSteps = 100;     ///< thresholds are whole multiples of 1 / kSteps

Box box_of(const FaceAnnotation& face) {
  return {static_cast<float>(face.x), static_cast<float>(face.y), static_cast<float>(face.x + face.w),
          static_cast<float>(face.y + face.h)};
}

/// The share of the box's own area that lies in a region; 0 for a box without area.
float share_within(const Box& box, const Box& region) {
  const float common = intersection(box, region);
  return common > 0 ? common / box.area() : 0.0F;
}

/// Where false faces were counted.
std::string judged_text(const Calibration& calibration, const std::string& object) {
  if (calibration.empty_alone) return concat(calibration.empty_pictures, " images without a ", object);
  const std::string why = calibration.empty_pictures == 0
                              ? concat("each has a ", object)
                              : concat("only ", calibration.empty_pictures, " are without a ", object);
  return concat("all ", calibration.pictures, " images, as ", why,
                ": boxes that overlap no label, so that what is not labelled counts as false");
}

/// The steps from `least`, or from the usual start where that is lower, on.
std::vector<float> steps_from(const std::array<float, 9>& steps, float least, float usual) {
  std::vector<float> from;
  for (const float step : steps) {
    if (step >= std::min(least, usual)) from.push_back(step);
  }
  return from;
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
    result_.pictures = static_cast<int64_t>(faces.size());
    result_.empty_alone = result_.empty_pictures >= enough_empty_images(options.false_faces_per_picture);
    if (result_.faces == 0)
      throw Error(ErrorCode::usage, "these labels cannot calibrate",
                  {.found = concat(faces.size(), " images, in which every labelled object is ignored or too low"),
                   .expected = "labelled objects, on which recall is measured"});
  }

  Calibration choose() {
    const std::vector<float> pnet_steps = steps_from(kPnet, options_.loosest[0], kUsualStart[0]);
    const std::vector<float> rnet_steps = steps_from(kRnet, options_.loosest[1], kUsualStart[1]);
    if (options_.third_only) {
      result_.chosen = attempt(options_.loosest[0], options_.loosest[1]);
      return result_;
    }
    const CalibrationTrial loosest = attempt(pnet_steps.front(), rnet_steps.front());
    result_.chosen = loosest;
    const auto good = [&](const CalibrationTrial& trial) {
      return trial.recall >= loosest.recall - options_.lost_recall;
    };
    for (size_t i = 1; i < pnet_steps.size(); ++i) {
      const CalibrationTrial trial = attempt(pnet_steps[i], rnet_steps.front());
      if (!good(trial)) break;
      result_.chosen = trial;
    }
    const float pnet = result_.chosen.thresholds[0];
    for (size_t i = 1; i < rnet_steps.size(); ++i) {
      const CalibrationTrial trial = attempt(pnet, rnet_steps[i]);
      if (!good(trial)) break;
      result_.chosen = trial;
    }
    return result_;
  }

 private:
  bool counts(const FaceAnnotation& face) const { return !face.ignore && face.h >= options_.min_height; }

  CalibrationTrial attempt(float pnet, float rnet) {
    const CascadeRun run = run_({pnet, rnet, kLowest});
    require(run.faces.size() == faces_.size(), "calibrate: answers for other images");
    CalibrationTrial trial{.windows_after_pnet = run.windows_after_pnet, .windows_after_rnet = run.windows_after_rnet};
    const float threshold = third_threshold(run);
    trial.thresholds = {pnet, rnet, threshold};
    int64_t found = 0;
    for (size_t i = 0; i < faces_.size(); ++i) {
      trial.false_faces += std::count_if(run.faces[i].begin(), run.faces[i].end(), [&](const ScoredBox& box) {
        return box.score >= threshold && is_false(i, box);
      });
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

  /// Whether a box of this image is a false face.
  bool is_false(size_t picture, const ScoredBox& box) const {
    const std::vector<FaceAnnotation>& faces = faces_[picture];
    if (result_.empty_alone) return faces.empty();
    return std::none_of(faces.begin(), faces.end(), [&](const FaceAnnotation& face) {
      const float overlap = face.ignore ? share_within(box.box, box_of(face)) : iou(box.box, box_of(face));
      return overlap >= options_.least_overlap;
    });
  }

  /// The lowest step at which false faces are few enough.
  float third_threshold(const CascadeRun& run) const {
    std::vector<float> scores;
    for (size_t i = 0; i < faces_.size(); ++i) {
      for (const ScoredBox& box : run.faces[i]) {
        if (is_false(i, box)) scores.push_back(box.score);
      }
    }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    const int64_t judged = result_.empty_alone ? result_.empty_pictures : result_.pictures;
    const auto allowed =
        static_cast<size_t>(std::floor(options_.false_faces_per_picture * static_cast<double>(judged)));
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

int64_t enough_empty_images(double false_faces_per_picture) {
  constexpr double kMost = 100;
  return static_cast<int64_t>(std::ceil(std::min(kMost, 1 / std::max(false_faces_per_picture, 1 / kMost))));
}

Calibration calibrate(std::span<const std::vector<FaceAnnotation>> faces, const CalibrationOptions& options,
                      const std::function<CascadeRun(const std::array<float, 3>& thresholds)>& run) {
  return Calibrator(faces, options, run).choose();
}

std::string calibration_text(const Calibration& calibration, const std::string& object) {
  std::vector<std::vector<std::string>> rows = {
      {"thresholds", "recall", concat("false ", plural(object)), "windows after P-Net", "after R-Net", ""}};
  for (const CalibrationTrial& trial : calibration.trials) {
    const auto& t = trial.thresholds;
    rows.push_back({concat(fixed(t[0], 2), " ", fixed(t[1], 2), " ", fixed(t[2], 2)), fixed(trial.recall, 4),
                    concat(trial.false_faces), fixed(trial.windows_after_pnet, 1), fixed(trial.windows_after_rnet, 1),
                    t == calibration.chosen.thresholds ? "chosen" : ""});
  }
  return concat(counted(calibration.faces, object), "; false ", plural(object), " on ",
                judged_text(calibration, object), "\n", text_table(rows));
}

}  // namespace mtcnn
