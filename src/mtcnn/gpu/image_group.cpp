#include "mtcnn/gpu/image_group.h"

#include <cstring>
#include <map>
#include <utility>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

constexpr int64_t kGroupPixels = int64_t{8} << 20;  ///< images searched together: bounds the device's memory
constexpr size_t kMostImages = 32;

/// uint8 [B, H, W, 3] on the device.
at::Tensor uploaded(std::span<const ImageView> images, c10::Device device) {
  const ImageView& first = images.front();
  at::Tensor pixels = at::empty({static_cast<int64_t>(images.size()), first.height, first.width, 3}, at::kByte);
  auto* to = pixels.mutable_data_ptr<uint8_t>();
  const auto row_bytes = static_cast<size_t>(first.width) * 3;
  for (const ImageView& image : images) {
    for (int y = 0; y < image.height; ++y, to += row_bytes) std::memcpy(to, image.row(y), row_bytes);
  }
  return pixels.to(device);
}

/// The same of images that are there.
at::Tensor joined(std::span<const ImageView> images, c10::Device device) {
  std::vector<at::Tensor> views;
  for (const ImageView& image : images) {
    // from_blob has no const form; nothing writes here.
    views.push_back(at::from_blob(const_cast<uint8_t*>(image.pixels), {image.height, image.width, 3},
                                  {static_cast<int64_t>(image.stride), 3, 1},
                                  at::TensorOptions(device).dtype(at::kByte)));
  }
  return views.size() == 1 ? views.front().unsqueeze(0) : at::stack(views);
}

/// A sampler for each net; nets that want pixels alike share one.
std::array<std::shared_ptr<const Sampler>, 3> samplers_for(const at::Tensor& pixels, const NetInputs& inputs) {
  std::array<std::shared_ptr<const Sampler>, 3> samplers;
  for (size_t net = 0; net < samplers.size(); ++net) {
    const InputOptions& input = inputs[net];
    for (size_t other = 0; other < net && !samplers[net]; ++other) {
      const InputOptions& has = inputs[other];
      if (has.mean == input.mean && has.scale == input.scale && has.border == input.border)
        samplers[net] = samplers[other];
    }
    if (!samplers[net])
      samplers[net] = std::make_shared<const Sampler>(pixels, PixelScale{input.mean, input.scale, input.border});
  }
  return samplers;
}

}  // namespace

std::vector<std::vector<size_t>> groups_by_size(std::span<const ImageView> images) {
  std::map<std::pair<int, int>, std::vector<size_t>> open;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < images.size(); ++i) {
    const ImageView& image = images[i];
    if (image.empty()) continue;
    std::vector<size_t>& group = open[{image.width, image.height}];
    group.push_back(i);
    const int64_t pixels = static_cast<int64_t>(image.width) * image.height * static_cast<int64_t>(group.size() + 1);
    if (group.size() == kMostImages || pixels > kGroupPixels) groups.push_back(std::exchange(group, {}));
  }
  for (auto& [size, group] : open) {
    if (!group.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

ImageGroup::ImageGroup(std::span<const ImageView> images, PixelPlace place, const NetInputs& inputs, c10::Device device)
    : count_(static_cast<int64_t>(images.size())),
      height_(images.front().height),
      width_(images.front().width),
      samplers_(samplers_for(place == PixelPlace::host ? uploaded(images, device) : joined(images, device), inputs)) {}

}  // namespace mtcnn
