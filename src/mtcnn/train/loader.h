#pragma once

#include "mtcnn/train/ahead.h"
#include "mtcnn/train/batch.h"
#include "mtcnn/train/batch_order.h"
#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/options.h"

#include <cstdint>
#include <vector>

namespace mtcnn {

/// Gives batches for training, built ahead by threads of its own. A batch depends on the options, the seed and its step
/// alone: so nothing has to be saved for going on at a step, and the number of threads changes nothing.
class Loader {
 public:
  /// \param crops    outlives the loader.
  /// \param rank     of several processes, each builds its own rows of the same batches.
  /// \param threads  that build batches, at least 1.
  /// \throws Error{usage} as BatchOrder's constructor.
  Loader(const CropSet& crops, const TrainOptions& options, DataRank rank = {}, int threads = 1);

  /// Of a whole batch.
  BatchCounts counts() const { return order_.counts(); }
  /// See BatchOrder.
  int64_t steps_per_epoch() const { return order_.steps_per_epoch(); }

  /// The next call of next() gives the batch of this step.
  void seek(int64_t step) { ahead_.seek(step); }
  /// This process's rows. Valid until the next call of next() or seek().
  const Batch& next() { return ahead_.next(); }
  /// Spent in next() so far, waiting for the threads.
  double waited_s() const { return ahead_.waited_s(); }

 private:
  BatchOrder order_;
  Ahead<Batch> ahead_;
};

/// How many threads should build batches for so many that learn from them.
int loader_threads(int threads);

/// Gives files that were read back to the system, where they have come to take much memory.
void release_much_mapped(const CropSet& crops);

/// Fills `batch` with crops as they are, for validation.
/// \param samples  in a batch's order of kinds.
void load_plain(const CropSet& crops, const std::vector<SampleId>& samples, Batch& batch);

}  // namespace mtcnn
