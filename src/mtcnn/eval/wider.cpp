#include "mtcnn/eval/wider.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace mtcnn {
namespace {

constexpr size_t kThresholds = 1000;
constexpr double kMatch = 0.5;
constexpr size_t kHard = 2;
constexpr int32_t kNoFace = -1;

double overlap(const Detection& a, const WiderFace& b) {
  const double w = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x) + 1;
  const double h = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y) + 1;
  if (!(w > 0) || !(h > 0)) return 0;
  const double common = w * h;
  return common / ((a.w + 1) * (a.h + 1) + (b.w + 1) * (b.h + 1) - common);
}

/// The face that the detection overlaps most, or kNoFace where that is not enough.
int32_t best_face(const Detection& detection, const std::vector<WiderFace>& faces) {
  double best = 0;
  int32_t place = kNoFace;
  for (size_t i = 0; i < faces.size(); ++i) {
    const double value = overlap(detection, faces[i]);
    if (value > best) {
      best = value;
      place = static_cast<int32_t>(i);
    }
  }
  return best >= kMatch ? place : kNoFace;
}

/// The scores of a whole run mapped to [0, 1].
struct ScoreRange {
  double low = 0;
  double span = 1;
};

ScoreRange score_range(const WiderRun& run) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const std::vector<Detection>& faces : run.faces) {
    for (const Detection& face : faces) {
      low = std::min(low, face.confidence);
      high = std::max(high, face.confidence);
    }
  }
  if (!(high >= low)) return {};
  return {low, high > low ? high - low : 1};
}

/// The first place among the thresholds at which this score counts.
size_t first_threshold(double score) {
  const auto threshold = [](size_t place) { return 1 - static_cast<double>(place + 1) / kThresholds; };
  if (std::isnan(score)) return kThresholds - 1;  // scores so far apart that their range overflows
  // The guess may be one off in either direction, as thresholds are rounded.
  const double guess = std::clamp((1 - score) * kThresholds - 1, 0.0, static_cast<double>(kThresholds - 1));
  auto place = static_cast<size_t>(guess);
  while (place > 0 && score >= threshold(place - 1)) --place;
  while (place + 1 < kThresholds && score < threshold(place)) ++place;
  return place;
}

/// What one image adds to the counts from one threshold on.
struct Step {
  uint32_t image;
  uint32_t threshold;
  int64_t counted;
  int64_t recalled;
};

/// One setting's evidence: enough to score any weighting of the images.
struct Evidence {
  std::vector<Step> steps;     ///< by image
  std::vector<int64_t> faces;  ///< kept faces per image
};

/// One detection after matching, in score order within its image.
struct Matched {
  size_t threshold;
  int32_t face;
};

/// Adds one image's steps; sets `found` for the kept faces that were found.
void add_image(Evidence& evidence, const WiderImage& image, std::span<const Matched> detections, size_t setting,
               std::vector<bool>& found) {
  const auto index = static_cast<uint32_t>(evidence.faces.size());
  evidence.faces.push_back(
      std::count_if(image.faces.begin(), image.faces.end(), [&](const WiderFace& face) { return face.kept[setting]; }));
  found.assign(image.faces.size(), false);
  const size_t first = evidence.steps.size();
  for (const Matched& detection : detections) {
    Step step{index, static_cast<uint32_t>(detection.threshold), 1, 0};
    if (detection.face != kNoFace) {
      const auto face = static_cast<size_t>(detection.face);
      if (!image.faces[face].kept[setting]) continue;  // neutral
      step.recalled = found[face] ? 0 : 1;
      found[face] = true;
    }
    if (evidence.steps.size() > first && evidence.steps.back().threshold == step.threshold) {
      ++evidence.steps.back().counted;
      evidence.steps.back().recalled += step.recalled;
    } else {
      evidence.steps.push_back(step);
    }
  }
}

/// Counts at each threshold, and the precision-recall curve that they make.
class Curve {
 public:
  /// An empty `weights` counts each image once.
  void build(const Evidence& evidence, std::span<const uint32_t> weights) {
    counted_.assign(kThresholds, 0);
    recalled_.assign(kThresholds, 0);
    int64_t faces = 0;
    const auto weight = [&](size_t image) { return weights.empty() ? 1 : static_cast<int64_t>(weights[image]); };
    for (size_t i = 0; i < evidence.faces.size(); ++i) faces += weight(i) * evidence.faces[i];
    for (const Step& step : evidence.steps) {
      const int64_t times = weight(step.image);
      counted_[step.threshold] += times * step.counted;
      recalled_[step.threshold] += times * step.recalled;
    }
    precision.resize(kThresholds);
    recall.resize(kThresholds);
    for (size_t t = 0; t < kThresholds; ++t) {
      if (t > 0) {
        counted_[t] += counted_[t - 1];
        recalled_[t] += recalled_[t - 1];
      }
      const auto hits = static_cast<double>(recalled_[t]);
      precision[t] = counted_[t] > 0 ? hits / static_cast<double>(counted_[t]) : 0;
      recall[t] = faces > 0 ? hits / static_cast<double>(faces) : 0;
    }
  }

