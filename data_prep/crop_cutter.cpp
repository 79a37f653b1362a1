#include "data_prep/crop_cutter.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"
#include "mtcnn/detect/cascade_policy.h"
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

/// What the net is shown of a window.
Box shown_window(const CropLabel& label, const InputOptions& input) {
  const Box& window = label.window;
  const float lead = input.crop_lead;
  if (label.turn == 0 || lead == 0) return crop_of(window, input, label.mirrored);
  // The image is turned about this larger window's centre, which lies off the window's own as the net sees it.
  const Point off = turned({label.mirrored ? lead / 2 : -lead / 2, -lead / 2}, {}, -label.turn);
  const float cx = (window.x1 + window.x2) / 2 + off.x;
  const float cy = (window.y1 + window.y2) / 2 + off.y;
  const float half = (window.width() * (1 + 2 * input.crop_margin) + lead) / 2;
  return {cx - half, cy - half, cx + half, cy + half};
}

}  // namespace

CropCutter::CropCutter(int size, const InputOptions& input) : size_(size), input_(input) {
  require(size > 0, "CropCutter: size must be positive");
  pixels_.resize(kChannels * static_cast<size_t>(size) * static_cast<size_t>(size));
  for (const CropKind kind : kCropKinds) {
    crops_[static_cast<size_t>(kind)].kind = kind;
    crops_[static_cast<size_t>(kind)].size = size;
  }
}

void CropCutter::add(const ImageView& image, const PlannedCrop& planned, int32_t source) {
  const CropLabel& label = planned.label;
  resample_turned(image, shown_window(label, input_), label.turn, input_.border,
                  {.pixels = pixels_.data(), .width = size_, .height = size_, .row_stride = ptrdiff_t{3} * size_});
  Crops& crops = crops_[static_cast<size_t>(planned.kind)];
  const size_t begin = crops.pixels.size();
  crops.pixels.resize(begin + pixels_.size());
  store_planar(pixels_.data(), size_, label.mirrored, crops.pixels.data() + begin);
  crops.labels.push_back(label);
  crops.labels.back().source = source;
  for (float& target : crops.labels.back().landmarks) target -= input_.landmark_shift / label.window.width();
}

}  // namespace mtcnn
