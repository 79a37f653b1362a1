#pragma once

#include "mtcnn/eval/report.h"
#include "mtcnn/eval/wider.h"

#include <span>
#include <string>

namespace mtcnn {

/// One run with its scores.
struct WiderResult {
  WiderRun run;
  WiderScores scores;
};

/// Figures and curves of some runs on one ground truth. Figures: "ap" with "easy", "medium", "hard" of the first run,
/// "ground_truth" counts, and "runs", a list with per run "name", "ap", "ap_interval" (95 %, [low, high]; absent
/// without bootstrap), "recall_by_height", "false_positives_per_image" and "counts" of what was read. The plot has one
/// line per run and setting. `inputs` stays empty: the caller knows the files.
EvalReport wider_report(std::span<const WiderResult> results, const WiderGroundTruth& truth,
                        const WiderOptions& options);

/// The same as text for people: protocol, AP with intervals, recall by height, false positives, and what of the input
/// was missing, unknown or odd.
std::string wider_text(std::span<const WiderResult> results, const WiderGroundTruth& truth,
                       const WiderOptions& options);

}  // namespace mtcnn
