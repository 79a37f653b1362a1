#include "mtcnn/train/options.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mtcnn {
namespace {

constexpr Range kShare{0, 1};
constexpr Range kBelowOne{0, 0.999999};
constexpr Range kPositive{0, 1e9};

const OptionTable<BatchOptions>& batch_table() {
  using O = BatchOptions;
  static const auto table =
      OptionTable<O>()
          .add("size", &O::size, {4, 1 << 20}, "crops per step")
          .add("negatives", &O::negatives, {0, 1000}, "share of negatives; the paper's mix is 3 : 1 : 1 : 2")
          .add("positives", &O::positives, {0, 1000}, "share of positives")
          .add("parts", &O::parts, {0, 1000}, "share of parts (windows that show part of a face)")
          .add("landmarks", &O::landmarks, {0, 1000}, "share of landmark samples")
          .add("steps_per_epoch", &O::steps_per_epoch, {0, 1e9},
               "training steps per epoch; 0 = one pass over the positives")
          .add("validation_share", &O::validation_share, {0, 0.9},
               "share of the images held out for validation if the crops come without validation crops");
  return table;
}

const OptionTable<AugmentOptions>& augment_table() {
  using O = AugmentOptions;
  static const auto table =
      OptionTable<O>()
          .add("mirror", &O::mirror, kShare, "probability of mirroring a crop, with its labels")
          .add("brightness", &O::brightness, kShare, "largest shift, relative to 128 grey levels")
          .add("contrast", &O::contrast, kBelowOne, "largest change of the contrast's factor")
          .add("saturation", &O::saturation, kShare, "largest change of the saturation's factor")
          .add("gain", &O::gain, kBelowOne, "largest change of each colour's factor")
          .add("grey", &O::grey, kShare, "probability of turning a crop grey, so that colour does not become a cue")
          .add("gamma", &O::gamma, kShare, "probability of a gamma between 0.6 and 1.6")
          .add("blur", &O::blur, kShare, "probability of a blur over 3 x 3 pixels")
          .add("low_resolution", &O::low_resolution, kShare, "probability of shrinking a crop and enlarging it again")
          .add("smallest_scale", &O::smallest_scale, {0.1, 0.9}, "smallest scale of that shrinking; the largest is 0.9")
          .add("noise", &O::noise, kShare, "probability of adding noise")
          .add("noise_level", &O::noise_level, {0, 255}, "largest standard deviation of the noise, grey levels")
          .add("jpeg", &O::jpeg, kShare, "probability of JPEG artefacts")
          .add("jpeg_quality", &O::jpeg_quality, {1, 90}, "lowest JPEG quality; the highest is 90")
          .add("cutout", &O::cutout, kShare, "probability of covering a rectangle with one colour");
  return table;
}

const OptionTable<LossOptions>& loss_table() {
  using O = LossOptions;
  static const auto table =
      OptionTable<O>()
          .add("face", &O::face, {0, 1000}, "weight of the face loss")
          .add("box", &O::box, {0, 1000}, "weight of the box loss")
          .add("landmark", &O::landmark, {0, 1000}, "weight of the landmark loss; the paper has 1 for O-Net")
          .add("mined", &O::mined, {0.01, 1},
               "share of the face samples that count in the loss: those of highest loss (online hard sample mining)")
          .add("face_loss", &O::face_loss, {},
               "cross_entropy, or focal (easy samples count less; use it in place of mining)")
          .add("focal_gamma", &O::focal_gamma, {0, 10}, "focal: exponent; larger = easy samples count less")
          .add("focal_alpha", &O::focal_alpha, {0, 1, true}, "focal: weight of faces against non-faces")
          .add("label_smoothing", &O::label_smoothing, {0, 0.5},
               "s: targets are s / 2 and 1 - s / 2 instead of 0 and 1, which makes scores less confident")
          .add("box_loss", &O::box_loss, {},
               "squared, smooth_l1 (outliers count less), or iou (1 - GIoU of the regressed box)")
          .add("landmark_loss", &O::landmark_loss, {},
               "squared, smooth_l1, or wing (small errors count more than with squared)")
          .add("wing_width", &O::wing_width, {0, 10, true},
               "wing: largest error that counts as small, relative to the window")
          .add("wing_curvature", &O::wing_curvature, {0, 10, true},
               "wing: curvature for small errors, relative to the window")
          .add("teacher", &O::teacher, {0, 1000},
               "weight of the distance to the outputs of another net (`--teacher`), if there is one");
  return table;
}

const OptionTable<OptimizerOptions>& optimizer_table() {
  using O = OptimizerOptions;
  static const auto table =
      OptionTable<O>()
          .add("kind", &O::kind, {}, "optimizer: sgd, adam or adamw")
          .add("lr", &O::lr, {0, 100}, "largest learning rate")
          .add("momentum", &O::momentum, kBelowOne, "sgd: momentum")
          .add("weight_decay", &O::weight_decay, {0, 10}, "weight decay; not applied to biases and PReLU slopes")
          .add("clip_norm", &O::clip_norm, kPositive, "largest norm of all gradients together; 0 = no limit")
          .add("average", &O::average, kBelowOne,
               "decay per step of the moving average of the weights, which is validated and exported; 0 = no average");
  return table;
}

const OptionTable<ScheduleOptions>& schedule_table() {
  using O = ScheduleOptions;
  static const auto table =
      OptionTable<O>()
          .add("kind", &O::kind, {},
               "schedule of the learning rate: constant, steps, cosine or one_cycle (warm-up, then cosine)")
          .add("warm_up", &O::warm_up, kBelowOne,
               "share of all steps in which the learning rate rises; not for constant")
          .add("drops", &O::drops, {0, 1, true}, "steps: shares of all steps after which the learning rate falls")
          .add("factor", &O::factor, {0, 1, true}, "steps: factor by which the learning rate falls");
  return table;
}

void require_one_of(const std::string& value, const char* key, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  const std::string nearest = nearest_name(value, known);
  throw Error(ErrorCode::usage, concat("unknown value of '", key, "'"),
              {.found = concat("'", value, "'"),
               .expected = join(known, ", "),
               .hint = nearest.empty() ? "" : concat("did you mean '", nearest, "'?")});
}

}  // namespace

