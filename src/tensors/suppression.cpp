#include "mtcnn/tensors/suppression.h"

#include "mtcnn/core/error.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

at::Tensor areas_of(const at::Tensor& boxes) {
  return (boxes.select(2, 2) - boxes.select(2, 0)).clamp_min(0) *
         (boxes.select(2, 3) - boxes.select(2, 1)).clamp_min(0);
}

/// Common length along one axis of each pair.
at::Tensor common(const at::Tensor& a, const at::Tensor& b, int64_t axis) {
  const at::Tensor low = at::maximum(a.select(2, axis).unsqueeze(2), b.select(2, axis).unsqueeze(1));
  const at::Tensor high = at::minimum(a.select(2, axis + 2).unsqueeze(2), b.select(2, axis + 2).unsqueeze(1));
  return (high - low).clamp_min(0);
}

}  // namespace

at::Tensor overlaps(const at::Tensor& a, const at::Tensor& b, Overlap overlap) {
  const at::Tensor both = common(a, b, 0) * common(a, b, 1);
  const at::Tensor area_a = areas_of(a).unsqueeze(2);
  const at::Tensor area_b = areas_of(b).unsqueeze(1);
  const at::Tensor whole = overlap == Overlap::union_area ? area_a + area_b - both : at::minimum(area_a, area_b);
  return at::where(both > 0, both / whole, at::zeros({}, both.options()));
}

int64_t rows_at_once(const at::Tensor& boxes) {
  constexpr int64_t kPairs = int64_t{1} << 22;
  return std::clamp<int64_t>(kPairs / std::max<int64_t>(1, boxes.size(0) * boxes.size(1)), 32, 4096);
}

Suppression suppress(const at::Tensor& boxes, const at::Tensor& alive, const at::Tensor& groups, double threshold,
                     Overlap overlap, int64_t rounds) {
  require(threshold >= 0 && threshold <= 1 && rounds >= 1, "suppress: a threshold in [0, 1] and a round are needed");
  const int64_t count = boxes.size(1);
  /// Which boxes of [0, end) suppress which of [begin, end) if they stay: float 0 or 1.
  const auto pairs = [&](int64_t begin, int64_t from, int64_t to, int64_t end) {
    at::Tensor hits = overlaps(boxes.slice(1, from, to), boxes.slice(1, begin, end), overlap) > threshold;
    if (groups.defined())
      hits = hits.logical_and(groups.slice(1, from, to).unsqueeze(2) == groups.slice(1, begin, end).unsqueeze(1));
    return hits;
  };
  const auto hit_by = [](const at::Tensor& kept, const at::Tensor& hits) {  // sums of ones are exact
    return at::matmul(kept.to(at::kFloat).unsqueeze(1), hits.to(at::kFloat)).squeeze(1) > 0;
  };
  at::Tensor kept = alive.clone();
  at::Tensor settled = at::ones({}, alive.options());
  const int64_t block = rows_at_once(boxes);
  for (int64_t begin = 0; begin < count; begin += block) {
    const int64_t end = std::min(count, begin + block);
    at::Tensor open = kept.slice(1, begin, end);
    if (begin > 0) open = open.logical_and(hit_by(kept.slice(1, 0, begin), pairs(begin, 0, begin, end)).logical_not());
    const at::Tensor inside = pairs(begin, begin, end, end).to(at::kFloat).triu(1);
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
