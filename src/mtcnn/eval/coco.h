#pragma once

#include "mtcnn/eval/bootstrap.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace mtcnn {

/// IoU thresholds 0.50, 0.55 … 0.95, in the very doubles of the reference (its step is 0.45 / 9).
inline constexpr int kCocoThresholds = 10;
double coco_threshold(int index);

/// Recall levels 0, 0.01 … 1 at which precision is read.
inline constexpr int kCocoRecallLevels = 101;

/// Detections an image that count for average precision and for the recall by size.
inline constexpr int kCocoMaxDetections = 100;

/// A labelled face.
struct CocoFace {
  double x = 0;
  double y = 0;
  double w = 0;
  double h = 0;
  double area = 0;     ///< by which it is small, medium or large; COCO files carry it, else w * h
  bool crowd = false;  ///< a region that may hold many faces, or a face to be left out: detections in it are neutral
};

/// A found box, pixels, with its score.
struct CocoDetection {
  double x = 0;
  double y = 0;
  double w = 0;
  double h = 0;
  double score = 0;
};

/// The labelled faces and the detections of one image, each in the order of its file.
struct CocoImage {
  std::vector<CocoFace> faces;
  std::vector<CocoDetection> detections;
};

/// The figures of the COCO detection protocol for one category. A figure without a face to measure it on is NaN (where
/// the reference says -1).
struct CocoScore {
  double ap = 0;  ///< mean over the thresholds 0.50 to 0.95
  double ap50 = 0;
  double ap75 = 0;
  double ap_small = 0;   ///< faces of an area up to 32 * 32
  double ap_medium = 0;  ///< 32 * 32 to 96 * 96
  double ap_large = 0;   ///< from 96 * 96
  double ar_1 = 0;       ///< mean recall over the thresholds, with the best detection of each image
  double ar_10 = 0;
  double ar_100 = 0;
  double ar_1000 = 0;
  double ar_small = 0;  ///< with 100 detections per image
  double ar_medium = 0;
  double ar_large = 0;
  int64_t faces = 0;  ///< that count: without crowds
  int64_t crowds = 0;
  std::array<std::array<double, kCocoRecallLevels>, kCocoThresholds> precision = {};  ///< over all sizes
};

/// Scores detections as pycocotools 2.0.11 does for boxes. `images` are in falling precedence: detections of equal
/// score keep that order.
///
/// The rules, quirks included:
/// - detections of an image by falling score, equal ones in the order given; the first 100 count (1, 10, 100, 1000 for
/// AR; matching is greedy, so that the first 100 fare the same whatever follows them);
/// - IoU without +1; with a crowd, the intersection over the area of the detection;
/// - a face is left out where it is a crowd or its area is outside the range of sizes, whose ends both belong to it;
/// - at each threshold a detection takes the free face of highest IoU at or above it (of equal ones the last), and only
/// where there is none, one that is left out; a crowd can be taken again and again;
/// - a detection that took a face left out is neutral, and so is one that took none and whose own area w * h is outside
/// the range;
/// - precision is tp / (tp + fp + 2^-52), made falling from the right, and read where recall first reaches each level;
/// AP is the mean over levels and thresholds; AR the mean over thresholds of the recall at the end.
///
/// Deviation: the reference never counts a face found whose annotation has the id 0; here ids have no meaning. AR@1000
/// is what the reference gives with maxDets = [1, 10, 100, 1000]; the other figures do not depend on it. No detections
/// give 0, no faces NaN.
/// Source: Lin et al., Microsoft COCO, 2014; pycocotools' cocoeval.py.
CocoScore score_coco(std::span<const CocoImage> images);

/// 95 % intervals over images.
struct CocoIntervals {
  Interval ap;
  Interval ap50;
};

/// 95 % intervals by drawing images. Without images or repeats, NaN. Images drawn twice count twice.
CocoIntervals coco_intervals(std::span<const CocoImage> images, const BootstrapOptions& options);

}  // namespace mtcnn
