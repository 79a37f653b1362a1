#pragma once

#include "mtcnn/geometry/box.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/options.h"
#include "mtcnn/weights/input.h"
#include "mtcnn/weights/weights.h"

#include <array>
#include <span>

/// \file
/// What the cascades on the CPU and on a GPU must agree on. Templates take floats and tensors of them.
namespace mtcnn {

/// The IoU from which another window agrees on a face, for ConfidenceOptions::support.
inline constexpr float kAgreement = 0.5F;

/// What the crops of P-Net, R-Net and O-Net are like.
using NetInputs = std::array<InputOptions, 3>;

/// \throws Error{bad_format} where a net's metadata cannot be understood.
NetInputs inputs_of(std::span<const NetWeights, 3> nets);

/// The probability that a logit stands for, and back. probability_to_logit(0) and (1) are infinite.
float logit_to_probability(float logit);
float probability_to_logit(float probability);

/// Whether a probability, or a logit, passes.
template <class Value, class Threshold>
auto passes(const Value& value, Threshold threshold) {
  return value >= threshold;
}

/// What is added to the edges of a window of no margin to get what a net sees of it, pixels.
/// \param mirrored  the net sees the window's mirror image: the lead is then on the right.
constexpr Box crop_leads(float lead, bool mirrored) { return {mirrored ? 0 : -lead, -lead, mirrored ? lead : 0, 0}; }

/// What a net sees of a square window.
inline Box crop_of(const Box& window, const InputOptions& input, bool mirrored) {
  const Box leads = crop_leads(input.crop_lead, mirrored);
  const float margin = input.crop_margin * window.width();
  return {window.x1 - margin + leads.x1, window.y1 - margin + leads.y1, window.x2 + margin + leads.x2,
          window.y2 + margin + leads.y2};
}

/// Whether a net can be run on windows of finite area: at least one pixel, and touching their image.
template <class Value, class Size>
auto touches_picture(const Value& x1, const Value& y1, const Value& x2, const Value& y2, const Value& area, Size width,
                     Size height) {
  return (area >= 1) & (x1 < width) & (x2 > 0) & (y1 < height) & (y2 > 0);
}

/// A window that a net can be run on: finite, with area, and touching its image.
bool is_croppable(const Box& box, const ImageView& image);

/// The votes of P-Net for a window.
template <class Value>
Value pnet_votes(const DetectorOptions& options, const Value& logit) {
  return options.confidence.pnet_weight * logit;
}

/// P-Net's votes with R-Net's.
template <class Value>
Value rnet_votes(const DetectorOptions& options, const Value& votes, const Value& logit) {
  return votes + options.confidence.rnet_weight * logit;
}

/// The summed weights of the three nets' first answers in a face's confidence; O-Net's is 1.
inline float summed_votes(const DetectorOptions& options) {
  return 1 + options.confidence.pnet_weight + options.confidence.rnet_weight;
}

/// The logit of a face's confidence from the votes so far and O-Net's logit.
template <class Value>
Value face_logit(const DetectorOptions& options, const Value& votes, const Value& logit) {
  const float total = summed_votes(options);
  return total > 1 ? (votes + logit) / total : logit;
}

/// A coordinate of a landmark from its target, which is relative to the window.
template <class Value>
Value landmark_at(const Value& decoded, const InputOptions& input) {
  return decoded + input.landmark_shift;
}

}  // namespace mtcnn
