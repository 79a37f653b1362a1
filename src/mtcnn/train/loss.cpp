#include "mtcnn/train/loss.h"

#include "mtcnn/core/error.h"

#include <cmath>

#include <torch/nn/functional.h>

namespace mtcnn {
namespace {

using torch::Tensor;

/// Rows [first, first + count) of a head, as [count, values].
Tensor rows(const Tensor& head, int64_t first, int64_t count) { return head.slice(0, first, first + count).flatten(1); }

Tensor nothing(const NetOutput& output) { return output.face_logits.new_zeros({}); }

/// A loss a sample from errors a value.
Tensor errors_to_losses(const Tensor& errors, const std::string& kind, const LossOptions& options) {
  if (kind == "squared") return errors.square().sum(1);
  const Tensor size = errors.abs();
  if (kind == "smooth_l1") return torch::where(size < 1, 0.5 * errors.square(), size - 0.5).sum(1);
  require(kind == "wing", "multi_task_loss: no such loss for boxes or landmarks");
  const double width = options.wing_width;
  const double curvature = options.wing_curvature;
  const double jump = width - width * std::log(1 + width / curvature);  // the two pieces meet
  return torch::where(size < width, width * torch::log1p(size / curvature), size - jump).sum(1);
}

/// 1 - GIoU of the boxes that predicted and wanted offsets mean, in units of the window.
/// Source: Rezatofighi et al. 2019.
Tensor giou_losses(const Tensor& predicted, const Tensor& wanted) {
  const auto edges = [](const Tensor& offsets) {
    const Tensor corner = offsets + torch::tensor({0, 0, 1, 1}, offsets.options());
    // An inverted box counts as empty at its first corner.
    const Tensor low = corner.slice(1, 0, 2);
    return std::pair(low, torch::maximum(low, corner.slice(1, 2, 4)));
  };
  const auto [low_a, high_a] = edges(predicted);
  const auto [low_b, high_b] = edges(wanted);
  const auto area = [](const Tensor& low, const Tensor& high) { return (high - low).clamp_min(0).prod(1); };
  const Tensor common = area(torch::maximum(low_a, low_b), torch::minimum(high_a, high_b));
  const Tensor joined = area(low_a, high_a) + area(low_b, high_b) - common;
  const Tensor hull = area(torch::minimum(low_a, low_b), torch::maximum(high_a, high_b));
  constexpr double kSmall = 1e-7;
  return 1 - common / (joined + kSmall) + (hull - joined) / (hull + kSmall);
}

int64_t mined_count(const Tensor& losses, double share) {
  return static_cast<int64_t>(std::ceil(share * static_cast<double>(losses.numel())));
}

/// \param count  of the values that are kept.
Tensor mean_of(const Tensor& values, const Tensor& kept, int64_t count) {
  if (values.is_cpu()) return values.masked_select(kept).mean();
  // There the host would wait for the device, to learn how many there are.
  return torch::where(kept, values, torch::zeros_like(values)).sum() / count;
}

struct FaceLoss {
  Tensor loss;
  Tensor kept;
};

FaceLoss face_loss(const Tensor& logits, const BatchCounts& counts, const LossOptions& options) {
  const auto type = logits.options().dtype(torch::kLong);
  const Tensor labels = torch::cat({torch::zeros({counts.negatives}, type), torch::ones({counts.positives}, type)});
  const Tensor log_probability = torch::log_softmax(logits, 1);
  const Tensor own = log_probability.gather(1, labels.unsqueeze(1)).squeeze(1);
  const Tensor other = log_probability.gather(1, (1 - labels).unsqueeze(1)).squeeze(1);
  const double smooth = options.label_smoothing / 2;
  const Tensor losses = smooth > 0 ? -(1 - smooth) * own - smooth * other : -own;
  if (options.face_loss == "focal") {
    const Tensor weight = torch::where(labels == 1, options.focal_alpha, 1 - options.focal_alpha);
    return {(weight * (1 - own.exp()).pow(options.focal_gamma) * losses).mean(),
            torch::ones_like(labels, torch::kBool)};
  }
  require(options.face_loss == "cross_entropy", "multi_task_loss: no such loss for faces");
  const Tensor kept = mining_mask(losses.detach(), options.mined);
  return {mean_of(losses, kept, mined_count(losses, options.mined)), kept};
}

}  // namespace

torch::Tensor mining_mask(const torch::Tensor& losses, double share) {
  const int64_t kept = mined_count(losses, share);
  const Tensor order = std::get<1>(losses.sort(/*stable=*/true, /*dim=*/0, /*descending=*/true));
  return torch::zeros_like(losses, torch::kBool).index_fill_(0, order.slice(0, 0, kept), true);
}

std::map<std::string, Tensor> LossTerms::tasks() const {
  std::map<std::string, Tensor> all = others;
  all.insert({{"face", face}, {"box", box}, {"landmark", landmark}, {"teacher", teacher}});
  return all;
}

LossTerms multi_task_loss(const NetOutput& output, const BatchTargets& targets, const LossOptions& options) {
  const BatchCounts& counts = targets.counts;
  require(output.face_logits.size(0) == counts.total() && targets.offsets.size(0) == counts.boxes() &&
              targets.landmarks.size(0) == counts.landmarks,
          "multi_task_loss: output and labels have different numbers of rows");
  LossTerms terms{.face = nothing(output),
                  .box = nothing(output),
                  .landmark = nothing(output),
                  .teacher = nothing(output),
                  .kept = torch::zeros({counts.faces()}, output.face_logits.options().dtype(torch::kBool))};
  if (counts.faces() > 0) {
    FaceLoss face = face_loss(rows(output.face_logits, 0, counts.faces()), counts, options);
    terms.face = face.loss;
    terms.kept = face.kept;
  }
  if (counts.boxes() > 0) {
    const Tensor predicted = rows(output.offsets, counts.negatives, counts.boxes());
    terms.box = (options.box_loss == "iou" ? giou_losses(predicted, targets.offsets)
                                           : errors_to_losses(predicted - targets.offsets, options.box_loss, options))
                    .mean();
  }
  if (counts.landmarks > 0 && output.landmarks.defined()) {
    const Tensor predicted = rows(output.landmarks, counts.negatives + counts.boxes(), counts.landmarks);
    terms.landmark = errors_to_losses(predicted - targets.landmarks, options.landmark_loss, options).mean();
  }
  terms.total = options.face * terms.face + options.box * terms.box + options.landmark * terms.landmark;
  return terms;
}

torch::Tensor teacher_loss(const NetOutput& output, const NetOutput& teacher, const LossOptions& options) {
  const int64_t count = output.face_logits.size(0);
  require(count > 0 && teacher.face_logits.size(0) == count, "teacher_loss: the nets answered different crops");
  const Tensor wanted = torch::log_softmax(teacher.face_logits.flatten(1), 1);
  const Tensor given = torch::log_softmax(output.face_logits.flatten(1), 1);
  const Tensor face = (wanted.exp() * (wanted - given)).sum(1).mean();
  const Tensor probability = wanted.select(1, 1).exp();
  const Tensor weights = probability / probability.sum().clamp_min(1);
  const auto distance = [&](const Tensor& ours, const Tensor& theirs) {
    return (weights * (ours - theirs).flatten(1).square().sum(1)).sum();
  };
  Tensor loss = options.face * face + options.box * distance(output.offsets, teacher.offsets);
  const bool both = output.landmarks.defined() && teacher.landmarks.defined();
  if (both && output.landmarks.size(1) == teacher.landmarks.size(1))
    loss = loss + options.landmark * distance(output.landmarks, teacher.landmarks);
  return loss;
}

void add_teacher(const NetOutput& output, const NetOutput& teacher, const LossOptions& options, LossTerms& terms) {
  terms.teacher = teacher_loss(output, teacher, options);
  terms.total = terms.total + options.teacher * terms.teacher;
}

}  // namespace mtcnn