BatchCounts BatchOptions::counts() const {
  const double sum = negatives + positives + parts + landmarks;
  require(sum > 0, "BatchOptions::counts: no shares");
  const auto part = [&](double share) { return static_cast<int64_t>(std::floor(size * share / sum)); };
  BatchCounts counts{.positives = part(positives), .parts = part(parts), .landmarks = part(landmarks)};
  counts.negatives = negatives > 0 ? size - counts.total() : 0;
  return counts;
}

const OptionTable<TrainOptions>& train_option_table() {
  using O = TrainOptions;
  static const auto table =
      OptionTable<O>()
          .add("epochs", &O::epochs, {1, 1000000}, "number of epochs, see batch.steps_per_epoch")
          .add("seed", &O::seed, {0, 9e15}, "random seed: initial weights, order and augmentation")
          .add(
              "width", &O::width, {0.1, 4},
              "number of channels of every layer except the heads, relative to the paper: 2 = twice as many, for up to "
              "four times the computation; `--init` needs a net of the same width")
          .add("landmark_head", &O::landmark_head, {},
               "P-Net and R-Net learn landmarks too, as in the paper, at some cost in classification; O-Net always "
               "does, unless the crops have no landmarks")
          .add("keep_checkpoints", &O::keep_checkpoints, {1, 1000}, "number of checkpoints kept: the last ones")
          .add("checkpoint_minutes", &O::checkpoint_minutes, {0, 1e6},
               "minutes between checkpoints within an epoch; 0 = only one after each epoch")
          .add("best_metric", &O::best_metric, {},
               "metric on the validation crops that chooses the best checkpoint: fpr_at_97 (share of negatives that "
               "pass "
               "at the threshold that 97 % of positives pass), accuracy, loss, box_error or nme")
          .add("patience", &O::patience, {0, 1000000}, "epochs without a better metric before the run ends; 0 = never")
          .section("batch", &O::batch, batch_table())
          .section("augment", &O::augment, augment_table())
          .section("loss", &O::loss, loss_table())
          .section("optimizer", &O::optimizer, optimizer_table())
          .section("schedule", &O::schedule, schedule_table());
  return table;
}

TrainOptions default_train_options(NetKind net) {
  TrainOptions options;
  if (net == NetKind::pnet) {
    options.batch.size = 1280;
    options.optimizer.lr = 4e-3;
  }
  if (net == NetKind::onet) options.loss.landmark = 1;
  return options;
}

void check_train_options(const TrainOptions& options) {
  train_option_table().check(options);
  require_one_of(options.best_metric, "best_metric", {"fpr_at_97", "accuracy", "loss", "box_error", "nme"});
  require_one_of(options.loss.face_loss, "loss.face_loss", {"cross_entropy", "focal"});
  require_one_of(options.loss.box_loss, "loss.box_loss", {"squared", "smooth_l1", "iou"});
  require_one_of(options.loss.landmark_loss, "loss.landmark_loss", {"squared", "smooth_l1", "wing"});
  require_one_of(options.optimizer.kind, "optimizer.kind", {"sgd", "adam", "adamw"});
  require_one_of(options.schedule.kind, "schedule.kind", {"constant", "steps", "cosine", "one_cycle"});
  const std::vector<double>& drops = options.schedule.drops;
  if (!std::is_sorted(drops.begin(), drops.end())) {
    throw Error(ErrorCode::usage, "bad 'schedule.drops'",
                {.found = shown(Json(drops)), .expected = "rising shares of all steps, as [0.5, 0.75, 0.9]"});
  }
  const BatchOptions& batch = options.batch;
  if (batch.negatives + batch.positives + batch.parts + batch.landmarks <= 0)
    throw Error(ErrorCode::usage, "an empty batch: all its shares are 0",
                {.hint = "give at least one kind of crops a share above 0"});
}

}  // namespace mtcnn
