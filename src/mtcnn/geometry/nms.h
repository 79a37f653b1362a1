#pragma once

#include "mtcnn/geometry/box.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mtcnn {

/// What an overlap is relative to.
enum class Overlap {
  union_area,    ///< intersection over union
  smaller_area,  ///< intersection over the smaller area
};

/// Greedy non-maximum suppression: keeps the strongest boxes and drops those that overlap one already kept. Near-linear
/// for union_area on boxes of mixed sizes (kept boxes lie in a grid by size and place); quadratic for smaller_area.
/// \param boxes  N candidates; image pixels, half-open. Boxes without area are kept (they overlap nothing).
/// \param scores  N finite scores.
/// \param threshold  overlap above which the weaker box goes; in [0, 1].
/// \return indices into `boxes`, falling score, ties in input order; empty in, empty out.
/// \throws ContractError if `threshold` is outside [0, 1] or sizes differ.
/// Source: Zhang et al. 2016, sec. II-A.
std::vector<int32_t> nms(std::span<const Box> boxes, std::span<const float> scores, float threshold, Overlap overlap);

/// Calls visit(m, n) for each box n that overlaps chosen[m] by an IoU of `least` or more: the windows that agree on it.
/// \param boxes   N; boxes without area overlap nothing.
/// \param chosen  M boxes, of which those in `boxes` meet themselves.
/// \param least   in (0, 1].
/// \param visit   called by rising m, for each in the order of `boxes` by their left edge; near-linear for boxes small
///                against their spread.
/// \throws ContractError if `least` is outside (0, 1].
void visit_overlapping(std::span<const Box> boxes, std::span<const Box> chosen, float least,
                       const std::function<void(size_t m, size_t n)>& visit);

}  // namespace mtcnn
