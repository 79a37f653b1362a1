#include "mtcnn/gpu/agreement.h"

#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/gpu/boxes.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

/// For each of `boxes` [B, M, 4], the sum of `values` [B, N, k] over those of `all` [B, N, 4] that overlap it by an IoU
/// of `least`, weighted by `weights` [B, N]: float [B, M, k].
at::Tensor sums_of_agreeing(const at::Tensor& boxes, const at::Tensor& all, const at::Tensor& weights,
                            const at::Tensor& values, double least) {
  std::vector<at::Tensor> sums;
  const int64_t rows = rows_at_once(boxes);
  for (int64_t begin = 0; begin < boxes.size(1); begin += rows) {
    const at::Tensor some = boxes.slice(1, begin, std::min(boxes.size(1), begin + rows));
    const at::Tensor agree = (overlaps(some, all, Overlap::union_area) >= least).to(at::kFloat) * weights.unsqueeze(1);
    sums.push_back(at::matmul(agree, values));
  }
  return at::cat(sums, 1);
}

}  // namespace

at::Tensor means_of_agreeing(const at::Tensor& boxes, const at::Tensor& weights, const at::Tensor& shapes,
                             double least) {
  const at::Tensor with_one = at::cat({at::ones_like(shapes.slice(2, 0, 1)), shapes}, 2);
  const at::Tensor sums = sums_of_agreeing(boxes, boxes, weights, with_one, least);
  const at::Tensor total = sums.slice(2, 0, 1);
  return at::where(total > 0, sums.slice(2, 1) / total, shapes);
}

at::Tensor agreement_on(const at::Tensor& faces, const at::Tensor& boxes, const at::Tensor& weights,
                        const at::Tensor& confidences) {
  const at::Tensor ones = at::ones_like(boxes.slice(2, 0, 1));
  const at::Tensor sums = sums_of_agreeing(faces.contiguous(), boxes, weights, ones, kAgreement).squeeze(2);
  return (sums - confidences).clamp_min(0);
}

}  // namespace mtcnn