  double ap() const {
    double area = 0;
    double envelope = 0;  // the sentinel (1, 0)
    for (size_t t = kThresholds; t-- > 0;) {
      envelope = std::max(envelope, precision[t]);
      area += (recall[t] - (t > 0 ? recall[t - 1] : 0)) * envelope;
    }
    return area;
  }

  std::optional<double> false_positives_at(double wanted, int64_t images) const {
    const auto reached = std::lower_bound(recall.begin(), recall.end(), wanted);
    if (reached == recall.end()) return std::nullopt;
    const auto t = static_cast<size_t>(reached - recall.begin());
    return static_cast<double>(counted_[t] - recalled_[t]) / static_cast<double>(images);
  }

  std::vector<double> precision;
  std::vector<double> recall;

 private:
  std::vector<int64_t> counted_;
  std::vector<int64_t> recalled_;
};

std::vector<WiderHeightRecall> height_ranges() {
  return {{10, 20}, {20, 50}, {50, 100}, {100, std::numeric_limits<double>::infinity()}};
}

void add_heights(std::vector<WiderHeightRecall>& ranges, const WiderImage& image, const std::vector<bool>& found) {
  for (size_t i = 0; i < image.faces.size(); ++i) {
    if (!image.faces[i].kept[kHard]) continue;
    for (WiderHeightRecall& range : ranges) {
      if (image.faces[i].h < range.low || image.faces[i].h >= range.high) continue;
      ++range.faces;
      range.found += found[i] ? 1 : 0;
    }
  }
}

/// Sorts one image's detections, finds the best face of each and the threshold from which it counts.
std::vector<Matched> match(const std::vector<Detection>& faces, const WiderImage& image, const ScoreRange& range) {
  std::vector<Matched> result;
  if (image.faces.empty()) return result;
  result.reserve(faces.size());
  for (const Detection& face : by_falling_score(faces))
    result.push_back({first_threshold((face.confidence - range.low) / range.span), best_face(face, image.faces)});
  return result;
}

void check(const WiderRun& run, const WiderGroundTruth& truth, const WiderOptions& options) {
  require(run.faces.size() == truth.images.size(), "score_wider: run and ground truth differ in images");
  for (const double recall : options.recalls) require(recall > 0 && recall <= 1, "score_wider: recalls lie in (0, 1]");
  for (const std::vector<Detection>& faces : run.faces) {
    for (const Detection& face : faces) {
      for (const double value : {face.x, face.y, face.w, face.h, face.confidence})
        require(std::isfinite(value), "score_wider: a value is not finite");
    }
  }
}

}  // namespace

WiderScores score_wider(const WiderRun& run, const WiderGroundTruth& truth, const WiderOptions& options) {
  check(run, truth, options);
  const size_t images = truth.images.size();
  const ScoreRange range = score_range(run);
  WiderScores scores{.settings = {}, .heights = height_ranges()};
  std::array<Evidence, kWiderSettings> evidence;
  std::vector<bool> found;
  for (size_t i = 0; i < images; ++i) {
    const std::vector<Matched> matched = match(run.faces[i], truth.images[i], range);
    for (size_t s = 0; s < kWiderSettings; ++s) {
      add_image(evidence[s], truth.images[i], matched, s, found);
      if (s == kHard) add_heights(scores.heights, truth.images[i], found);
    }
  }
  const auto scored_images = std::count_if(truth.images.begin(), truth.images.end(),
                                           [](const WiderImage& image) { return !image.faces.empty(); });
  Curve curve;
  for (size_t s = 0; s < kWiderSettings; ++s) {
    curve.build(evidence[s], {});
    scores.settings[s].ap = curve.ap();
    scores.settings[s].precision = curve.precision;
    scores.settings[s].recall = curve.recall;
    for (const double recall : options.recalls)
      scores.settings[s].false_positives.push_back(curve.false_positives_at(recall, scored_images));
  }
  const auto aps = [&](std::span<const uint32_t> weights) {
    std::vector<double> result;
    for (const Evidence& of_setting : evidence) {
      curve.build(of_setting, weights);
      result.push_back(curve.ap());
    }
    return result;
  };
  const std::vector<Interval> intervals = bootstrap_intervals(images, aps, options.bootstrap);
  for (size_t s = 0; s < intervals.size(); ++s) scores.settings[s].interval = intervals[s];
  return scores;
}

}  // namespace mtcnn
