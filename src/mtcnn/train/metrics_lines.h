#pragma once

#include "mtcnn/core/json.h"
#include "mtcnn/train/metrics.h"
#include "mtcnn/train/train_state.h"

#include <string>

/// \file
/// How an epoch is written down. NaN becomes null in JSON.
namespace mtcnn {

/// What training and validation of one epoch came to.
struct EpochRecord {
  const TrainState& state;    ///< at the end of the epoch
  const EpochTotals& totals;  ///< of its steps
  const ValidationMetrics& metrics;
  double lr;  ///< of the last step
};

/// The two lines of metrics.jsonl.
Json train_line(const EpochRecord& epoch);
Json validation_line(const EpochRecord& epoch);

/// One line for people.
std::string epoch_text(const EpochRecord& epoch, int epochs);

}  // namespace mtcnn
