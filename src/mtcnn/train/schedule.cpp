#include "mtcnn/train/schedule.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mtcnn {

double learning_rate(const ScheduleOptions& options, double peak, int64_t step, int64_t steps) {
  require(step >= 0 && step < steps, "learning_rate: no such step");
  if (options.kind == "constant") return peak;
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  if (done < options.warm_up)
    return peak * (static_cast<double>(step) + 1) / (options.warm_up * static_cast<double>(steps) + 1);
  if (options.kind == "steps") {
    const auto passed =
        std::count_if(options.drops.begin(), options.drops.end(), [done](double drop) { return done >= drop; });
    return peak * std::pow(options.factor, static_cast<double>(passed));
  }
  const double rest = (done - options.warm_up) / (1 - options.warm_up);
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * rest));
}

}  // namespace mtcnn
