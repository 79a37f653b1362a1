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

/// What the device computes beside the tasks' losses, in the order of figures_of().
constexpr std::array kFigures = {&EpochTotals::loss, &EpochTotals::kept, &EpochTotals::claimed, &EpochTotals::found};

Tensor figures_of(const BatchCounts& counts, const NetOutput& output, const LossTerms& terms,
                  const std::map<std::string, Tensor>& tasks) {
  const torch::NoGradGuard no_grad;
  const Tensor logits = output.face_logits.slice(0, 0, counts.faces()).flatten(1);
  const Tensor claimed = (logits.select(1, 1) >= logits.select(1, 0)).to(torch::kFloat);
  const Tensor found = claimed.slice(0, counts.negatives).sum();
  std::vector<Tensor> figures = {terms.total, terms.kept.sum().to(torch::kFloat), claimed.sum(), found};
  for (const auto& [name, loss] : tasks) figures.push_back(loss);
  return torch::stack(figures);
}

}  // namespace

StepTotals::StepTotals(const CropSet& crops, std::filesystem::path run, size_t steps)
    : crops_(crops), run_(std::move(run)), steps_together_(steps) {}

void StepTotals::add(int64_t step, const BatchCounts& counts, const std::vector<SampleId>& samples,
                     const NetOutput& output, const LossTerms& terms, EpochTotals& totals) {
  const auto named = static_cast<ptrdiff_t>(std::min(kSamplesNamed, samples.size()));
  const std::map<std::string, Tensor> tasks = terms.tasks();
  Step& added = pending_.emplace_back(Step{.number = step,
                                           .counts = counts,
                                           .samples = {samples.begin(), samples.begin() + named},
                                           .figures = figures_of(counts, output, terms, tasks)});
  for (const auto& [name, loss] : tasks) added.tasks.push_back(name);
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
    for (const std::string& task : step.tasks) own.tasks[task] = *values++;
    if (!std::isfinite(own.loss)) refuse_loss(step, own);
    own.right = static_cast<double>(step.counts.negatives) - (own.claimed - own.found) + own.found;
    for (const auto figure : kFigures) totals.*figure += own.*figure;
    for (const auto& [task, loss] : own.tasks) totals.tasks[task] += loss;
    totals.right += own.right;
  }
  pending_.clear();
}

void StepTotals::refuse_loss(const Step& step, const EpochTotals& own) const {
  std::vector<std::string> samples;
  for (const SampleId& id : step.samples) samples.push_back(crops_.describe(id));
  std::vector<std::string> losses;
  for (const auto& [task, loss] : own.tasks) losses.push_back(concat(task, " ", loss));
  throw Error(ErrorCode::bad_format, concat("the loss is not finite at step ", step.number),
              {.where = run_.string(),
               .found = concat(join(losses, ", "), "; the batch begins with ", join(samples, "; ")),
               .hint = "lower optimizer.lr, set optimizer.clip_norm, or check these crops with `mtcnn inspect`"});
}

}  // namespace mtcnn
