#pragma once

#include "mtcnn/train/batch.h"
#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/options.h"

#include <cstdint>
#include <memory>

namespace mtcnn {

/// Which rows of every batch a process of several gets: with N rows, those from rank N / world to (rank + 1) N / world.
struct DataRank {
  int rank = 0;
  int world = 1;
};

/// Gives batches for training, built ahead by a worker thread. Each kind is drawn without replacement, through an order
/// that is drawn anew for every pass. A batch depends on the options, the seed and its step alone: so nothing has to
/// be saved for going on at a step, and the number of threads changes nothing.
class Loader {
 public:
  /// \param crops  outlives the loader.
  /// \param rank   of several processes, each builds its own rows of the same batches.
  /// \throws Error{usage} where the mix wants a kind of which there are no crops, or a batch is too small for it.
  Loader(const CropSet& crops, const TrainOptions& options, DataRank rank = {});
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Of a whole batch.
  BatchCounts counts() const;
  /// From the options, or one pass over the positives; over the kind of most batches where the mix has no positives.
  int64_t steps_per_epoch() const;

  /// The next call of next() gives the batch of this step.
  void seek(int64_t step);
  /// This process's rows. Valid until the next call of next() or seek().
  const Batch& next();
  /// Spent in next() so far, waiting for the worker.
  double waited_s() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Fills `batch` with crops as they are, for validation.
/// \param samples  in a batch's order of kinds.
void load_plain(const CropSet& crops, const std::vector<SampleId>& samples, Batch& batch);

}  // namespace mtcnn
