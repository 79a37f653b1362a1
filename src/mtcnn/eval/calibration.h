#pragma once

#include "mtcnn/data/annotations.h"
#include "mtcnn/geometry/box.h"

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// One answer of a detector.
struct ScoredBox {
  Box box;
  float score = 0;
};

/// What a cascade says of all labelled images at some thresholds for its three nets.
struct CascadeRun {
  std::vector<std::vector<ScoredBox>> faces;  ///< an image each
  double windows_after_pnet = 0;              ///< mean per image
  double windows_after_rnet = 0;
};

/// What the thresholds may cost.
struct CalibrationOptions {
  double false_faces_per_picture = 0.0175;  ///< at most, on images without a face or, where they are few, on all
  double lost_recall = 0.005;               ///< at most, by all thresholds of the first two nets together
  double least_overlap = 0.5;               ///< IoU from which a box finds a face; share of a box in an ignored region
  double min_height = 20;                   ///< pixels; lower faces count nowhere
  bool third_only = false;                  ///< the first two stay at `loosest`
  std::array<float, 2> loosest = {0.4F, 0.3F};  ///< where the first two begin, where that is lower than usual
};

/// One setting that was tried.
struct CalibrationTrial {
  std::array<float, 3> thresholds{};  ///< the third as chosen for this setting
  double recall = 0;
  int64_t false_faces = 0;
  double windows_after_pnet = 0;
  double windows_after_rnet = 0;
};

/// The thresholds chosen, and what was tried on the way.
struct Calibration {
  CalibrationTrial chosen;
  std::vector<CalibrationTrial> trials;  ///< in order; the first is the loosest
  int64_t faces = 0;
  int64_t pictures = 0;
  int64_t empty_pictures = 0;  ///< without a label
  bool empty_alone = false;    ///< false faces were counted on these alone, not on all images
};

/// How many images without a label are enough to count false faces on them alone: as many as the limit allows one false
/// face on, but no more than 100. Fewer would let chance decide: with 0.0175 allowed per image, one image allows none.
int64_t enough_empty_images(double false_faces_per_picture);

/// Chooses the three thresholds of a cascade on labelled images. For each setting of the first two, the third is the
/// lowest that leaves no more false faces than asked for. The first two begin loose and are
/// then raised, P-Net's first, as long as recall stays within `lost_recall` of what the loosest reach: higher ones let
/// fewer windows through, which is time. A face is found where any box overlaps it enough; ignored faces count nowhere.
///
/// False faces are counted on images without a label where there are enough_empty_images(), as nothing is missed there
/// by the labels: every box is a false one. Else they are counted on all images, and boxes that overlap no label enough
/// are false too: a face without a label then counts as a false one. In an ignored region a box is none where at least
/// `least_overlap` of its own area lies in the region, as in the crowds of COCO.
/// \param faces  labels, a list an image.
/// \param run    gives the cascade's answers at some thresholds, with the third very low.
/// \throws Error if there is no face.
Calibration calibrate(std::span<const std::vector<FaceAnnotation>> faces, const CalibrationOptions& options,
                      const std::function<CascadeRun(const std::array<float, 3>& thresholds)>& run);

/// All trials as a table, the chosen one marked.
/// \param object  the name of one.
std::string calibration_text(const Calibration& calibration, const std::string& object = "face");

}  // namespace mtcnn
