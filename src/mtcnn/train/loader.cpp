#include "mtcnn/train/loader.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/memory.h"
#include "mtcnn/core/random.h"
#include "mtcnn/core/text.h"
#include "mtcnn/train/augment.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

namespace mtcnn {
namespace {

constexpr int64_t kMostMapped = int64_t{1} << 30;  ///< bytes of shards in memory, after which they are given back
constexpr size_t kAhead = 4;                       ///< batches that exist at a time, the one in use included

/// An endless sequence over the crops of one kind: one permutation after the other.
class KindOrder {
 public:
  KindOrder(CropKind kind, int64_t count, uint64_t seed) : kind_(kind), count_(count), seed_(seed) {}

  CropKind kind() const { return kind_; }
  int64_t at(int64_t position) {
    const int64_t pass = position / count_;
    if (pass != pass_) shuffle(pass);
    return order_[static_cast<size_t>(position % count_)];
  }

 private:
  void shuffle(int64_t pass) {
    order_.resize(static_cast<size_t>(count_));
    std::iota(order_.begin(), order_.end(), 0U);
    RandomStream random(seed_, concat("order ", crop_kind_name(kind_)), static_cast<uint64_t>(pass));
    random.shuffle(std::span(order_));
    pass_ = pass;
  }

  CropKind kind_;
  int64_t count_;
  uint64_t seed_;
  int64_t pass_ = -1;
  std::vector<uint32_t> order_;
};

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
  CropLabel label = crop.shard->label(crop.row);
  const size_t pixels = batch.pixels.size() / static_cast<size_t>(batch.counts.total());
  augmenter.apply(crop.shard->pixels(crop.row), label, random, batch.pixels.data() + static_cast<size_t>(row) * pixels);
  const BatchCounts& counts = batch.counts;
  if (const int64_t box = row - counts.negatives; box >= 0 && box < counts.boxes())
    std::copy(label.offsets.begin(), label.offsets.end(), batch.offsets.begin() + 4 * box);
  if (const int64_t point = row - counts.negatives - counts.boxes(); point >= 0)
    std::copy(label.landmarks.begin(), label.landmarks.end(), batch.landmarks.begin() + 2 * batch.points * point);
  batch.samples[static_cast<size_t>(row)] = id;
}

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
  require(rank.world > 0 && rank.rank >= 0 && rank.rank < rank.world, "Loader: a bad rank");
  return rank;
}

}  // namespace

struct Loader::Impl {
  Impl(const CropSet& crop_set, const TrainOptions& train_options, DataRank data_rank)
      : crops(crop_set),
        options(train_options),
        counts(train_options.batch.counts()),
        first_row(counts.total() * data_rank.rank / data_rank.world),
        last_row(counts.total() * (data_rank.rank + 1) / data_rank.world),
        own_counts(counts_within(counts, first_row, last_row)),
        augmenter(train_options.augment, crop_set.crop_size(), crop_set.landmarks(), crop_set.input()) {
    for (const auto& [kind, wanted] : parts_of(counts)) {
      if (wanted > 0) require_crops(kind, crops.count(kind));
      orders.emplace_back(kind, std::max<int64_t>(1, crops.count(kind)), static_cast<uint64_t>(options.seed));
    }
    const std::array<std::pair<double, int64_t>, 4> shares = {{{options.batch.negatives, counts.negatives},
                                                               {options.batch.positives, counts.positives},
                                                               {options.batch.parts, counts.parts},
                                                               {options.batch.landmarks, counts.landmarks}}};
    for (const auto& [share, wanted] : shares) {
      if (share > 0 && wanted <= 0) {
        throw Error(
            ErrorCode::usage, "this batch is too small for its mix",
            {.where = "batch.size", .found = concat(options.batch.size, " crops"), .hint = "use a larger batch"});
      }
    }
  }

  void require_crops(CropKind kind, int64_t there) const {
    if (there > 0) return;
    const std::string name = crop_kind_name(kind);
    throw Error(
        ErrorCode::usage, concat("the batch mix wants crops of a kind that is not there: ", name),
        {.where = crops.folder().string(),
         .hint = concat("make some with `mtcnn prepare`, or leave the kind out with --set batch.", name, "s=0")});
  }

