#pragma once

#include "mtcnn/train/options.h"

#include <cstdint>

namespace mtcnn {

/// The learning rate of a step.
/// \param peak   the largest rate.
/// \param step   from 0; below `steps`.
/// \param steps  of the whole run, at least 1.
double learning_rate(const ScheduleOptions& options, double peak, int64_t step, int64_t steps);

}  // namespace mtcnn
