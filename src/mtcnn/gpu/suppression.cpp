#include "mtcnn/gpu/suppression.h"

#include "mtcnn/core/error.h"
#include "mtcnn/gpu/boxes.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace mtcnn {

Suppression suppress(const at::Tensor& boxes, const at::Tensor& alive, const at::Tensor& groups, double threshold,
                     Overlap overlap, int64_t rounds) {
  require(threshold >= 0 && threshold <= 1 && rounds >= 1, "suppress: a threshold in [0, 1] and a round are needed");
  const int64_t count = boxes.size(1);
  // Which of [first, last) would suppress which of [begin, end): float 0 or 1.
  const auto hits = [&](int64_t first, int64_t last, int64_t begin, int64_t end) {
    at::Tensor found = overlaps(boxes.slice(1, first, last), boxes.slice(1, begin, end), overlap) > threshold;
    if (groups.defined())
      found = found.logical_and(groups.slice(1, first, last).unsqueeze(2) == groups.slice(1, begin, end).unsqueeze(1));
    return found.to(at::kFloat);
  };
  const auto hit_by = [](const at::Tensor& staying, const at::Tensor& pairs) {  // sums of ones are exact
    return at::matmul(staying.to(at::kFloat).unsqueeze(1), pairs).squeeze(1) > 0;
  };
  at::Tensor kept = alive.clone();
  at::Tensor settled = at::ones({}, alive.options());
  const int64_t block = rows_at_once(boxes);
  for (int64_t begin = 0; begin < count; begin += block) {
    const int64_t end = std::min(count, begin + block);
    at::Tensor open = kept.slice(1, begin, end);
    if (begin > 0) open = open.logical_and(hit_by(kept.slice(1, 0, begin), hits(0, begin, begin, end)).logical_not());
    const at::Tensor inside = hits(begin, end, begin, end).triu(1);
    at::Tensor last = open;
    at::Tensor now = open;
    for (int64_t round = 0; round < std::min(rounds, end - begin); ++round) {
      last = now;
      now = open.logical_and(hit_by(now, inside).logical_not());
    }
    if (rounds < end - begin) settled = settled.logical_and((now == last).all());
    kept.slice(1, begin, end).copy_(now);
  }
  return {kept, settled};
}

}  // namespace mtcnn
