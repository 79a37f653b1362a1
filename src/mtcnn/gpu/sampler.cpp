#include "mtcnn/gpu/sampler.h"

#include "mtcnn/core/error.h"

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

/// Where target pixels begin and end along one axis.
struct Edges {
  at::Tensor ends;   ///< [N, 2 count]: all beginnings, then all ends, inside the image
  at::Tensor width;  ///< [N, 1]: of the part that a target pixel averages, whether inside or not
};

Edges edges_of(const at::Tensor& low, const at::Tensor& high, int64_t count, int64_t size) {
  const at::Tensor step = ((high - low) / static_cast<double>(count)).unsqueeze(1);
  const at::Tensor centres = low.unsqueeze(1) + (at::arange(count, low.options()) + 0.5) * step;
  const at::Tensor width = step.clamp_min(1);
  const at::Tensor half = width / 2;
  return {at::cat({centres - half, centres + half}, 1).clamp(0, static_cast<double>(size)), width};
}

/// Positions 0..last as grid_sampler counts them, from -1 to 1.
at::Tensor as_grid(const at::Tensor& positions, int64_t last) {
  return positions * (2.0 / static_cast<double>(last)) - 1;
}

}  // namespace

Sampler::Sampler(const at::Tensor& images, const PixelScale& pixels)
    : height_(images.size(1)), width_(images.size(2)), pixels_(pixels) {
  require(images.dim() == 4 && images.size(3) == 3 && images.numel() > 0, "Sampler: [B, H, W, 3] is needed");
  const int64_t count = images.size(0);
  at::Tensor sums = (images.permute({3, 0, 1, 2}).to(at::kDouble) - pixels.border).cumsum(2).cumsum(3);
  sums_ = at::constant_pad_nd(sums, {1, 0, 1, 0}).view({1, 3, count * (height_ + 1), width_ + 1});
}

at::Tensor Sampler::cut(const at::Tensor& boxes, const at::Tensor& images, int64_t height, int64_t width) const {
  const int64_t count = boxes.size(0);
  if (count == 0) return at::empty({0, 3, height, width}, boxes.options().dtype(at::kFloat));
  const Edges x = edges_of(boxes.select(1, 0), boxes.select(1, 2), width, width_);
  const Edges y = edges_of(boxes.select(1, 1), boxes.select(1, 3), height, height_);
  const at::Tensor rows = y.ends + (images * (height_ + 1)).unsqueeze(1);
  const at::Tensor grid =
      at::stack({as_grid(x.ends, width_).unsqueeze(1).expand({count, 2 * height, 2 * width}),
                 as_grid(rows, sums_.size(2) - 1).unsqueeze(2).expand({count, 2 * height, 2 * width})},
                3);
  constexpr int64_t kBilinear = 0;
  constexpr int64_t kRepeatBorder = 1;
  const at::Tensor corners =
      at::grid_sampler_2d(sums_, grid.view({1, count * 2 * height, 2 * width, 2}), kBilinear, kRepeatBorder, true)
          .view({3, count, 2, height, 2, width});
  const at::Tensor strips = corners.select(2, 1) - corners.select(2, 0);  // [3, N, height, 2, width]
  const at::Tensor totals = strips.select(3, 1) - strips.select(3, 0);
  const at::Tensor areas = (x.width * y.width).view({1, count, 1, 1});
  const double offset = (pixels_.border - pixels_.mean) * pixels_.scale;
  return (totals * (pixels_.scale / areas) + offset).to(at::kFloat).transpose(0, 1);
}

}  // namespace mtcnn
