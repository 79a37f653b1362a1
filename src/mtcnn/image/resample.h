#pragma once

#include "mtcnn/geometry/box.h"
#include "mtcnn/image/image.h"

#include <cstddef>

namespace mtcnn {

/// Where resampled pixels go and how their values are changed on the way: (value - mean) * scale, as float32, three
/// channels next to each other, rows `row_stride` floats apart.
struct ResampleTarget {
  float* pixels = nullptr;
  int width = 0;
  int height = 0;
  ptrdiff_t row_stride = 0;
  float mean = 0;
  float scale = 1;
};

/// Resamples `window` of the image to the target's size: the one way in which training crops, inference crops and
/// pyramid levels are made. Along each axis, shrinking averages the source pixels by the area that each target pixel
/// covers; growing is bilinear between pixel centres. Pixels outside the image count as `border` (0..255); they are
/// never squeezed or repeated. The window's edges need not be whole pixels. Single threaded; the result depends on
/// nothing but the arguments.
/// \throws ContractError if the image, the window or the target has no area.
/// Source: area averages are what the public weights were trained for (Piotr Dollár's imResample in the authors' MATLAB
/// code).
void resample(const ImageView& image, const Box& window, float border, const ResampleTarget& target);

}  // namespace mtcnn
