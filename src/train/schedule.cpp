#include "mtcnn/train/schedule.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace mtcnn {

std::vector<double> schedule_drops(const ScheduleOptions& options) {
  std::vector<double> drops;
  if (options.drops.empty()) return drops;
  for (const std::string& word : split(options.drops, ',')) {
    double share = 0;
    const std::string_view text = trim(word);
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), share);
    const bool number = failure == std::errc() && end == text.data() + text.size();
    if (!number || !(share > 0 && share < 1) || (!drops.empty() && share <= drops.back())) {
      throw Error(
          ErrorCode::usage, "bad 'schedule.drops'",
          {.found = concat("'", options.drops, "'"), .expected = "rising shares of all steps, as 0.5,0.75,0.9"});
    }
    drops.push_back(share);
  }
  return drops;
}

double learning_rate(const ScheduleOptions& options, double peak, int64_t step, int64_t steps) {
  require(step >= 0 && step < steps, "learning_rate: no such step");
  if (options.kind == "constant") return peak;
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  if (done < options.warm_up)
    return peak * (static_cast<double>(step) + 1) / (options.warm_up * static_cast<double>(steps) + 1);
  if (options.kind == "steps") {
    const std::vector<double> drops = schedule_drops(options);
    const auto passed = std::count_if(drops.begin(), drops.end(), [done](double drop) { return done >= drop; });
    return peak * std::pow(options.factor, static_cast<double>(passed));
  }
  const double rest = (done - options.warm_up) / (1 - options.warm_up);
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * rest));
}

}  // namespace mtcnn
