#pragma once

#include "mtcnn/data/shard.h"
#include "mtcnn/image/image.h"
#include "mtcnn/weights/input.h"

#include <array>
#include <vector>

#include "data_prep/sampler.h"

namespace mtcnn {

/// Cuts planned crops out of images and keeps them by kind.
class CropCutter {
 public:
  /// \param size   side of a crop in pixels.
  /// \param input  what the net's crops are like: its border, lead and landmark shift count here.
  explicit CropCutter(int size, const InputOptions& input = {});

  /// Resamples as inference does, then rounds to 8 bits.
  /// \param source  the image's row in sources.jsonl.
  void add(const ImageView& image, const PlannedCrop& planned, int32_t source);

  /// In the order of kCropKinds; some may be empty.
  const std::array<Crops, kCropKinds.size()>& crops() const { return crops_; }

 private:
  int size_;
  InputOptions input_;
  std::array<Crops, kCropKinds.size()> crops_;
  std::vector<float> pixels_;  ///< one crop, channels next to each other
};

}  // namespace mtcnn
