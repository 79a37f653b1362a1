#pragma once

#include "mtcnn/eval/fddb_files.h"
#include "mtcnn/eval/report.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// One curve with what it was made from.
struct FddbResult {
  int64_t images = 0;
  int64_t faces = 0;
  int64_t detections = 0;
  std::vector<FddbRow> curve;
};

/// The scores of a run.
struct FddbScores {
  FddbResult all;                 ///< all folds together, one after the other
  std::vector<FddbResult> folds;  ///< each alone
};

/// \throws Error and ContractError as score_fddb_image does.
FddbScores score_fddb(std::span<const FddbFold> folds, const FddbOptions& options);

/// Writes DiscROC.txt and ContROC.txt for all folds together and fold-NN-DiscROC.txt, fold-NN-ContROC.txt for each
/// alone.
/// \throws Error if a file cannot be written; ContractError unless `scores` are of `folds`.
void write_fddb_curves(const std::filesystem::path& folder, std::span<const FddbFold> folds, const FddbScores& scores);

/// What was scored, for the report.
struct FddbRun {
  FddbOptions options;
  bool ellipses = false;  ///< rectangles were made upright ellipses before
  FddbMismatch mismatch;
};

/// Figures: "images", "faces", "detections", "max_fp", "tpr": {"discrete", "continuous"}, each with the rate at 50,
/// 100, 200, 500, 1000 and 2000 false positives as "50", …; the same for each of "folds"; and how many images did not
/// fit. The plot and so curve.csv end at 2000 false positives; the ROC files hold all rows.
EvalReport fddb_report(std::span<const FddbFold> folds, const FddbScores& scores, const FddbRun& run);

/// A small table of these figures with the settings, and a line for what did not fit.
std::string fddb_text(const FddbScores& scores, const FddbRun& run);

}  // namespace mtcnn
