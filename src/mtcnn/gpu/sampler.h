#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// What a net is given for a pixel: (value - mean) * scale, and `border` for pixels outside the image.
struct PixelScale {
  double mean = 127.5;
  double scale = 1 / 128.0;
  double border = 127.5;  ///< 0..255
};

/// Images of one size on a device, from which any number of windows is cut in one go. It holds their summed-area
/// table, so that a target pixel costs the same whatever it covers. What it gives is what image/resample.h gives, up to
/// float rounding: the average over the image's part that a target pixel covers, but over a part one pixel wide where
/// it covers less, which is bilinear interpolation between pixel centres.
class Sampler {
 public:
  /// \param images  uint8 [B, H, W, 3], B, H and W at least 1. Costs 24 bytes a pixel on their device.
  Sampler(const at::Tensor& images, const PixelScale& pixels);

  /// \param boxes     float64 [N, 4], x1 y1 x2 y2 in image pixels, finite and with area; they may leave the image.
  /// \param images  int64 [N]: which image each box is of.
  /// \return float32 [N, 3, height, width]; N may be 0.
  at::Tensor cut(const at::Tensor& boxes, const at::Tensor& images, int64_t height, int64_t width) const;

 private:
  int64_t height_;
  int64_t width_;
  PixelScale pixels_;
  at::Tensor sums_;  ///< float64 [1, 3, B (H + 1), W + 1] of the pixels less the border: what is outside adds nothing
};

}  // namespace mtcnn
