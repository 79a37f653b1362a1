#include "mtcnn/train/batch_order.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace mtcnn {
namespace {

/// Of the rows [first, last) of a batch.
BatchCounts counts_within(const BatchCounts& counts, int64_t first, int64_t last) {
  int64_t begin = 0;
  const auto within = [&](int64_t count) {
    const int64_t end = begin + count;
    const int64_t there = std::min(end, last) - std::max(begin, first);
    begin = end;
    return std::max<int64_t>(0, there);
  };
  BatchCounts own;
  own.negatives = within(counts.negatives);
  own.positives = within(counts.positives);
  own.parts = within(counts.parts);
  own.landmarks = within(counts.landmarks);
  return own;
}

/// What the mix wants of each kind, in a batch's order.
std::array<std::pair<CropKind, int64_t>, 4> parts_of(const BatchCounts& counts) {
  return {{{CropKind::negative, counts.negatives},
           {CropKind::positive, counts.positives},
           {CropKind::part, counts.parts},
           {CropKind::landmark, counts.landmarks}}};
}

DataRank checked(DataRank rank) {
  require(rank.world > 0 && rank.rank >= 0 && rank.rank < rank.world, "BatchOrder: a bad rank");
  return rank;
}

void require_crops(const CropSet& crops, CropKind kind) {
  if (crops.count(kind) > 0) return;
  const std::string name = crop_kind_name(kind);
  throw Error(ErrorCode::usage, concat("the batch mix wants crops of a kind that is not there: ", name),
              {.where = crops.folder().string(),
               .hint = concat("make some with `mtcnn prepare`, or leave the kind out with --set batch.", name, "s=0")});
}

void require_room_for_mix(const BatchOptions& batch, const BatchCounts& counts) {
  const std::array<std::pair<double, int64_t>, 4> shares = {{{batch.negatives, counts.negatives},
                                                             {batch.positives, counts.positives},
                                                             {batch.parts, counts.parts},
                                                             {batch.landmarks, counts.landmarks}}};
  for (const auto& [share, wanted] : shares) {
    if (share > 0 && wanted <= 0) {
      throw Error(ErrorCode::usage, "this batch is too small for its mix",
                  {.where = "batch.size", .found = concat(batch.size, " crops"), .hint = "use a larger batch"});
    }
  }
}

}  // namespace

int64_t BatchOrder::KindOrder::at(int64_t position) {
  const int64_t pass = position / count_;
  Permutation& permutation = passes_[static_cast<size_t>(pass % 2)];
  if (pass != permutation.pass) shuffle(pass, permutation);
  return permutation.order[static_cast<size_t>(position % count_)];
}

void BatchOrder::KindOrder::shuffle(int64_t pass, Permutation& permutation) const {
  permutation.order.resize(static_cast<size_t>(count_));
  std::iota(permutation.order.begin(), permutation.order.end(), 0U);
  RandomStream random(seed_, concat("order ", crop_kind_name(kind_)), static_cast<uint64_t>(pass));
  random.shuffle(std::span(permutation.order));
  permutation.pass = pass;
}

BatchOrder::BatchOrder(const CropSet& crops, const TrainOptions& options, DataRank rank)
    : crops_(&crops),
      wanted_steps_(options.batch.steps_per_epoch),
      seed_(static_cast<uint64_t>(options.seed)),
      counts_(options.batch.counts()),
      first_row_(counts_.total() * checked(rank).rank / rank.world),
      last_row_(counts_.total() * (rank.rank + 1) / rank.world),
      own_counts_(counts_within(counts_, first_row_, last_row_)) {
  for (const auto& [kind, wanted] : parts_of(counts_)) {
    if (wanted > 0) require_crops(crops, kind);
    orders_.emplace_back(kind, std::max<int64_t>(1, crops.count(kind)), seed_);
  }
  require_room_for_mix(options.batch, counts_);
}

int64_t BatchOrder::steps_per_epoch() const {
  if (wanted_steps_ > 0) return wanted_steps_;
  const auto steps = [this](CropKind kind, int64_t wanted) {
    return wanted > 0 ? (crops_->count(kind) + wanted - 1) / wanted : 0;
  };
  if (counts_.positives > 0) return steps(CropKind::positive, counts_.positives);
  int64_t most = 1;
  for (const auto& [kind, wanted] : parts_of(counts_)) most = std::max(most, steps(kind, wanted));
  return most;
}

std::vector<BatchOrder::Row> BatchOrder::rows(int64_t step) {
  const std::scoped_lock lock(mutex_);
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>(own_counts_.total()));
  int64_t row = 0;
  auto order = orders_.begin();
  for (const auto& [kind, wanted] : parts_of(counts_)) {
    const std::string stream = concat("augment ", crop_kind_name(kind));
    for (int64_t i = 0; i < wanted; ++i, ++row) {
      if (row < first_row_ || row >= last_row_) continue;
      const int64_t position = step * wanted + i;
      rows.push_back({{kind, order->at(position)}, RandomStream(seed_, stream, static_cast<uint64_t>(position))});
    }
    ++order;
  }
  return rows;
}

}  // namespace mtcnn
