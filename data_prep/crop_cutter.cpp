#include "data_prep/crop_cutter.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"
#include "mtcnn/image/resample_turned.h"

#include <algorithm>

namespace mtcnn {
namespace {

constexpr size_t kChannels = 3;

/// [S, S, 3] floats to [3, S, S] bytes.
MTCNN_SIMD_CLONES
void store_planar(const float* pixels, int size, bool mirrored, uint8_t* out) {
  const ptrdiff_t area = static_cast<ptrdiff_t>(size) * size;
  for (int y = 0; y < size; ++y) {
    const float* row = pixels + static_cast<ptrdiff_t>(y) * size * 3;
    for (int x = 0; x < size; ++x) {
      const float* pixel = row + static_cast<ptrdiff_t>(3) * (mirrored ? size - 1 - x : x);
      uint8_t* target = out + static_cast<ptrdiff_t>(y) * size + x;
      for (int c = 0; c < 3; ++c) target[c * area] = static_cast<uint8_t>(std::clamp(pixel[c] + 0.5F, 0.0F, 255.0F));
    }
  }
}

}  // namespace

CropCutter::CropCutter(int size) : size_(size) {
  require(size > 0, "CropCutter: size must be positive");
  pixels_.resize(kChannels * static_cast<size_t>(size) * static_cast<size_t>(size));
  for (const CropKind kind : kCropKinds) {
    crops_[static_cast<size_t>(kind)].kind = kind;
    crops_[static_cast<size_t>(kind)].size = size;
  }
}

void CropCutter::add(const ImageView& image, const PlannedCrop& planned, int32_t source) {
  const CropLabel& label = planned.label;
  resample_turned(image, label.window, label.turn, kCropBorder,
                  {.pixels = pixels_.data(), .width = size_, .height = size_, .row_stride = ptrdiff_t{3} * size_});
  Crops& crops = crops_[static_cast<size_t>(planned.kind)];
  const size_t begin = crops.pixels.size();
  crops.pixels.resize(begin + pixels_.size());
  store_planar(pixels_.data(), size_, label.mirrored, crops.pixels.data() + begin);
  crops.labels.push_back(label);
  crops.labels.back().source = source;
}

}  // namespace mtcnn
