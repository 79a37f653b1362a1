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

/// What a cascade says of all labelled pictures at some thresholds for its three nets.
struct CascadeRun {
  std::vector<std::vector<ScoredBox>> faces;  ///< a picture each
  double windows_after_pnet = 0;              ///< mean a picture
  double windows_after_rnet = 0;
};

/// What the thresholds may cost.
struct CalibrationOptions {
  double false_faces_per_picture = 0.0175;  ///< at most, on pictures without any face, or on all where there are none
  double lost_recall = 0.005;               ///< at most, by all thresholds of the first two nets together
  double least_overlap = 0.5;               ///< IoU from which a box finds a face
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
  int64_t empty_pictures = 0;  ///< 0: false faces were counted on all pictures
};

/// Chooses the three thresholds of a cascade on labelled pictures. For each setting of the first two, the third is the
/// lowest that leaves no more false faces on pictures without a face than asked for. The first two begin loose and are
/// then raised, P-Net's first, as long as recall stays within `lost_recall` of what the loosest reach: higher ones let
/// fewer windows through, which is time. A face is found where any box overlaps it enough; ignored faces count nowhere.
/// \param faces  labels, a list a picture; pictures without any face tell false faces.
/// \param run    gives the cascade's answers at some thresholds, with the third very low.
/// Where no picture is without a face, false faces are boxes that overlap no face of their picture enough, ignored ones
/// included: a face without a label then counts as a false one.
/// \throws Error if there is no face.
Calibration calibrate(std::span<const std::vector<FaceAnnotation>> faces, const CalibrationOptions& options,
                      const std::function<CascadeRun(const std::array<float, 3>& thresholds)>& run);

/// All trials as a table, the chosen one marked.
/// \param object  the name of one.
std::string calibration_text(const Calibration& calibration, const std::string& object = "face");

}  // namespace mtcnn
