#pragma once

#include "mtcnn/train/batch.h"
#include "mtcnn/train/crop_set.h"
#include "mtcnn/train/loss.h"
#include "mtcnn/train/modules.h"
#include "mtcnn/train/train_state.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <torch/types.h>

namespace mtcnn {

/// Adds up the figures of steps. They are computed on the net's device and come over together once in so many steps, as
/// each transfer makes the host wait for the device.
class StepTotals {
 public:
  /// \param crops   for errors; must outlive this.
  /// \param run     the run's folder, for errors.
  /// \param steps   whose figures come over together, at least 1.
  StepTotals(const CropSet& crops, std::filesystem::path run, size_t steps);

  /// Adds a step to `totals`, where its loss and what is counted by answers may still be missing until add_pending().
  /// \param step     its number, for errors.
  /// \param counts   of the whole batch.
  /// \param samples  of this process's rows, for errors.
  /// \throws Error as add_pending().
  void add(int64_t step, const BatchCounts& counts, const std::vector<SampleId>& samples, const NetOutput& output,
           const LossTerms& terms, EpochTotals& totals);

  /// Adds all that is missing.
  /// \throws Error{bad_format} naming step, terms and samples of the first step whose loss is not finite.
  void add_pending(EpochTotals& totals);

 private:
  struct Step {
    int64_t number;
    BatchCounts counts;
    std::vector<SampleId> samples;   ///< the first ones
    torch::Tensor figures;           ///< on the net's device, the tasks' losses at the end
    std::vector<std::string> tasks;  ///< names of these
  };

  [[noreturn]] void refuse_loss(const Step& step, const EpochTotals& own) const;

  const CropSet& crops_;
  std::filesystem::path run_;
  size_t steps_together_;
  std::vector<Step> pending_;
};

}  // namespace mtcnn
