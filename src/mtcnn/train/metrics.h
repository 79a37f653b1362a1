#pragma once

#include "mtcnn/core/json.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mtcnn {

/// What a net says of validation crops, a value each in the order of CropSet.
struct ValidationAnswers {
  std::vector<float> positive_scores;  ///< probability of "face"
  std::vector<float> negative_scores;
  std::vector<float> positive_box_errors;  ///< root of the mean squared error of the four offsets
  std::vector<float> part_box_errors;
  std::vector<float> landmark_errors;  ///< mean distance of the points over the face's side
  std::vector<float> landmark_points;  ///< [N, 2 points]: x0 y0 x1 y1 …, over the window's size
  double face_loss_sum = 0;            ///< cross-entropy over positives and negatives
  double landmark_squared_sum = 0;     ///< squared errors of all numbers of landmark samples
};

/// The figures of a validation. Those without crops to measure them on are NaN.
struct ValidationMetrics {
  double loss = 0;  ///< weighted sum of the three
  double loss_face = 0;
  double loss_box = 0;
  double loss_landmark = 0;
  double accuracy = 0;   ///< share of positives and negatives that are right at 0.5
  double recall = 0;     ///< share of positives at or above 0.5
  double precision = 0;  ///< share of positives among all at or above 0.5
  double fpr_at_97 = 0;  ///< share of negatives that score at least what 97 % of positives reach
  double box_error = 0;  ///< root of the mean squared error of an offset
  double nme = 0;        ///< mean distance of points over the face's side (root of its area)

  /// The named figure such that smaller is better.
  /// \throws ContractError for an unknown name.
  double to_minimise(const std::string& name) const;
};

/// Their names in files and options.
inline constexpr std::pair<const char*, double ValidationMetrics::*> kValidationMetrics[] = {
    {"loss", &ValidationMetrics::loss},           {"loss_face", &ValidationMetrics::loss_face},
    {"loss_box", &ValidationMetrics::loss_box},   {"loss_landmark", &ValidationMetrics::loss_landmark},
    {"accuracy", &ValidationMetrics::accuracy},   {"recall", &ValidationMetrics::recall},
    {"precision", &ValidationMetrics::precision}, {"fpr_at_97", &ValidationMetrics::fpr_at_97},
    {"box_error", &ValidationMetrics::box_error}, {"nme", &ValidationMetrics::nme}};

/// How the tasks are weighted in the loss.
struct TaskWeights {
  double face = 1;
  double box = 0.5;
  double landmark = 0.5;
};

/// All figures of a validation; those without samples are NaN.
ValidationMetrics score_validation(const ValidationAnswers& answers, const TaskWeights& weights);

/// The share of negatives that score at least as high as the `recall` best positives: 0 is best. NaN without either.
double false_positive_rate_at(std::vector<float> positives, const std::vector<float>& negatives, double recall);

}  // namespace mtcnn
