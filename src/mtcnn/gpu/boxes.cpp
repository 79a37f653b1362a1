#include "mtcnn/gpu/boxes.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

/// Common length along one axis of each pair.
at::Tensor common(const at::Tensor& a, const at::Tensor& b, int64_t axis) {
  const at::Tensor low = at::maximum(a.select(2, axis).unsqueeze(2), b.select(2, axis).unsqueeze(1));
  const at::Tensor high = at::minimum(a.select(2, axis + 2).unsqueeze(2), b.select(2, axis + 2).unsqueeze(1));
  return (high - low).clamp_min(0);
}

}  // namespace

at::Tensor at_places(const at::Tensor& items, const at::Tensor& places) {
  if (items.dim() == 2) return items.gather(1, places);
  return items.gather(1, places.unsqueeze(2).expand({places.size(0), places.size(1), items.size(2)}));
}

at::Tensor strongest_first(const at::Tensor& keys) {
  return std::get<1>(keys.sort(/*stable=*/true, /*dim=*/1, /*descending=*/true));
}

at::Tensor regressed(const at::Tensor& boxes, const at::Tensor& offsets) {
  const at::Tensor sizes = boxes.slice(2, 2, 4) - boxes.slice(2, 0, 2);
  return boxes + offsets * at::cat({sizes, sizes}, 2);
}

at::Tensor squared(const at::Tensor& boxes) {
  const at::Tensor low = boxes.slice(2, 0, 2);
  const at::Tensor high = boxes.slice(2, 2, 4);
  const at::Tensor centre = (low + high) / 2;
  const at::Tensor half = (high - low).amax(2, true) / 2;
  return at::cat({centre - half, centre + half}, 2);
}

at::Tensor areas_of(const at::Tensor& boxes) {
  return (boxes.select(2, 2) - boxes.select(2, 0)).clamp_min(0) *
         (boxes.select(2, 3) - boxes.select(2, 1)).clamp_min(0);
}

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

}  // namespace mtcnn
