#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/train/options.h"
#include "mtcnn/weights/weights.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace mtcnn {

class Peers;

/// One run of training.
struct TrainJob {
  NetKind net = NetKind::pnet;
  std::filesystem::path data;        ///< crops; validation crops in its subfolder `validation`, unless given
  std::filesystem::path validation;  ///< other validation crops; may be empty
  std::filesystem::path out;         ///< run folder
  TrainOptions options;
  std::optional<NetWeights> init;     ///< weights to start from
  std::string init_name;              ///< where they came from, for the configuration
  std::optional<NetWeights> teacher;  ///< a net of the same kind whose answers are learnt from too; see loss.teacher
  /// "cpu", or "cuda:N" as usable_device() in mtcnn/gpu/device.h gives it, where batches are made on the device, too;
  /// "cpu:torch" does so on the CPU, for tests.
  std::string device = "cpu";
  double device_memory = 0.5;  ///< largest share of the device's memory that crops take; more lie in the host's
  int threads = 1;             ///< CPU threads
  bool resume = false;
  /// The processes that train the net together, each with this job; null: this one alone. They come to the same weights
  /// as one process, to the bit, on CPUs of one kind. Rank 0 alone writes, and reads checkpoints; the others need the
  /// crops only. `resume` then also begins a run that has not begun, as whoever starts them again repeats a command.
  Peers* peers = nullptr;
  /// After each step: the epoch, from 1, how many of its crops are done and how many it has. May be empty.
  std::function<void(int epoch, int64_t done, int64_t total)> on_step;
  /// After each epoch: a line with its figures, as the run folder's log.txt has it. May be empty.
  std::function<void(const std::string& line)> on_epoch;
};

/// What a run came to.
struct TrainResult {
  int64_t steps = 0;
  int epochs = 0;
  int best_epoch = 0;
  double best = 0;     ///< of the metric that names the best checkpoint, as metrics.jsonl has it
  double seconds = 0;  ///< of this process
  double samples_per_s = 0;
  double wait_share = 0;          ///< of the time of steps, spent waiting for batches
  std::filesystem::path weights;  ///< the exported file; rank 0's
};

/// Trains one net: batches of crops, multi-task loss, one optimizer step each; after each epoch a validation of the
/// averaged weights, a checkpoint, and the best weights so far. The run can be cut at any moment and gone on with: on
/// the CPU with the same number of threads, the final weights have the same bytes as if it had never stopped. Under
/// glibc steps are a good deal faster where freed memory is kept (mallopt with a large M_MMAP_THRESHOLD and
/// M_TRIM_THRESHOLD); that is the program's choice.
///
/// \throws Error before the first step on anything that is wrong with options, data or folder, or differs between
/// processes; Error naming step, terms
/// and samples where the loss is not finite; Error{interrupted} with a checkpoint written where the user stops it.
TrainResult train_net(const TrainJob& job);

}  // namespace mtcnn
