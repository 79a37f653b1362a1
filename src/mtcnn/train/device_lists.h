#pragma once

#include "mtcnn/train/augment_draws.h"

#include <array>
#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace mtcnn {

/// Lists of integers that a device needs for a batch. A change that only some crops undergo has a list of their rows.
enum class Integers {
  crops,  ///< of each row: the crop's number among those on the device; empty where the crops travel with the batch
  mirrored_rows,
  gamma_rows,
  gamma,  ///< the table's number
  resampled_rows,
  resampling,  ///< the matrix's number: see resampling_number()
  noisy_rows,
  noise_key,
  noise_colours,  ///< 0: the same value for the colours of a pixel; 1: one each
  jpeg_rows,
  jpeg_quality,
  jpeg_shift_x,
  jpeg_shift_y,
  covered_rows,
  cover_left,
  cover_top,
  cover_width,
  cover_height,
  count
};

/// Lists of other numbers.
enum class Reals {
  colours,       ///< of each row: 3 rows of red, green, blue
  colour_shift,  ///< of each row: 3
  noise_scale,
  cover_colour,  ///< 3 each
  offsets,       ///< 4 for each row of the box loss
  landmarks,     ///< 2 for each point of each row of the landmark loss
  count
};

/// The lists on the host.
struct HostLists {
  std::array<std::vector<int64_t>, static_cast<size_t>(Integers::count)> integers;
  std::array<std::vector<float>, static_cast<size_t>(Reals::count)> reals;

  std::vector<int64_t>& operator[](Integers list) { return integers[static_cast<size_t>(list)]; }
  std::vector<float>& operator[](Reals list) { return reals[static_cast<size_t>(list)]; }

  /// Empties all lists.
  void clear();
  /// Adds the next row's changes.
  /// \param crop_size  side in pixels.
  void add_changes(int64_t row, const CropChanges& changes, int crop_size);
};

/// The matrix that changes the resolution to that of `cells` cells a side, 0 = as it is, and then blurs if wanted.
int64_t resampling_number(int cells, bool blur, int crop_size);

/// The same lists in two pieces of host memory, so that they go to a device in two copies.
class PackedLists {
 public:
  PackedLists() = default;
  /// \param device  that they will go to.
  PackedLists(const HostLists& lists, torch::Device device);

  /// On the device; each one-dimensional.
  struct OnDevice {
    std::vector<torch::Tensor> integers;
    std::vector<torch::Tensor> reals;
    const torch::Tensor& operator[](Integers list) const { return integers[static_cast<size_t>(list)]; }
    const torch::Tensor& operator[](Reals list) const { return reals[static_cast<size_t>(list)]; }
  };
  OnDevice to(torch::Device device) const;

 private:
  /// Lists one after the other.
  struct Packed {
    torch::Tensor values;
    std::vector<int64_t> sizes;
  };
  template <class Number, size_t kLists>
  static Packed pack(const std::array<std::vector<Number>, kLists>& lists, torch::Dtype type, torch::Device device);

  Packed integers_;
  Packed reals_;
};

/// Memory of the host from which copies to the device need not wait: pinned, where the device is not the CPU.
torch::Tensor host_tensor(torch::IntArrayRef shape, torch::Dtype type, torch::Device device);

}  // namespace mtcnn
