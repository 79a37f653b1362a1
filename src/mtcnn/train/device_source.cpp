#include "mtcnn/train/device_source.h"

#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/ahead.h"
#include "mtcnn/train/augment.h"
#include "mtcnn/train/device_augment.h"
#include "mtcnn/train/device_lists.h"
#include "mtcnn/train/device_memory.h"
#include "mtcnn/train/loader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mtcnn {
namespace {

using torch::Tensor;

int64_t crop_bytes(const CropSet& crops) { return int64_t{3} * crops.crop_size() * crops.crop_size(); }

int64_t total_of(const CropSet& crops) {
  int64_t total = 0;
  for (const CropKind kind : kCropKinds) total += crops.count(kind);
  return total;
}

/// Number of the first crop of each kind, where all kinds lie one after the other.
std::array<int64_t, kCropKinds.size()> first_numbers(const CropSet& crops) {
  std::array<int64_t, kCropKinds.size()> first{};
  int64_t next = 0;
  for (const CropKind kind : kCropKinds)
    first[static_cast<size_t>(kind)] = std::exchange(next, next + crops.count(kind));
  return first;
}

/// Copies crops [first, first + count) of a kind into rows of bytes.
void copy_pixels(const CropSet& crops, SampleId first, int64_t count, uint8_t* out) {
  for (SampleId id = first; id.index < first.index + count; ++id.index) {
    const CropSet::Crop crop = crops.at(id);
    const std::span<const uint8_t> pixels = crop.shard->pixels(crop.row);
    out = std::copy(pixels.begin(), pixels.end(), out);
  }
}

/// All crops, uint8 [N, 3, S, S], kind after kind; undefined where they would take too much of the device's memory.
Tensor crops_on_device(const CropSet& crops, torch::Device device, double share) {
  const int64_t size = crops.crop_size();
  const auto bytes = static_cast<double>(total_of(crops) * crop_bytes(crops));
  if (bytes > share * static_cast<double>(device_memory(device))) return {};
  Tensor all;
  try {
    all = torch::empty({total_of(crops), 3, size, size}, torch::TensorOptions().dtype(torch::kByte).device(device));
  } catch (const c10::OutOfMemoryError&) {
    log::warning("the device has not enough free memory for the crops: they stay in the host's");
    return {};
  }
  const int64_t together = std::max<int64_t>(1, (int64_t{64} << 20) / crop_bytes(crops));
  int64_t row = 0;
  for (const CropKind kind : kCropKinds) {
    for (int64_t first = 0; first < crops.count(kind); first += together) {
      const int64_t count = std::min(together, crops.count(kind) - first);
      const Tensor part = host_tensor({count, 3, size, size}, torch::kByte, device);
      copy_pixels(crops, {kind, first}, count, part.mutable_data_ptr<uint8_t>());
      all.narrow(0, row, count).copy_(part, /*non_blocking=*/true);
      row += count;
      release_much_mapped(crops);
    }
  }
  crops.release_pages();
  return all;
}

/// What the host prepares of a batch.
struct HostBatch {
  PackedLists lists;
  Tensor pixels;  ///< uint8 [N, 3, S, S]; undefined where the crops are on the device
  std::vector<SampleId> samples;
};

/// Prepares batches in one thread.
class Preparer {
 public:
  Preparer(const CropSet& crops, const AugmentOptions& options, BatchOrder& order, torch::Device device,
           bool with_pixels)
      : crops_(crops),
        options_(options),
        order_(order),
        device_(device),
        with_pixels_(with_pixels),
        first_(first_numbers(crops)) {}

