#pragma once

#include "mtcnn/eval/coco.h"
#include "mtcnn/eval/known_images.h"
#include "mtcnn/eval/report.h"

#include <string>

namespace mtcnn {

/// The figures of a COCO evaluation and the plot of its precision over recall; settings and inputs are the caller's.
/// Keys of the figures: those of CocoScore (null where it is NaN), `intervals` and `detections`.
EvalReport coco_report(const CocoScore& score, const CocoIntervals& intervals, const DetectionFit& fit);

/// The same in short, for people.
/// \param object  the name of one.
std::string coco_table(const CocoScore& score, const CocoIntervals& intervals, const std::string& object = "face");

}  // namespace mtcnn
