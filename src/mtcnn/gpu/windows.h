#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace mtcnn {

/// Windows of B images, N places each, strongest first; those that are not alive are no windows.
struct Windows {
  at::Tensor boxes;   ///< float [B, N, 4], image pixels
  at::Tensor scores;  ///< float [B, N]
  at::Tensor votes;   ///< float [B, N], see Window::votes
  at::Tensor alive;   ///< bool [B, N]
};

/// What the host knows of windows on the device.
struct Counted {
  Windows windows;              ///< those alive come first
  std::vector<int64_t> counts;  ///< alive, of each image
  at::Tensor counts_on_device;  ///< int64 [B]: the same
};

/// Waits until the device has done all that it was given.
void wait_for(c10::Device device);

/// Small tensors of whole numbers in one transfer: where the host waits for the device.
std::vector<int64_t> to_host(const std::vector<at::Tensor>& tensors);

/// Tensors as floats of the same shapes on the host, in one transfer: where the host waits for the device.
std::vector<at::Tensor> floats_to_host(const std::vector<at::Tensor>& tensors);

/// Windows with those alive moved to the front and, for all images, as many places as the fullest image needs.
/// \param counts  alive, of each image.
Counted compacted(const Windows& windows, std::vector<int64_t> counts);

}  // namespace mtcnn
