#include "mtcnn/train/step_totals.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mtcnn {
namespace {

using torch::Tensor;

constexpr size_t kSamplesNamed = 3;

/// What the device computes, in the order of figures_of().
constexpr std::array kFigures = {&EpochTotals::loss,     &EpochTotals::face,    &EpochTotals::box,
                                 &EpochTotals::landmark, &EpochTotals::teacher, &EpochTotals::kept,
                                 &EpochTotals::claimed,  &EpochTotals::found};

Tensor figures_of(const BatchCounts& counts, const NetOutput& output, const LossTerms& terms) {
  const torch::NoGradGuard no_grad;
  const Tensor logits = output.face_logits.slice(0, 0, counts.faces()).flatten(1);
  const Tensor claimed = (logits.select(1, 1) >= logits.select(1, 0)).to(torch::kFloat);
  const Tensor found = claimed.slice(0, counts.negatives).sum();
  const std::array<Tensor, kFigures.size()> figures = {
      terms.total,   terms.face, terms.box, terms.landmark, terms.teacher, terms.kept.sum().to(torch::kFloat),
      claimed.sum(), found};
  return torch::stack(figures);
}

}  // namespace

StepTotals::StepTotals(const CropSet& crops, std::filesystem::path run, size_t steps)
    : crops_(crops), run_(std::move(run)), steps_together_(steps) {}

void StepTotals::add(int64_t step, const BatchCounts& counts, const std::vector<SampleId>& samples,
                     const NetOutput& output, const LossTerms& terms, EpochTotals& totals) {
  const auto named = static_cast<ptrdiff_t>(std::min(kSamplesNamed, samples.size()));
  pending_.push_back({step, counts, {samples.begin(), samples.begin() + named}, figures_of(counts, output, terms)});
  ++totals.steps;
  totals.samples += counts.total();
  totals.faces += static_cast<double>(counts.faces());
  totals.positives += static_cast<double>(counts.positives);
  if (pending_.size() >= steps_together_) add_pending(totals);
}

void StepTotals::add_pending(EpochTotals& totals) {
  if (pending_.empty()) return;
  std::vector<Tensor> rows;
  for (const Step& step : pending_) rows.push_back(step.figures);
  const Tensor figures = torch::stack(rows).to(torch::kCPU, torch::kDouble);
  const double* values = figures.const_data_ptr<double>();
  for (const Step& step : pending_) {
    EpochTotals own;
    for (const auto figure : kFigures) own.*figure = *values++;
    if (!std::isfinite(own.loss)) refuse_loss(step, own);
    own.right = static_cast<double>(step.counts.negatives) - (own.claimed - own.found) + own.found;
    for (const auto figure : kFigures) totals.*figure += own.*figure;
    totals.right += own.right;
  }
  pending_.clear();
}

void StepTotals::refuse_loss(const Step& step, const EpochTotals& own) const {
  std::vector<std::string> samples;
  for (const SampleId& id : step.samples) samples.push_back(crops_.describe(id));
  throw Error(ErrorCode::bad_format, concat("the loss is not finite at step ", step.number),
              {.where = run_.string(),
               .found = concat("face ", own.face, ", box ", own.box, ", landmark ", own.landmark,
                               "; the batch begins with ", join(samples, "; ")),
               .hint = "lower optimizer.lr, set optimizer.clip_norm, or check these crops with `mtcnn inspect`"});
}

}  // namespace mtcnn
