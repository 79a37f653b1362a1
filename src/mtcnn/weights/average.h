#pragma once

#include "mtcnn/weights/weights.h"

#include <span>
#include <string>

namespace mtcnn {

/// One of the nets that are averaged.
struct AveragedNet {
  NetWeights weights;
  double share = 1;  ///< relative to those of the others; at least 0
  std::string name;  ///< in messages
};

/// The weighted mean of nets, parameter by parameter. A finetuned net averaged with the one that it started from often
/// keeps more of what that one knew about images of other origins. A landmark head of P-Net or R-Net that not all
/// have is left out. Metadata that all share stay, and `averaged_from` tells checksum and share of each.
///
/// \param nets  at least one, with shares that do not sum to zero.
/// \throws Error{usage} naming the net that differs from the first: another net, other landmarks, another input.
/// Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
NetWeights average_weights(std::span<const AveragedNet> nets);

/// Adds `raise` to the logit of a face, for every window: the thresholds that people know then pass other windows than
/// before. Training makes a net stricter or laxer.
void raise_face_logit(NetWeights& weights, float raise);

}  // namespace mtcnn
