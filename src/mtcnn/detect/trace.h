#pragma once

#include "mtcnn/geometry/face.h"
#include "mtcnn/geometry/pyramid.h"

#include <vector>

/// What happens inside one search, step by step: to explain the cascade and to see why a face is missed.
namespace mtcnn {

/// A window of one image that may hold a face.
struct Window {
  Box box;          ///< image pixels
  float score = 0;  ///< probability in [0, 1]
  float votes = 0;  ///< sum of the logits that led here, weighted by DetectorOptions::pnet_weight and rnet_weight
};

/// One size of the image, as P-Net saw it.
struct LevelTrace {
  Level level;
  std::vector<float> pixels;         ///< [height, width, 3]: the net's input, RGB
  std::vector<float> probabilities;  ///< [rows, columns] of the level, in [0, 1]
  std::vector<Window> windows;       ///< cells that passed and survived suppression within the level; not regressed yet
};

/// What R-Net or O-Net says about one window.
struct Answer {
  Box window;           ///< what it saw, image pixels
  float score = 0;      ///< probability in [0, 1]; at or above the threshold it passes
  Box box;              ///< the window regressed, not squared
  Landmarks landmarks;  ///< image pixels; none for R-Net
};

/// One search from the image to its faces.
struct Trace {
  std::vector<LevelTrace> levels;  ///< largest first; empty where the image is too small
  std::vector<Window> after_pnet;  ///< suppressed across levels, regressed, squared; falling score
  std::vector<Answer> rnet;        ///< for those of after_pnet that touch the image, in their order
  std::vector<Window> after_rnet;  ///< passed, suppressed, regressed, squared; falling score
  std::vector<Answer> onet;        ///< for those of after_rnet that touch the image, in their order
  std::vector<Face> faces;         ///< what Detector::detect() gives
};

}  // namespace mtcnn
