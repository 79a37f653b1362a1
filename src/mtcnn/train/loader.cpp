#include "mtcnn/train/loader.h"

#include "mtcnn/core/memory.h"
#include "mtcnn/train/augment.h"

#include <algorithm>

namespace mtcnn {
namespace {

/// Bytes of shards in memory, after which they are given back: often enough to leave space to others, seldom enough
/// that random reads find most pages mapped.
int64_t most_mapped() {
  static const int64_t most = std::max(int64_t{1} << 30, physical_memory_bytes() / 4);
  return most;
}

void resize(Batch& batch, const BatchCounts& counts, const CropSet& crops) {
  const int size = crops.crop_size();
  batch.counts = counts;
  batch.size = size;
  batch.points = static_cast<int64_t>(crops.landmarks().count());
  batch.pixels.resize(static_cast<size_t>(counts.total() * size * size * 3));
  batch.offsets.resize(static_cast<size_t>(4 * counts.boxes()));
  batch.landmarks.resize(static_cast<size_t>(2 * batch.points * counts.landmarks));
  batch.samples.resize(static_cast<size_t>(counts.total()));
}

/// Loads one crop into row `row`.
void load_row(const CropSet& crops, SampleId id, Augmenter& augmenter, RandomStream* random, int64_t row,
              Batch& batch) {
  const CropSet::Crop crop = crops.at(id);
  CropLabel label = crop.shard->targets(crop.row);
  const size_t pixels = batch.pixels.size() / static_cast<size_t>(batch.counts.total());
  augmenter.apply(crop.shard->pixels(crop.row), label, random, batch.pixels.data() + static_cast<size_t>(row) * pixels);
  const BatchCounts& counts = batch.counts;
  if (const int64_t box = row - counts.negatives; box >= 0 && box < counts.boxes())
    std::copy(label.offsets.begin(), label.offsets.end(), batch.offsets.begin() + 4 * box);
  if (const int64_t point = row - counts.negatives - counts.boxes(); point >= 0)
    std::copy(label.landmarks.begin(), label.landmarks.end(), batch.landmarks.begin() + 2 * batch.points * point);
  batch.samples[static_cast<size_t>(row)] = id;
}

/// Builds batches in one thread.
class Builder {
 public:
  Builder(const CropSet& crops, const AugmentOptions& options, BatchOrder& order)
      : crops_(crops), order_(order), augmenter_(options, crops.crop_size(), crops.landmarks(), crops.input()) {}

  void operator()(int64_t step, Batch& batch) {
    resize(batch, order_.own_counts(), crops_);
    release_much_mapped(crops_);
    int64_t number = 0;
    for (BatchOrder::Row& row : order_.rows(step)) load_row(crops_, row.id, augmenter_, &row.random, number++, batch);
  }

 private:
  const CropSet& crops_;
  BatchOrder& order_;
  Augmenter augmenter_;
};

}  // namespace

Loader::Loader(const CropSet& crops, const TrainOptions& options, DataRank rank, int threads)
    : order_(crops, options, rank),
      ahead_(std::vector<Ahead<Batch>::Make>(static_cast<size_t>(threads), Builder(crops, options.augment, order_))) {}

int loader_threads(int threads) {
  constexpr int kMost = 8;
  return std::clamp(threads / 2, 1, kMost);
}

void release_much_mapped(const CropSet& crops) {
  if (resident_file_bytes() > most_mapped()) crops.release_pages();
}

void load_plain(const CropSet& crops, const std::vector<SampleId>& samples, Batch& batch) {
  BatchCounts counts;
  for (const SampleId& id : samples) {
    switch (id.kind) {
      case CropKind::negative:
        ++counts.negatives;
        break;
      case CropKind::positive:
        ++counts.positives;
        break;
      case CropKind::part:
        ++counts.parts;
        break;
      case CropKind::landmark:
        ++counts.landmarks;
        break;
    }
  }
  resize(batch, counts, crops);
  Augmenter augmenter(AugmentOptions{}, crops.crop_size(), crops.landmarks(), crops.input());
  for (size_t row = 0; row < samples.size(); ++row)
    load_row(crops, samples[row], augmenter, nullptr, static_cast<int64_t>(row), batch);
}

}  // namespace mtcnn
