#pragma once

#include "mtcnn/eval/landmarks.h"
#include "mtcnn/eval/report.h"

namespace mtcnn {

/// The figures of a landmark evaluation and the plot of its cumulative error curves; settings and inputs are the
/// caller's. Keys of the figures: those of LandmarkScore; figures in units of the box's size have no suffix or `_area`,
/// those in units of the distance between the eyes `_eyes`.
EvalReport landmark_report(const LandmarkData& data, const LandmarkScore& score);

/// The same in short, for people.
std::string landmark_table(const LandmarkScore& score);

}  // namespace mtcnn
