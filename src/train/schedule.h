#pragma once

#include "mtcnn/train/options.h"

#include <cstdint>
#include <vector>

namespace mtcnn {

/// The learning rate of a step.
/// \param peak   the largest rate.
/// \param step   from 0; below `steps`.
/// \param steps  of the whole run, at least 1.
double learning_rate(const ScheduleOptions& options, double peak, int64_t step, int64_t steps);

/// ScheduleOptions::drops as numbers.
/// \throws Error{usage} unless they are rising shares between 0 and 1.
std::vector<double> schedule_drops(const ScheduleOptions& options);

}  // namespace mtcnn
