#pragma once

#include "mtcnn/eval/fddb_regions.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

/// Something found, whoever found it.
struct FddbDetection {
  FddbRegion region;
  double score = 0;  ///< finite; any range
};

/// One image of FDDB.
struct FddbImage {
  std::string name;  ///< as in the fold list: relative path without extension
  FddbSize size;
  std::vector<FddbEllipse> faces;
  std::vector<FddbDetection> detections;
};

/// reference: the evaluator's own solver, for comparison with published curves. optimal: the largest sum of overlaps,
/// as the report defines it.
enum class FddbAssignment { reference, optimal };

/// The two choices in which published curves differ; see docs/conventions.md.
struct FddbOptions {
  FddbAssignment assignment = FddbAssignment::reference;
  FddbAngle angle = FddbAngle::opencv4;
};

/// What one image contributes where detections with score >= threshold count.
struct FddbEntry {
  double threshold = 0;
  int64_t false_positives = 0;
  int64_t true_positives = 0;  ///< matched with an overlap above 0.5
  double overlap_sum = 0;      ///< of all matches, those up to 0.5 too
};

/// An entry for each distinct score, falling; an image without detections has one of zeros at the largest double.
/// Faces and detections are matched one to one; detections that touch no face take no part and are false positives. A
/// face and a detection that have both no pixel in the image do not overlap.
/// \throws ContractError if a region cannot be drawn, the image has no pixels or a score is NaN.
/// \throws Error{unsupported} naming the image where the reference solver finds no assignment.
/// Source: Jain and Learned-Miller 2010, UM-CS-2010-009; the 2011 evaluator's behaviour.
std::vector<FddbEntry> score_fddb_image(const FddbImage& image, const FddbOptions& options);

/// One row of the ROC files.
struct FddbRow {
  double threshold = 0;
  int64_t false_positives = 0;
  double discrete = 0;    ///< true positive rate; 0 where there are no faces
  double continuous = 0;  ///< summed overlaps over faces; 0 where there are no faces
};

/// A row for each distinct threshold of all images, thresholds rising, so that the largest number of false positives
/// comes first. An image counts with its entry of the smallest own threshold >= the row's, or not at all. `images`
/// hold what score_fddb_image gave, in file order: overlaps are summed in it, as digits depend on the order. Not
/// monotone: a further detection may take a face from a better match. No images: no rows.
std::vector<FddbRow> fddb_curve(std::span<const std::vector<FddbEntry>> images, int64_t faces);

/// discrete: a match of more than half counts 1; continuous: it counts its overlap.
enum class FddbMetric { discrete, continuous };

/// The file of the evaluator: "TPR FP threshold" (DiscROC.txt) or "TPR FP" (ContROC.txt) a row, six digits.
std::string fddb_roc_text(std::span<const FddbRow> curve, FddbMetric metric);

/// The largest rate among the rows with at most so many false positives; 0 where there is none. Not interpolated.
double fddb_rate_at(std::span<const FddbRow> curve, FddbMetric metric, int64_t false_positives);

}  // namespace mtcnn
