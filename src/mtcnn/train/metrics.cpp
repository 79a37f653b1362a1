#include "mtcnn/train/metrics.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>

namespace mtcnn {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double ratio(double sum, double count) { return count > 0 ? sum / count : kNothing; }

double passing(const std::vector<float>& scores, double threshold) {
  return static_cast<double>(
      std::count_if(scores.begin(), scores.end(), [threshold](float score) { return score >= threshold; }));
}

double sum(const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

double squared_sum(const std::vector<float>& values) {
  return std::transform_reduce(values.begin(), values.end(), 0.0, std::plus<>(),
                               [](double value) { return value * value; });
}

/// A task that was not measured costs nothing.
double weighted(double weight, double loss) { return std::isnan(loss) ? 0 : weight * loss; }

}  // namespace

double false_positive_rate_at(std::vector<float> positives, const std::vector<float>& negatives, double recall) {
  require(recall > 0 && recall <= 1, "false_positive_rate_at: recall must be in (0, 1]");
  if (positives.empty() || negatives.empty()) return kNothing;
  const auto needed = static_cast<size_t>(std::ceil(recall * static_cast<double>(positives.size())));
  const auto last = positives.begin() + static_cast<ptrdiff_t>(std::max<size_t>(1, needed) - 1);
  std::nth_element(positives.begin(), last, positives.end(), std::greater<>());
  return passing(negatives, *last) / static_cast<double>(negatives.size());
}

ValidationMetrics score_validation(const ValidationAnswers& answers, const TaskWeights& weights) {
  const auto positives = static_cast<double>(answers.positive_scores.size());
  const auto negatives = static_cast<double>(answers.negative_scores.size());
  const double right = passing(answers.positive_scores, 0.5);
  const double wrong = passing(answers.negative_scores, 0.5);
  const auto boxes = static_cast<double>(answers.positive_box_errors.size() + answers.part_box_errors.size());
  const double box_squared = squared_sum(answers.positive_box_errors) + squared_sum(answers.part_box_errors);
  const auto landmarks = static_cast<double>(answers.landmark_errors.size());
  ValidationMetrics metrics{.loss_face = ratio(answers.face_loss_sum, positives + negatives),
                            .loss_box = ratio(4 * box_squared, boxes),
                            .loss_landmark = ratio(answers.landmark_squared_sum, landmarks),
                            .accuracy = ratio(right + negatives - wrong, positives + negatives),
                            .recall = ratio(right, positives),
                            .precision = ratio(right, right + wrong),
                            .fpr_at_97 = false_positive_rate_at(answers.positive_scores, answers.negative_scores, 0.97),
                            .box_error = std::sqrt(ratio(box_squared, boxes)),
                            .nme = ratio(sum(answers.landmark_errors), landmarks)};
  metrics.loss = weighted(weights.face, metrics.loss_face) + weighted(weights.box, metrics.loss_box) +
                 weighted(weights.landmark, metrics.loss_landmark);
  return metrics;
}

double ValidationMetrics::to_minimise(const std::string& name) const {
  const auto* const found =
      std::ranges::find(kValidationMetrics, name, [](const auto& metric) { return std::string_view(metric.first); });
  require(found != std::end(kValidationMetrics), "ValidationMetrics: no such figure");
  return name == "accuracy" ? -(this->*found->second) : this->*found->second;
}

}  // namespace mtcnn
