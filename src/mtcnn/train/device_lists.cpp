#include "mtcnn/train/device_lists.h"

#include "mtcnn/train/degrade.h"

#include <algorithm>

namespace mtcnn {
torch::Tensor host_tensor(torch::IntArrayRef shape, torch::Dtype type, torch::Device device) {
  return torch::empty(shape, torch::TensorOptions().dtype(type).pinned_memory(!device.is_cpu()));
}

int64_t resampling_number(int cells, bool blur, int crop_size) { return cells + (blur ? crop_size + 1 : 0); }

void HostLists::clear() {
  for (auto& list : integers) list.clear();
  for (auto& list : reals) list.clear();
}

void HostLists::add_changes(int64_t row, const CropChanges& changes, int crop_size) {
  HostLists& lists = *this;
  for (const std::array<float, 4>& colour : changes.colours) {
    lists[Reals::colours].insert(lists[Reals::colours].end(), colour.begin(), colour.begin() + 3);
    lists[Reals::colour_shift].push_back(colour[3]);
  }
  if (changes.mirror) lists[Integers::mirrored_rows].push_back(row);
  if (changes.gamma) {
    lists[Integers::gamma_rows].push_back(row);
    lists[Integers::gamma].push_back(static_cast<int64_t>(*changes.gamma));
  }
  if (changes.scale || changes.blur) {
    const int cells = changes.scale ? lowered_side(*changes.scale, crop_size) : 0;
    lists[Integers::resampled_rows].push_back(row);
    lists[Integers::resampling].push_back(resampling_number(cells, changes.blur, crop_size));
  }
  if (changes.noise) {
    RandomStream random = changes.noise->random;
    lists[Integers::noisy_rows].push_back(row);
    lists[Integers::noise_key].push_back(static_cast<int64_t>(random.next()));
    lists[Integers::noise_colours].push_back(changes.noise->grey ? 0 : 1);
    lists[Reals::noise_scale].push_back(changes.noise->scale);
  }
  if (changes.jpeg) {
    lists[Integers::jpeg_rows].push_back(row);
    lists[Integers::jpeg_quality].push_back(changes.jpeg->quality);
    lists[Integers::jpeg_shift_x].push_back(changes.jpeg->shift_x);
    lists[Integers::jpeg_shift_y].push_back(changes.jpeg->shift_y);
  }
  if (changes.cover) {
    lists[Integers::covered_rows].push_back(row);
    lists[Integers::cover_left].push_back(changes.cover->left);
    lists[Integers::cover_top].push_back(changes.cover->top);
    lists[Integers::cover_width].push_back(changes.cover->width);
    lists[Integers::cover_height].push_back(changes.cover->height);
    const auto& colour = changes.cover->colour;
    lists[Reals::cover_colour].insert(lists[Reals::cover_colour].end(), colour.begin(), colour.end());
  }
}

template <class Number, size_t kLists>
PackedLists::Packed PackedLists::pack(const std::array<std::vector<Number>, kLists>& lists, torch::Dtype type,
                                      torch::Device device) {
  Packed packed;
  int64_t total = 0;
  for (const std::vector<Number>& list : lists) {
    packed.sizes.push_back(static_cast<int64_t>(list.size()));
    total += packed.sizes.back();
  }
  packed.values = host_tensor({total}, type, device);
  auto* next = packed.values.template mutable_data_ptr<Number>();
  for (const std::vector<Number>& list : lists) next = std::copy(list.begin(), list.end(), next);
  return packed;
}

PackedLists::PackedLists(const HostLists& lists, torch::Device device)
    : integers_(pack(lists.integers, torch::kLong, device)), reals_(pack(lists.reals, torch::kFloat, device)) {}

PackedLists::OnDevice PackedLists::to(torch::Device device) const {
  const auto copied = [&](const Packed& packed) {
    return packed.values.to(device, /*non_blocking=*/true).split_with_sizes(packed.sizes);
  };
  return {copied(integers_), copied(reals_)};
}

}  // namespace mtcnn
