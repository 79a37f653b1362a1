#include "mtcnn/eval/coco.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mtcnn {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr uint32_t kMostDetections = 1000;
constexpr int kThreshold75 = 5;
constexpr double kSmallSide = 32;
constexpr double kLargeSide = 96;
constexpr double kHugeSide = 1e5;

/// A range of areas, both ends included.
struct AreaRange {
  double low = 0;
  double high = kHugeSide * kHugeSide;

  bool holds(double area) const { return area >= low && area <= high; }
};

/// A face that a detection overlaps enough for the lowest threshold.
struct Candidate {
  uint32_t face = 0;
  double overlap = 0;
};

/// The part of the work on one image that all ranges of areas share.
struct PreparedImage {
  std::vector<uint32_t> order;                     ///< detections by falling score, at most kMostDetections
  std::vector<std::vector<Candidate>> candidates;  ///< of each of these, in the order of the faces
};

/// What became of one detection.
struct Outcome {
  double score = 0;
  uint32_t image = 0;
  uint32_t rank = 0;     ///< among the detections of its image
  uint16_t found = 0;    ///< bit t: took a face at threshold t
  uint16_t neutral = 0;  ///< bit t: counts neither way at threshold t
};

/// Everything that the figures of one range of areas need.
struct RangeOutcome {
  std::vector<Outcome> detections;    ///< by falling score
  std::vector<uint32_t> image_faces;  ///< per image: faces that count
};

/// How the detections of a range do at one threshold.
struct Curve {
  double recall = kNone;
  std::array<double, kCocoRecallLevels> precision = {};
};

double overlap_of(const CocoDetection& detection, const CocoFace& face) {
  const double w = std::min(detection.w + detection.x, face.w + face.x) - std::max(detection.x, face.x);
  const double h = std::min(detection.h + detection.y, face.h + face.y) - std::max(detection.y, face.y);
  if (w <= 0 || h <= 0) return 0;
  const double common = w * h;
  const double own = detection.w * detection.h;
  return common / (face.crowd ? own : own + face.w * face.h - common);
}

PreparedImage prepare(const CocoImage& image) {
  PreparedImage prepared;
  prepared.order.resize(image.detections.size());
  std::iota(prepared.order.begin(), prepared.order.end(), 0U);
  std::stable_sort(prepared.order.begin(), prepared.order.end(),
                   [&](uint32_t a, uint32_t b) { return image.detections[a].score > image.detections[b].score; });
  if (prepared.order.size() > kMostDetections) prepared.order.resize(kMostDetections);
  for (const uint32_t detection : prepared.order) {
    auto& candidates = prepared.candidates.emplace_back();
    for (uint32_t face = 0; face < image.faces.size(); ++face) {
      const double overlap = overlap_of(image.detections[detection], image.faces[face]);
      if (overlap >= coco_threshold(0)) candidates.push_back({face, overlap});
    }
  }
  return prepared;
}

/// Matches the detections of one image to its faces, for one range of areas.
class ImageMatcher {
 public:
  ImageMatcher(const CocoImage& image, const AreaRange& range)
      : image_(image), range_(range), taken_(image.faces.size(), 0) {
    for (const CocoFace& face : image.faces) left_out_.push_back(face.crowd || !range.holds(face.area));
  }

  uint32_t faces() const { return static_cast<uint32_t>(std::count(left_out_.begin(), left_out_.end(), false)); }

  /// To be called in falling order of score.
  Outcome match(const CocoDetection& detection, const std::vector<Candidate>& candidates) {
    Outcome outcome{.score = detection.score};
    const bool outside = !range_.holds(detection.w * detection.h);
    for (int t = 0; t < kCocoThresholds; ++t) {
      const auto bit = static_cast<uint16_t>(1U << static_cast<unsigned>(t));
      const Candidate* best = best_face(candidates, t, bit, false);
      if (best == nullptr) best = best_face(candidates, t, bit, true);
      if (best != nullptr) {
        taken_[best->face] |= bit;
        outcome.found |= bit;
      }
      if (best != nullptr ? left_out_[best->face] : outside) outcome.neutral |= bit;
    }
    return outcome;
  }

 private:
  const Candidate* best_face(const std::vector<Candidate>& candidates, int threshold, uint16_t bit,
                             bool left_out) const {
    double highest = std::min(coco_threshold(threshold), 1 - 1e-10);
    const Candidate* best = nullptr;
    for (const Candidate& candidate : candidates) {
      if (left_out_[candidate.face] != left_out) continue;
      if ((taken_[candidate.face] & bit) != 0 && !image_.faces[candidate.face].crowd) continue;
      if (candidate.overlap < highest) continue;
      highest = candidate.overlap;
      best = &candidate;
    }
    return best;
  }

  const CocoImage& image_;
  const AreaRange& range_;
  std::vector<bool> left_out_;
  std::vector<uint16_t> taken_;  ///< per face: bit t is set where it is taken at threshold t
};

RangeOutcome match_all(std::span<const CocoImage> images, std::span<const PreparedImage> prepared,
                       const AreaRange& range) {
  RangeOutcome outcome;
  for (uint32_t i = 0; i < images.size(); ++i) {
    ImageMatcher matcher(images[i], range);
    outcome.image_faces.push_back(matcher.faces());
    for (uint32_t rank = 0; rank < prepared[i].order.size(); ++rank) {
      Outcome& detection = outcome.detections.emplace_back(
          matcher.match(images[i].detections[prepared[i].order[rank]], prepared[i].candidates[rank]));
      detection.image = i;
      detection.rank = rank;
    }
  }
  std::stable_sort(outcome.detections.begin(), outcome.detections.end(),
                   [](const Outcome& a, const Outcome& b) { return a.score > b.score; });
  return outcome;
}

