#pragma once

#include "mtcnn/train/batch.h"
#include "mtcnn/train/batch_order.h"
#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/loss.h"
#include "mtcnn/train/trainer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

namespace mtcnn {

/// A batch as tensors on the device that trains.
struct TensorBatch {
  torch::Tensor input;  ///< float32 [N, 3, S, S] in channels-last memory, (value - 127.5) / 128
  BatchTargets targets;
  std::vector<SampleId> samples;  ///< a row each
};

/// Gives the batches of a training, augmented. A batch depends on the options, the seed and its step alone.
class BatchSource {
 public:
  BatchSource() = default;
  virtual ~BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;

  /// Of a whole batch.
  virtual BatchCounts counts() const = 0;
  /// See BatchOrder.
  virtual int64_t steps_per_epoch() const = 0;
  /// Where crops lie and batches are made, for the log.
  virtual std::string description() const = 0;

  /// The next call of next() gives the batch of this step.
  virtual void seek(int64_t step) = 0;
  /// This process's rows. Valid until the next call of next() or seek().
  virtual TensorBatch next() = 0;
  /// Spent in next() so far, waiting for threads.
  virtual double waited_s() const = 0;
};

/// Where the job's net lies.
torch::Device device_of(const TrainJob& job);
/// Whether batches are made on that device, by LibTorch's operations: on every one but the plain CPU.
bool makes_batches_on_device(const TrainJob& job);

/// Loader's batches for the plain CPU, else those of make_device_source().
/// \param crops  outlives the source.
/// \param rank   of several processes, each gets its rows of the same batches.
/// \throws Error{usage} as BatchOrder's constructor.
std::unique_ptr<BatchSource> make_batch_source(const TrainJob& job, const CropSet& crops, DataRank rank);

}  // namespace mtcnn
