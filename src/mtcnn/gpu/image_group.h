#pragma once

#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/gpu/sampler.h"
#include "mtcnn/image/image.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// Where the pixels of an ImageView lie: in the host's memory or in the device's.
enum class PixelPlace { host, device };

/// Indices of images of one size that are searched together; empty images are in no group.
std::vector<std::vector<size_t>> groups_by_size(std::span<const ImageView> images);

/// Images of one size on the device, as each of the nets wants their pixels.
class ImageGroup {
 public:
  /// \param images  at least one, all of one size.
  ImageGroup(std::span<const ImageView> images, PixelPlace place, const NetInputs& inputs, c10::Device device);

  int64_t count() const { return count_; }
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  const Sampler& sampler(NetKind net) const { return *samplers_[static_cast<size_t>(net)]; }

 private:
  int64_t count_;
  int64_t height_;
  int64_t width_;
  std::array<std::shared_ptr<const Sampler>, 3> samplers_;
};

}  // namespace mtcnn
