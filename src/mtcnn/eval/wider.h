#pragma once

#include "mtcnn/eval/bootstrap.h"
#include "mtcnn/eval/wider_detections.h"
#include "mtcnn/eval/wider_ground_truth.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mtcnn {

/// What score_wider() follows, in one line.
inline constexpr const char* kWiderProtocol =
    "WIDER FACE validation, official protocol: IoU 0.5 with +1 sizes, faces outside a setting neutral, "
    "1000 thresholds over normalised scores, area under the monotone envelope";

/// What is measured beside the three APs.
struct WiderOptions {
  BootstrapOptions bootstrap;                               ///< 0 repeats: no intervals
  std::vector<double> recalls = {0.5, 0.6, 0.7, 0.8, 0.9};  ///< at which false positives are counted; each in (0, 1]
};

/// One setting's figures.
struct WiderScore {
  double ap = 0;
  std::optional<Interval>
      interval;                   ///< 95 % over images; absent where no bootstrap was asked for or there are no images
  std::vector<double> precision;  ///< at the 1000 thresholds, from the strictest to the laxest
  std::vector<double> recall;
  /// Per entry of `recalls`: false positives per image with faces (others are passed over) at the strictest threshold
  /// that reaches this recall; absent where none does.
  std::vector<std::optional<double>> false_positives;
};

/// How many faces of one range of heights were found at the laxest threshold.
struct WiderHeightRecall {
  double low = 0;   ///< pixels, included
  double high = 0;  ///< excluded; infinity in the last
  int64_t faces = 0;
  int64_t found = 0;
};

/// The scores of easy, medium and hard, in this order, and recall by height.
struct WiderScores {
  std::array<WiderScore, kWiderSettings> settings;
  std::vector<WiderHeightRecall> heights;  ///< 10-20, 20-50, 50-100, 100 and more; over the faces that hard keeps
};

/// Scores one run as the official evaluator does, in double precision. No detections, or a setting without faces: AP 0.
/// What is peculiar to the reference and kept:
/// - reference: boxes are [x, x + w] with both ends included, so widths, heights and areas are 1 larger than elsewhere
/// in this project. Where the common width or height is not positive the overlap is 0.
/// - reference: each detection looks at the face that it overlaps most among *all* faces of the image (the first of
/// equal ones), also at those that are taken already or outside the setting; it does not try the second best.
/// - reference: a detection whose best face (IoU >= 0.5) lies outside the setting is neutral: it counts neither as true
/// nor as false. One whose best face is kept but taken is a false positive.
/// - reference: images without any face are passed over: detections there are no false positives.
/// - reference: scores are normalised to [0, 1] by the lowest and the highest score over all images of the ground
/// truth, so that one outlier moves every threshold. Detections of unknown images take no part. The reference starts
/// its search for the highest at 1.2e-38 and divides by zero where all scores are equal; here the true maximum is used,
/// and equal scores all become 0.
/// - reference: precision and recall are taken at the 1000 thresholds 1 - t/1000, t = 1 .. 1000, not at every score; AP
/// cannot tell detectors apart that differ within a thousandth of the score range.
/// - reference: counts of all images are added up per threshold; precision is 0 where nothing is counted yet. Recall is
/// over all faces that the setting keeps, those of images without detections included.
/// - reference: AP is the area under the monotone envelope of precision over recall, with sentinels (0, 0) and (1, 0).
/// Detections are sorted by score first, stably; the reference reads them sorted. The bootstrap draws images; scores
/// stay normalised as in the full set.
/// \throws ContractError if run and truth differ in their number of images, a value is not finite, or an option is out
/// of its range.
/// Source: Yang et al. 2016 and the data set's eval_tools (evaluation.m, norm_score.m, boxoverlap.m).
WiderScores score_wider(const WiderRun& run, const WiderGroundTruth& truth, const WiderOptions& options);

}  // namespace mtcnn