/// `weights` says how often each image counts; empty means once.
double count_faces(const RangeOutcome& outcome, std::span<const uint32_t> weights) {
  double faces = 0;
  for (size_t i = 0; i < outcome.image_faces.size(); ++i) {
    faces += static_cast<double>(outcome.image_faces[i]) * (weights.empty() ? 1 : weights[i]);
  }
  return faces;
}

/// Precision is kept only where recall rises: between two such places it can but fall, so that the envelope and the
/// first place of each recall level are the same as with all places kept.
Curve trace(const RangeOutcome& outcome, int threshold, uint32_t max_detections, std::span<const uint32_t> weights) {
  Curve curve;
  const double faces = count_faces(outcome, weights);
  if (faces == 0) {
    curve.precision.fill(kNone);
    return curve;
  }
  double hits = 0;
  double misses = 0;
  std::vector<std::array<double, 2>> steps;  // recall, precision
  const auto bit = 1U << static_cast<unsigned>(threshold);
  for (const Outcome& detection : outcome.detections) {
    if (detection.rank >= max_detections || (detection.neutral & bit) != 0) continue;
    const double weight = weights.empty() ? 1 : weights[detection.image];
    const bool found = (detection.found & bit) != 0;
    (found ? hits : misses) += weight;
    if (found && weight > 0) {
      steps.push_back({hits / faces, hits / (misses + hits + std::numeric_limits<double>::epsilon())});
    }
  }
  for (size_t i = steps.size(); i-- > 1;) steps[i - 1][1] = std::max(steps[i - 1][1], steps[i][1]);
  curve.recall = hits / faces;
  size_t step = 0;
  for (int level = 0; level < kCocoRecallLevels; ++level) {
    const double recall = level == kCocoRecallLevels - 1 ? 1.0 : level * 0.01;
    while (step < steps.size() && steps[step][0] < recall) ++step;
    if (step < steps.size()) curve.precision[static_cast<size_t>(level)] = steps[step][1];
  }
  return curve;
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Average precision at each threshold.
std::array<double, kCocoThresholds> average_precisions(const RangeOutcome& outcome, std::span<const uint32_t> weights) {
  std::array<double, kCocoThresholds> values = {};
  for (int t = 0; t < kCocoThresholds; ++t) {
    values[static_cast<size_t>(t)] = mean(trace(outcome, t, kCocoMaxDetections, weights).precision);
  }
  return values;
}

double mean_recall(const RangeOutcome& outcome, uint32_t max_detections) {
  double sum = 0;
  for (int t = 0; t < kCocoThresholds; ++t) sum += trace(outcome, t, max_detections, {}).recall;
  return sum / kCocoThresholds;
}

std::vector<PreparedImage> prepare_all(std::span<const CocoImage> images) {
  std::vector<PreparedImage> prepared;
  prepared.reserve(images.size());
  for (const CocoImage& image : images) prepared.push_back(prepare(image));
  return prepared;
}

}  // namespace

double coco_threshold(int index) {
  constexpr double kFirst = 0.5;
  constexpr double kLast = 0.95;
  return index == kCocoThresholds - 1 ? kLast : index * ((kLast - kFirst) / (kCocoThresholds - 1)) + kFirst;
}

CocoScore score_coco(std::span<const CocoImage> images) {
  const std::vector<PreparedImage> prepared = prepare_all(images);
  CocoScore score;
  const RangeOutcome all = match_all(images, prepared, {});
  for (int t = 0; t < kCocoThresholds; ++t) {
    const Curve curve = trace(all, t, kCocoMaxDetections, {});
    score.precision[static_cast<size_t>(t)] = curve.precision;
    if (t == 0) score.ap50 = mean(curve.precision);
    if (t == kThreshold75) score.ap75 = mean(curve.precision);
  }
  score.ap = mean(average_precisions(all, {}));
  score.ar_1 = mean_recall(all, 1);
  score.ar_10 = mean_recall(all, 10);
  score.ar_100 = mean_recall(all, 100);
  score.ar_1000 = mean_recall(all, kMostDetections);
  struct Part {
    AreaRange range;
    double& ap;
    double& ar;
  };
  const Part parts[] = {
      {{0, kSmallSide * kSmallSide}, score.ap_small, score.ar_small},
      {{kSmallSide * kSmallSide, kLargeSide * kLargeSide}, score.ap_medium, score.ar_medium},
      {{kLargeSide * kLargeSide, kHugeSide * kHugeSide}, score.ap_large, score.ar_large},
  };
  for (const Part& part : parts) {
    const RangeOutcome outcome = match_all(images, prepared, part.range);
    part.ap = mean(average_precisions(outcome, {}));
    part.ar = mean_recall(outcome, kCocoMaxDetections);
  }
  for (const CocoImage& image : images) {
    for (const CocoFace& face : image.faces) ++(face.crowd ? score.crowds : score.faces);
  }
  return score;
}

CocoIntervals coco_intervals(std::span<const CocoImage> images, const BootstrapOptions& options) {
  const RangeOutcome all = match_all(images, prepare_all(images), {});
  const auto figures = [&](std::span<const uint32_t> weights) {
    const auto precisions = average_precisions(all, weights);
    return std::vector<double>{mean(precisions), precisions[0]};
  };
  const std::vector<Interval> intervals = bootstrap_intervals(images.size(), figures, options);
  if (intervals.empty()) return {{kNone, kNone}, {kNone, kNone}};
  return {intervals[0], intervals[1]};
}

}  // namespace mtcnn