  void operator()(int64_t step, HostBatch& batch) {
    std::vector<BatchOrder::Row> rows = order_.rows(step);
    const auto count = static_cast<int64_t>(rows.size());
    if (with_pixels_)
      batch.pixels = host_tensor({count, 3, crops_.crop_size(), crops_.crop_size()}, torch::kByte, device_);
    batch.samples.clear();
    lists_.clear();
    for (int64_t row = 0; row < count; ++row) {
      BatchOrder::Row& drawn = rows[static_cast<size_t>(row)];
      const CropChanges changes = draw_changes(options_, crops_.crop_size(), drawn.random);
      lists_.add_changes(row, changes, crops_.crop_size());
      add_label(row, drawn.id, changes.mirror);
      if (with_pixels_)
        copy_pixels(crops_, drawn.id, 1, batch.pixels.mutable_data_ptr<uint8_t>() + row * crop_bytes(crops_));
      else
        lists_[Integers::crops].push_back(first_[static_cast<size_t>(drawn.id.kind)] + drawn.id.index);
      batch.samples.push_back(drawn.id);
    }
    if (with_pixels_) release_much_mapped(crops_);
    batch.lists = PackedLists(lists_, device_);
  }

 private:
  void add_label(int64_t row, SampleId id, bool mirror) {
    const BatchCounts& counts = order_.own_counts();
    if (row < counts.negatives) return;
    const CropSet::Crop crop = crops_.at(id);
    CropLabel label = crop.shard->targets(crop.row);
    if (mirror) label = mirrored(label, crops_.landmarks().mirror, crops_.input());
    const bool box = row < counts.negatives + counts.boxes();
    const auto add = [this](const auto& values, Reals list) {
      lists_[list].insert(lists_[list].end(), values.begin(), values.end());
    };
    if (box)
      add(label.offsets, Reals::offsets);
    else
      add(label.landmarks, Reals::landmarks);
  }

  const CropSet& crops_;
  AugmentOptions options_;
  BatchOrder& order_;
  torch::Device device_;
  bool with_pixels_;
  std::array<int64_t, kCropKinds.size()> first_;
  HostLists lists_;
};

class DeviceSource : public BatchSource {
 public:
  DeviceSource(const TrainJob& job, const CropSet& crops, DataRank rank)
      : device_(device_of(job)),
        order_(crops, job.options, rank),
        columns_(2 * static_cast<int64_t>(crops.landmarks().count())),
        pixels_(crops_on_device(crops, device_, job.device_memory)),
        augmenter_(crops.crop_size(), device_),
        ahead_(std::vector<Ahead<HostBatch>::Make>(
            static_cast<size_t>(loader_threads(job.threads)),
            Preparer(crops, job.options.augment, order_, device_, !pixels_.defined()))) {}

  BatchCounts counts() const override { return order_.counts(); }
  int64_t steps_per_epoch() const override { return order_.steps_per_epoch(); }
  void seek(int64_t step) override { ahead_.seek(step); }
  double waited_s() const override { return ahead_.waited_s(); }

  std::string description() const override {
    if (!pixels_.defined()) return concat("batches are made on ", device_.str(), ", crops lie in the host's memory");
    constexpr double kMebi = 1 << 20;
    return concat("batches are made on ", device_.str(), ", where crops take ",
                  fixed(static_cast<double>(pixels_.numel()) / kMebi, 0), " MiB");
  }

  TensorBatch next() override {
    const HostBatch& batch = ahead_.next();
    const PackedLists::OnDevice lists = batch.lists.to(device_);
    const Tensor crops = pixels_.defined() ? pixels_.index_select(0, lists[Integers::crops])
                                           : batch.pixels.to(device_, /*non_blocking=*/true);
    const BatchCounts& counts = order_.own_counts();
    return {augmenter_.apply(crops, lists),
            {counts, lists[Reals::offsets].view({counts.boxes(), 4}),
             lists[Reals::landmarks].view({counts.landmarks, columns_})},
            batch.samples};
  }

 private:
  torch::Device device_;
  BatchOrder order_;
  int64_t columns_;  ///< numbers of a landmark label
  Tensor pixels_;    ///< all crops; undefined where they do not fit
  DeviceAugmenter augmenter_;
  Ahead<HostBatch> ahead_;
};

}  // namespace

std::unique_ptr<BatchSource> make_device_source(const TrainJob& job, const CropSet& crops, DataRank rank) {
  return std::make_unique<DeviceSource>(job, crops, rank);
}

}  // namespace mtcnn
