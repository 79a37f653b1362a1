#pragma once

#include "mtcnn/core/random.h"
#include "mtcnn/train/batch.h"
#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/options.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

namespace mtcnn {

/// Which rows of every batch a process of several gets: with N rows, those from rank N / world to (rank + 1) N / world.
struct DataRank {
  int rank = 0;
  int world = 1;
};

/// Which crops the batch of a step has. Each kind is drawn without replacement, through an order that is drawn anew for
/// every pass. It depends on the options, the seed and the step alone.
class BatchOrder {
 public:
  /// \param crops  outlives this.
  /// \throws Error{usage} where the mix wants a kind of which there are no crops, or a batch is too small for it.
  BatchOrder(const CropSet& crops, const TrainOptions& options, DataRank rank = {});

  /// Of a whole batch.
  const BatchCounts& counts() const { return counts_; }
  /// Of this process's rows.
  const BatchCounts& own_counts() const { return own_counts_; }
  /// From the options, or one pass over the positives; over the kind of most batches where the mix has no positives.
  int64_t steps_per_epoch() const;

  /// A crop of a batch.
  struct Row {
    SampleId id;
    RandomStream random;  ///< for its augmentation
  };
  /// This process's rows. Threads may call it at the same time; it is quick for steps near each other.
  std::vector<Row> rows(int64_t step);

 private:
  /// An endless sequence over the crops of one kind: one permutation after the other.
  class KindOrder {
   public:
    KindOrder(CropKind kind, int64_t count, uint64_t seed) : kind_(kind), count_(count), seed_(seed) {}

    int64_t at(int64_t position);

   private:
    struct Permutation {
      int64_t pass = -1;
      std::vector<uint32_t> order;
    };

    void shuffle(int64_t pass, Permutation& permutation) const;

    CropKind kind_;
    int64_t count_;
    uint64_t seed_;
    std::array<Permutation, 2> passes_;  ///< of even and odd passes: threads at the end of one may be in the next
  };

  const CropSet* crops_;
  int wanted_steps_;
  uint64_t seed_;
  BatchCounts counts_;
  int64_t first_row_;  ///< of this process
  int64_t last_row_;   ///< one after
  BatchCounts own_counts_;
  std::mutex mutex_;               ///< over orders_
  std::vector<KindOrder> orders_;  ///< in a batch's order of kinds
};

}  // namespace mtcnn
