#pragma once

#include "mtcnn/core/options.h"
#include "mtcnn/train/batch.h"
#include "mtcnn/weights/spec.h"

#include <cstdint>
#include <string>

namespace mtcnn {

/// What a batch is made of.
struct BatchOptions {
  int size = 640;        ///< crops
  double negatives = 3;  ///< shares of the four kinds
  double positives = 1;
  double parts = 1;
  double landmarks = 2;
  int steps_per_epoch = 0;         ///< 0 = one pass over the positives
  double validation_share = 0.05;  ///< of the images, where there are no validation crops

  /// Whole crops of each kind; what is left over are negatives.
  BatchCounts counts() const;
};

/// How crops are changed before they are learnt from. Chances are per crop; strengths are the largest.
struct AugmentOptions {
  double mirror = 0.5;
  double brightness = 0.3;       ///< of 128 grey levels, either way
  double contrast = 0.4;         ///< factor 1 - c … 1 + c
  double saturation = 0.5;       ///< likewise
  double gain = 0.1;             ///< of each colour, likewise
  double grey = 0.3;             ///< chance
  double gamma = 0.2;            ///< chance of a gamma in 0.6 … 1.6
  double blur = 0.15;            ///< chance
  double low_resolution = 0.15;  ///< chance of shrinking and growing again
  double smallest_scale = 0.4;   ///< of that; the largest is 0.9
  double noise = 0.2;            ///< chance
  double noise_level = 15;       ///< grey levels
  double jpeg = 0.15;            ///< chance of a JPEG's noise
  double jpeg_quality = 30;      ///< the lowest
  double cutout = 0.1;           ///< chance of covering a rectangle of up to 40 % of each side
};

/// The multi-task loss; names and meaning in docs/configuration.md.
struct LossOptions {
  double face = 1;  ///< weights of the three tasks
  double box = 0.5;
  double landmark = 0.5;
  double mined = 0.7;  ///< share of the face samples that are learnt from: those of highest loss
  std::string face_loss = "cross_entropy";
  double focal_gamma = 2;
  double focal_alpha = 0.25;
  double label_smoothing = 0;
  std::string box_loss = "squared";
  std::string landmark_loss = "squared";
  double wing_width = 0.1;
  double wing_curvature = 0.02;
  double teacher = 1;  ///< weight of the teacher's loss, where there is a teacher
};

/// How gradients move the weights.
struct OptimizerOptions {
  std::string kind = "adamw";
  double lr = 2e-3;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  double clip_norm = 0;    ///< 0 = gradients are not clipped
  double average = 0.999;  ///< decay of the average of weights; 0 = none
};

/// How the learning rate changes over the run.
struct ScheduleOptions {
  std::string kind = "one_cycle";
  double warm_up = 0.1;                          ///< share of all steps
  std::vector<double> drops = {0.5, 0.75, 0.9};  ///< "steps": where, as shares of all steps
  double factor = 0.1;                           ///< "steps": by how much
};

/// Everything that decides what a training run comes to.
struct TrainOptions {
  int epochs = 20;
  int64_t seed = 1;
  double width = 1;           ///< channels of the layers, relative to the paper's
  bool landmark_head = true;  ///< P-Net and R-Net learn points too; O-Net always does where there are any
  int keep_checkpoints = 2;
  double checkpoint_minutes = 10;  ///< also within an epoch; 0 = only after each
  std::string best_metric = "fpr_at_97";
  int patience = 0;  ///< epochs without a better metric before the run ends; 0 = never
  BatchOptions batch;
  AugmentOptions augment;
  LossOptions loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
};

/// Names, ranges and help of the fields, as in docs/configuration.md.
const OptionTable<TrainOptions>& train_option_table();

/// What suits a net: P-Net learns in larger batches and faster, O-Net gives points more weight.
TrainOptions default_train_options(NetKind net);

/// \throws Error{usage} where a word is none that is known or values contradict each other.
void check_train_options(const TrainOptions& options);

}  // namespace mtcnn