  void build(int64_t step, Batch& batch) {
    resize(batch, own_counts, crops);
    if (resident_file_bytes() > kMostMapped) crops.release_pages();
    int64_t row = 0;
    size_t kind = 0;
    for (const auto& [crop_kind, wanted] : parts_of(counts)) {
      KindOrder& order = orders[kind++];
      const std::string stream = concat("augment ", crop_kind_name(crop_kind));
      for (int64_t i = 0; i < wanted; ++i, ++row) {
        if (row < first_row || row >= last_row) continue;
        const int64_t position = step * wanted + i;
        RandomStream random(static_cast<uint64_t>(options.seed), stream, static_cast<uint64_t>(position));
        load_row(crops, {crop_kind, order.at(position)}, augmenter, &random, row - first_row, batch);
      }
    }
  }

  /// The worker: builds batches while there is room.
  void work() {
    try {
      for (;;) {
        Batch batch;
        int64_t step = 0;
        {
          std::unique_lock lock(mutex);
          room.wait(lock, [this] { return stopping || ready.size() + 1 < kAhead; });
          if (stopping) return;
          if (!spare.empty()) {
            batch = std::move(spare.back());
            spare.pop_back();
          }
          step = build_step++;
        }
        build(step, batch);
        const std::scoped_lock lock(mutex);
        ready.push_back(std::move(batch));
        filled.notify_one();
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
      filled.notify_one();
    }
  }

  void start(int64_t step) {
    stop();
    build_step = step;
    worker = std::thread([this] { work(); });
  }

  void stop() {
    if (!worker.joinable()) return;
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    room.notify_all();
    worker.join();
    stopping = false;
    ready.clear();
  }

  const CropSet& crops;
  TrainOptions options;
  BatchCounts counts;  ///< of a whole batch
  int64_t first_row;   ///< of this process
  int64_t last_row;    ///< one after
  BatchCounts own_counts;
  Augmenter augmenter;
  std::vector<KindOrder> orders;

  std::mutex mutex;  ///< over what follows
  std::condition_variable room;
  std::condition_variable filled;
  std::deque<Batch> ready;
  std::vector<Batch> spare;  ///< buffers that were used and are free
  std::exception_ptr failure;
  bool stopping = false;
  int64_t build_step = 0;

  Batch current;
  std::thread worker;
  double waited_s = 0;
};

Loader::Loader(const CropSet& crops, const TrainOptions& options, DataRank rank)
    : impl_(std::make_unique<Impl>(crops, options, checked(rank))) {}

Loader::~Loader() { impl_->stop(); }

BatchCounts Loader::counts() const { return impl_->counts; }

int64_t Loader::steps_per_epoch() const {
  if (impl_->options.batch.steps_per_epoch > 0) return impl_->options.batch.steps_per_epoch;
  const auto steps = [this](CropKind kind, int64_t wanted) {
    return wanted > 0 ? (impl_->crops.count(kind) + wanted - 1) / wanted : 0;
  };
  if (impl_->counts.positives > 0) return steps(CropKind::positive, impl_->counts.positives);
  int64_t most = 1;
  for (const auto& [kind, wanted] : parts_of(impl_->counts)) most = std::max(most, steps(kind, wanted));
  return most;
}

void Loader::seek(int64_t step) { impl_->start(step); }

const Batch& Loader::next() {
  if (!impl_->worker.joinable()) impl_->start(0);
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(impl_->mutex);
  impl_->filled.wait(lock, [this] { return !impl_->ready.empty() || impl_->failure; });
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  if (!impl_->current.pixels.empty()) impl_->spare.push_back(std::move(impl_->current));
  impl_->current = std::move(impl_->ready.front());
  impl_->ready.pop_front();
  impl_->room.notify_one();
  impl_->waited_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return impl_->current;
}

double Loader::waited_s() const { return impl_->waited_s; }

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
