#pragma once

#include "mtcnn/data/shard.h"
#include "mtcnn/image/image.h"

#include <array>
#include <vector>

#include "data_prep/sampler.h"

namespace mtcnn {

/// What lies outside a picture looks like in crops.
inline constexpr float kCropBorder = 127.5F;

/// Cuts planned crops out of pictures and keeps them by kind.
class CropCutter {
 public:
  /// \param size  side of a crop in pixels.
  explicit CropCutter(int size);

  /// Resamples as inference does, then rounds to 8 bits.
  /// \param source  the picture's row in sources.jsonl.
  void add(const ImageView& image, const PlannedCrop& planned, int32_t source);

  /// In the order of kCropKinds; some may be empty.
  const std::array<Crops, kCropKinds.size()>& crops() const { return crops_; }

 private:
  int size_;
  std::array<Crops, kCropKinds.size()> crops_;
  std::vector<float> pixels_;  ///< one crop, channels next to each other
};

}  // namespace mtcnn
