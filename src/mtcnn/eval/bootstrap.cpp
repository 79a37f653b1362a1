#include "mtcnn/eval/bootstrap.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace mtcnn {
namespace {

constexpr double kTail = 0.025;

/// Own, as the standard leaves open what its distributions draw.
size_t draw_index(std::mt19937_64& random, size_t count) {
  const uint64_t whole_blocks = std::mt19937_64::max() - std::mt19937_64::max() % count;
  uint64_t value = random();
  while (value >= whole_blocks) value = random();
  return static_cast<size_t>(value % count);
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<Interval> bootstrap_intervals(size_t images, const FiguresOf& figures_of, const BootstrapOptions& options) {
  require(options.repeats >= 0, "bootstrap_intervals: negative number of repeats");
  if (images == 0 || options.repeats == 0) return {};
  std::mt19937_64 random(options.seed);
  std::vector<uint32_t> weights(images);
  std::vector<std::vector<double>> values;  // per figure
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    std::fill(weights.begin(), weights.end(), 0U);
    for (size_t i = 0; i < images; ++i) ++weights[draw_index(random, images)];
    const std::vector<double> figures = figures_of(weights);
    if (repeat == 0) values.resize(figures.size());
    require(figures.size() == values.size(), "bootstrap_intervals: the number of figures changed");
    for (size_t i = 0; i < figures.size(); ++i) {
      if (std::isfinite(figures[i])) values[i].push_back(figures[i]);
    }
  }
  std::vector<Interval> intervals;
  for (std::vector<double>& of_figure : values) {
    std::sort(of_figure.begin(), of_figure.end());
    intervals.push_back({percentile(of_figure, kTail), percentile(of_figure, 1 - kTail)});
  }
  return intervals;
}

}  // namespace mtcnn
