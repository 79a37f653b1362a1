#include "mtcnn/train/metrics_lines.h"

#include "mtcnn/core/text.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

double per_second(const EpochTotals& totals) {
  return static_cast<double>(totals.samples) / std::max(1e-9, totals.seconds);
}

double wait_share(const EpochTotals& totals) { return totals.waited_s / std::max(1e-9, totals.seconds); }

Json line_of(const EpochRecord& epoch, const char* split) {
  return {{"step", epoch.state.step},
          {"epoch", epoch.state.epoch},
          {"split", split},
          {"lr", epoch.lr},
          {"time_s", epoch.state.seconds}};
}

}  // namespace

Json train_line(const EpochRecord& epoch) {
  const EpochTotals& totals = epoch.totals;
  const auto steps = static_cast<double>(std::max<int64_t>(1, totals.steps));
  Json line = line_of(epoch, "train");
  line["loss"] = totals.loss / steps;
  for (const auto& [task, loss] : totals.tasks) line["loss_" + task] = loss / steps;
  line["accuracy"] = totals.right / totals.faces;
  line["recall"] = totals.found / totals.positives;
  line["precision"] = totals.found / totals.claimed;
  line["mined"] = totals.kept / totals.faces;
  line["samples_per_s"] = per_second(totals);
  line["wait_share"] = wait_share(totals);
  return line;
}

Json validation_line(const EpochRecord& epoch) {
  const ValidationMetrics& metrics = epoch.metrics;
  Json line = line_of(epoch, "val");
  for (const auto& [name, metric] : kValidationMetrics) line[name] = metrics.*metric;
  return line;
}

std::string epoch_text(const EpochRecord& epoch, int epochs) {
  const EpochTotals& totals = epoch.totals;
  const ValidationMetrics& metrics = epoch.metrics;
  const auto steps = static_cast<double>(std::max<int64_t>(1, totals.steps));
  const auto percent = [](double share, int digits) { return fixed(100 * share, digits) + " %"; };
  return concat("epoch ", epoch.state.epoch, "/", epochs, ": loss ", fixed(totals.loss / steps, 4),
                ", validation loss ", fixed(metrics.loss, 4), ", accuracy ", percent(metrics.accuracy, 2),
                ", negatives passed at 97 % ", percent(metrics.fpr_at_97, 2), ", box ", fixed(metrics.box_error, 4),
                std::isfinite(metrics.nme) ? ", points " + percent(metrics.nme, 2) : "", "; ",
                fixed(per_second(totals), 0), " crops/s, ", percent(wait_share(totals), 1), " waiting",
                epoch.state.best_epoch == epoch.state.epoch ? " (best)" : "");
}

}  // namespace mtcnn
