#pragma once

#include "mtcnn/core/options.h"

#include <array>

namespace mtcnn {

/// Pyramids with a factor of this and more are refused: 0.98 gives an image of 65,500 pixels some 550 levels, .999 more
/// than 11,000.
inline constexpr double kLargestFactor = 0.98;

/// How O-Net's outputs become a face's confidence, box and landmarks. Chosen with the weights: part of a model folder.
struct ConfidenceOptions {
  bool plain = false;       ///< O-Net's strongest window alone, as in the paper: what follows counts as 0
  float pnet_weight = 0;    ///< of P-Net's logit in a face's confidence, where O-Net's weight is 1; see the table
  float rnet_weight = 0;    ///< of R-Net's logit, likewise
  float support = 0;        ///< how much windows that agree raise a face's confidence; see the table
  float box_voting = 0;     ///< IoU of the windows whose mean a face is; 0 = the strongest alone; see the table
  float mirror_weight = 0;  ///< of a second, mirrored evaluation of each face; 0 = none; see the table
};

/// The group as the cascade counts it: zeros where it is plain.
ConfidenceOptions counted(const ConfidenceOptions& options);

/// How the computer works, not what is looked for.
struct EngineOptions {
  bool screen = true;       ///< look with 8-bit arithmetic first, where the CPU has it; see the table
  bool fixed_point = true;  ///< R-Net and O-Net multiply 16-bit numbers, where that saves time; see the table
  bool half = false;        ///< on a GPU: run the nets in half precision; see the table
  int max_windows = 65536;  ///< the strongest windows kept per level, and per image after P-Net
};

/// How the cascade searches: what users set, then the two groups that few touch. Defaults are the paper's; those of a
/// model are in its folder.
struct DetectorOptions {
  float min_face = 20;                                   ///< pixels; the smallest face looked for
  float max_face = 0;                                    ///< pixels; the largest, 0 = as large as the image
  float factor = 0.709F;                                 ///< size of a pyramid level relative to the one before
  std::array<float, 3> thresholds = {0.6F, 0.7F, 0.7F};  ///< probability to pass P-Net, R-Net, O-Net
  float nms_level = 0.5F;                                ///< IoU above which the weaker window of one level goes
  float nms_levels = 0.7F;                               ///< the same across levels
  float nms_rnet = 0.7F;                                 ///< the same after R-Net
  float nms_onet = 0.7F;                                 ///< intersection over the smaller area, after O-Net
  float padding = 0;        ///< also search this far beyond the image's edges, relative to its shorter side
  int max_side = 0;         ///< pixels; a longer image is searched as if shrunk to it; 0 = never
  int rotate = 0;           ///< degrees; the image is also searched turned by all multiples: 90 or 45; 0 = upright only
  float rotate_margin = 2;  ///< by which the logit of a turned face's confidence is lowered; see the table
  bool clip = false;        ///< cut boxes at the image's border
  ConfidenceOptions confidence;
  EngineOptions engine;
};

/// Names, ranges and help of the fields, as in docs/configuration.md.
const OptionTable<DetectorOptions>& detector_option_table();

}  // namespace mtcnn
