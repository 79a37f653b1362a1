#include "mtcnn/eval/wider.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "unit/eval/wider_truth_writer.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using testing::wider_truth;

// --- the protocol by its definition, slow: every threshold walks over every detection of every image -----------------

double plain_overlap(const Detection& a, const WiderFace& b) {
  const double w = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x) + 1;
  const double h = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y) + 1;
  const double common = w > 0 && h > 0 ? w * h : 0;
  return common / ((a.w + 1) * (a.h + 1) + (b.w + 1) * (b.h + 1) - common);
}

/// One image at one threshold, from scratch: counted detections and recalled faces.
std::pair<int, int> plain_counts(const std::vector<Detection>& sorted, const std::vector<double>& scores,
                                 const WiderImage& image, size_t setting, double threshold) {
  if (image.faces.empty()) return {0, 0};
  std::vector<bool> found(image.faces.size());
  int counted = 0;
  int recalled = 0;
  for (size_t k = 0; k < sorted.size() && scores[k] >= threshold; ++k) {
    size_t best = 0;
    for (size_t i = 1; i < image.faces.size(); ++i) {
      if (plain_overlap(sorted[k], image.faces[i]) > plain_overlap(sorted[k], image.faces[best])) best = i;
    }
    const bool matches = plain_overlap(sorted[k], image.faces[best]) >= 0.5;
    if (matches && !image.faces[best].kept[setting]) continue;
    ++counted;
    if (matches && !found[best]) {
      found[best] = true;
      ++recalled;
    }
  }
  return {counted, recalled};
}

/// The area under the envelope, point by point over the sentinels.
double plain_area(const std::vector<double>& recall, const std::vector<double>& precision) {
  std::vector<double> r = {0};
  std::vector<double> p = {0};
  r.insert(r.end(), recall.begin(), recall.end());
  p.insert(p.end(), precision.begin(), precision.end());
  r.push_back(1);
  p.push_back(0);
  double area = 0;
  for (size_t i = 0; i + 1 < r.size(); ++i)
    area += (r[i + 1] - r[i]) * *std::max_element(p.begin() + static_cast<long>(i) + 1, p.end());
  return area;
}

struct PlainScore {
  double ap = 0;
  std::vector<double> precision;
  std::vector<double> recall;
};

PlainScore plain_score(const WiderRun& run, const WiderGroundTruth& truth, size_t setting) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const auto& faces : run.faces) {
    for (const Detection& face : faces) {
      low = std::min(low, face.confidence);
      high = std::max(high, face.confidence);
    }
  }
  int kept = 0;
  for (const WiderImage& image : truth.images) {
    for (const WiderFace& face : image.faces) kept += face.kept[setting] ? 1 : 0;
  }
  PlainScore score;
  for (int t = 1; t <= 1000; ++t) {
    int counted = 0;
    int recalled = 0;
    for (size_t i = 0; i < truth.images.size(); ++i) {
      const std::vector<Detection> sorted = by_falling_score(run.faces[i]);
      std::vector<double> scores;
      for (const Detection& face : sorted) scores.push_back((face.confidence - low) / (high > low ? high - low : 1));
      const auto [more_counted, more_recalled] = plain_counts(sorted, scores, truth.images[i], setting, 1 - t / 1000.0);
      counted += more_counted;
      recalled += more_recalled;
    }
    score.precision.push_back(counted > 0 ? static_cast<double>(recalled) / counted : 0);
    score.recall.push_back(kept > 0 ? static_cast<double>(recalled) / kept : 0);
  }
  score.ap = plain_area(score.recall, score.precision);
  return score;
}

// --- random cases ----------------------------------------------------------------------------------------------------

struct Case {
  WiderGroundTruth truth;
  WiderRun run;
};

/// Crowded faces, near misses, doubles, ties of scores and of overlaps, images without faces or detections.
Case random_case(uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](int count) { return static_cast<int>(random() % static_cast<uint32_t>(count)); };
  Case made;
  std::vector<WiderImage> images;
  for (uint32_t i = 0; i < 12; ++i) {
    WiderImage image{"0--Event", std::to_string(i), {}};
    made.run.faces.emplace_back();
    for (int f = below(6); f > 0; --f) {
      const WiderFace face{double(below(60)),
                           double(below(60)),
                           double(5 + below(60)),
                           double(5 + below(120)),
                           {below(3) == 0, below(2) == 0, below(4) != 0}};
      image.faces.push_back(face);
      for (int d = below(4); d > 0; --d) {
        made.run.faces.back().push_back({face.x + below(7) * 0.5, face.y + below(9), face.w * (0.8 + below(5) * 0.1),
                                         face.h, below(2) == 0 ? below(20) / 20.0 : below(100000) / 99999.0});
      }
    }
    for (int d = below(4); d > 0; --d)
      made.run.faces.back().push_back(
          {double(below(80)), double(below(80)), double(below(50)), double(below(50)), below(20) / 20.0});
    images.push_back(std::move(image));
  }
  made.truth = wider_truth(std::move(images));
  return made;
}

const WiderOptions kNoBootstrap{.bootstrap = {.repeats = 0}};

TEST(Wider, AgreesWithThePlainDefinition) {
  for (uint32_t seed = 0; seed < 10; ++seed) {
    const Case made = random_case(seed);
    const WiderScores scores = score_wider(made.run, made.truth, kNoBootstrap);
    for (size_t s = 0; s < kWiderSettings; ++s) {
      const PlainScore plain = plain_score(made.run, made.truth, s);
      EXPECT_EQ(scores.settings[s].precision, plain.precision) << "seed " << seed;
      EXPECT_EQ(scores.settings[s].recall, plain.recall) << "seed " << seed;
      EXPECT_NEAR(scores.settings[s].ap, plain.ap, 1e-12) << "seed " << seed;  // other order of sums
      EXPECT_GE(scores.settings[s].ap, 0);
      EXPECT_LE(scores.settings[s].ap, 1);
    }
  }
}

TEST(Wider, ScoresAtTheThresholdsThemselvesCountThere) {
  // A face per threshold, its detection's score as the protocol rounds it: recall grows by one face at each step.
  std::vector<WiderFace> faces;
  std::vector<Detection> detections = {{-500, 0, 5, 5, 0}, {-600, 0, 5, 5, 1}};
  for (int t = 1; t < 1000; ++t) {
    faces.push_back({t * 100.0, 0, 20, 20, {true, true, true}});
    detections.push_back({t * 100.0, 0, 20, 20, 1 - t / 1000.0});
  }
  const WiderScores scores =
      score_wider({.faces = {detections}}, wider_truth({{"0--Event", "a", faces}}), kNoBootstrap);
  for (size_t t = 0; t < 999; ++t)
    EXPECT_EQ(scores.settings[0].recall[t], static_cast<double>(t + 1) / 999) << "threshold " << t;
}

TEST(Wider, OnlyOrderAndRangeOfScoresMatter) {
  const Case made = random_case(3);
  WiderRun scaled = made.run;
  for (auto& faces : scaled.faces) {
    for (Detection& face : faces) face.confidence = face.confidence * 1024 - 4096;  // exact; all below zero
  }
  const WiderScores a = score_wider(made.run, made.truth, kNoBootstrap);
  const WiderScores b = score_wider(scaled, made.truth, kNoBootstrap);
  for (size_t s = 0; s < kWiderSettings; ++s) EXPECT_NEAR(a.settings[s].ap, b.settings[s].ap, 0.01);
}

// --- the peculiarities, one by one
// ------------------------------------------------------------------------------------

WiderGroundTruth one_image(std::vector<WiderFace> faces) { return wider_truth({{"0--Event", "a", std::move(faces)}}); }

WiderScore score_easy(std::vector<Detection> detections, std::vector<WiderFace> faces) {
  return score_wider({.faces = {std::move(detections)}}, one_image(std::move(faces)), kNoBootstrap).settings[0];
}

constexpr std::array<bool, 3> kKept = {true, true, true};
constexpr std::array<bool, 3> kLeftOut = {false, false, false};

TEST(Wider, PerfectDetectionsScoreOne) {
  EXPECT_EQ(
      score_easy({{0, 0, 20, 20, 0.9}, {100, 0, 20, 20, 0.4}}, {{0, 0, 20, 20, kKept}, {100, 0, 20, 20, kKept}}).ap, 1);
}

TEST(Wider, SizesAreOneLarger) {
  // Common 10 x 5 of 10 x 10 is IoU 0.5 exactly only with the last pixel counted in: box 9 x 4 in a face 9 x 9.
  EXPECT_EQ(score_easy({{0, 0, 9, 4, 1}}, {{0, 0, 9, 9, kKept}}).ap, 1);
  EXPECT_EQ(score_easy({{0, 0, 9, 3.9, 1}}, {{0, 0, 9, 9, kKept}}).ap, 0);
}

TEST(Wider, FacesOutsideTheSettingAreNeutral) {
  const std::vector<WiderFace> faces = {{0, 0, 20, 20, kKept}, {100, 0, 20, 20, kLeftOut}};
  // The detection of the face that is left out comes first and costs nothing, not even when it is there twice.
  const WiderScore score = score_easy({{100, 0, 20, 20, 1}, {100, 0, 20, 20, 0.9}, {0, 0, 20, 20, 0.5}}, faces);
  EXPECT_EQ(score.ap, 1);
  EXPECT_EQ(score.precision.back(), 1);
}

TEST(Wider, ASecondDetectionOfAFaceIsFalse) {
  const WiderScore score = score_easy({{0, 0, 20, 20, 1}, {0, 0, 20, 20, 0.9}}, {{0, 0, 20, 20, kKept}});
  EXPECT_EQ(score.ap, 1);
  EXPECT_EQ(score.precision.back(), 0.5);
}

TEST(Wider, ADetectionDoesNotTryItsSecondBestFace) {
  // Both detections overlap the first face most; the second face would be good enough for the second, too.
  const std::vector<WiderFace> faces = {{0, 0, 20, 20, kKept}, {4, 0, 20, 20, kKept}};
  const WiderScore score = score_easy({{0, 0, 20, 20, 1}, {1, 0, 20, 20, 0.5}}, faces);
  EXPECT_EQ(score.recall.back(), 0.5);
  EXPECT_EQ(score.precision.back(), 0.5);
}

TEST(Wider, TheFirstOfEquallyGoodFacesIsTaken) {
  const std::vector<WiderFace> kept_first = {{0, 0, 20, 20, kKept}, {0, 0, 20, 20, kLeftOut}};
  const std::vector<WiderFace> kept_last = {{0, 0, 20, 20, kLeftOut}, {0, 0, 20, 20, kKept}};
  EXPECT_EQ(score_easy({{0, 0, 20, 20, 1}}, kept_first).ap, 1);
  EXPECT_EQ(score_easy({{0, 0, 20, 20, 1}}, kept_last).ap, 0);
}

TEST(Wider, ImagesWithoutFacesArePassedOver) {
  const WiderGroundTruth truth = wider_truth({{"0--Event", "a", {{0, 0, 20, 20, kKept}}}, {"0--Event", "b", {}}});
  const WiderRun run{.faces = {{{0, 0, 20, 20, 0.5}}, {{0, 0, 20, 20, 1}, {50, 0, 20, 20, 0.9}}}};
  const WiderScore score = score_wider(run, truth, kNoBootstrap).settings[0];
  EXPECT_EQ(score.ap, 1);
  EXPECT_EQ(score.precision.back(), 1);
  EXPECT_EQ(score.false_positives.at(0), 0.0);
}

TEST(Wider, EqualScoresAllCountAtTheLastThreshold) {
  const WiderScore score = score_easy({{0, 0, 20, 20, 0.7}}, {{0, 0, 20, 20, kKept}});
  EXPECT_EQ(score.ap, 1);
  EXPECT_EQ(score.recall[998], 0);
  EXPECT_EQ(score.recall[999], 1);
}

// --- degenerate input
// -------------------------------------------------------------------------------------------------

TEST(Wider, NothingDetectedScoresZero) {
  const WiderScores scores = score_wider({.faces = {{}}}, one_image({{0, 0, 20, 20, kKept}}), {});
  for (const WiderScore& score : scores.settings) {
    EXPECT_EQ(score.ap, 0);
    ASSERT_TRUE(score.interval);
    EXPECT_EQ(score.interval->low, 0);
    EXPECT_EQ(score.interval->high, 0);
    for (const auto& value : score.false_positives) EXPECT_FALSE(value);
  }
}

TEST(Wider, NoFacesAtAllScoreZero) {
  for (const std::vector<WiderFace>& faces :
       {std::vector<WiderFace>{}, std::vector<WiderFace>{{0, 0, 20, 20, kLeftOut}}}) {
    const WiderScores scores = score_wider({.faces = {{{0, 0, 20, 20, 1}, {90, 0, 20, 20, 0}}}}, one_image(faces), {});
    for (const WiderScore& score : scores.settings) EXPECT_EQ(score.ap, 0);
    for (const WiderHeightRecall& range : scores.heights) EXPECT_EQ(range.faces, 0);
  }
  const WiderScores none = score_wider({}, {}, {});
  EXPECT_EQ(none.settings[2].ap, 0);
  EXPECT_FALSE(none.settings[2].interval);
}

TEST(Wider, NegativeAndHugeBoxesMatchNothingAndCountAsFalse) {
  const double huge = std::numeric_limits<double>::max();
  for (const Detection& odd : std::vector<Detection>{{5, 5, -30, 20, 1},
                                                     {5, 5, -1, -1, 1},
                                                     {5, 5, -40, -40, 1},
                                                     {-huge, -huge, huge, huge, 1},
                                                     {huge, 0, huge, 5, 1}}) {
    const WiderScore score = score_easy({odd, {0, 0, 20, 20, 0.5}}, {{0, 0, 20, 20, kKept}});
    EXPECT_EQ(score.recall.back(), 1);
    EXPECT_EQ(score.precision.back(), 0.5);
  }
}

TEST(Wider, ScoresOfAnySizeAreSurvived) {
  const double huge = std::numeric_limits<double>::max();
  const WiderScore score = score_easy({{0, 0, 20, 20, huge}, {0, 0, 9, 9, -huge}}, {{0, 0, 20, 20, kKept}});
  EXPECT_TRUE(std::isfinite(score.ap));
}

TEST(Wider, RefusesWhatItsContractExcludes) {
  const WiderGroundTruth truth = one_image({{0, 0, 20, 20, kKept}});
  EXPECT_THROW(score_wider({.faces = {}}, truth, {}), ContractError);
  EXPECT_THROW(score_wider({.faces = {{{0, 0, NAN, 20, 1}}}}, truth, {}), ContractError);
  EXPECT_THROW(score_wider({.faces = {{{0, 0, 20, 20, INFINITY}}}}, truth, {}), ContractError);
  EXPECT_THROW(score_wider({.faces = {{}}}, truth, {.recalls = {0}}), ContractError);
  EXPECT_THROW(score_wider({.faces = {{}}}, truth, {.recalls = {1.5}}), ContractError);
}

// --- the figures beside AP
// --------------------------------------------------------------------------------------------

TEST(Wider, RecallByHeightIsOverTheFacesThatHardKeeps) {
  std::vector<WiderFace> faces;
  std::vector<Detection> detections;
  for (const double height : {9.0, 10.0, 19.0, 20.0, 49.0, 50.0, 99.0, 100.0, 400.0}) {
    const double x = 1000.0 * static_cast<double>(faces.size());
    faces.push_back({x, 0, 30, height, {false, false, true}});
    if (faces.size() % 2 == 1) detections.push_back({x, 0, 30, height, 0.1 * static_cast<double>(faces.size())});
  }
  faces.push_back({0, 900, 30, 30, {true, true, false}});
  detections.push_back({0, 900, 30, 30, 1});
  const WiderScores scores = score_wider({.faces = {detections}}, one_image(faces), kNoBootstrap);
  std::vector<int64_t> counts;
  for (const WiderHeightRecall& range : scores.heights) {
    counts.push_back(range.faces);
    counts.push_back(range.found);
  }
  EXPECT_THAT(counts, ::testing::ElementsAre(2, 1, 2, 1, 2, 1, 2, 1));
}

TEST(Wider, FalsePositivesAreCountedAtTheStrictestThresholdThatReachesTheRecall) {
  // In score order: true, false, true, false, false; four faces, two images with faces.
  const WiderGroundTruth truth =
      wider_truth({{"0--Event", "a", {{0, 0, 20, 20, kKept}, {100, 0, 20, 20, kKept}, {200, 0, 20, 20, kKept}}},
                   {"0--Event", "b", {{0, 0, 20, 20, kKept}}},
                   {"0--Event", "c", {}}});
  const WiderRun run{.faces = {{{0, 0, 20, 20, 1}, {300, 0, 20, 20, 0.8}, {100, 0, 20, 20, 0.6}, {400, 0, 20, 20, 0.4}},
                               {{500, 0, 20, 20, 0}},
                               {{0, 0, 9, 9, 0.9}}}};
  const WiderScores scores = score_wider(run, truth, {.bootstrap = {.repeats = 0}, .recalls = {0.25, 0.3, 0.5, 0.75}});
  EXPECT_THAT(scores.settings[0].false_positives,
              ::testing::ElementsAre(std::optional(0.0), std::optional(0.5), std::optional(0.5), std::nullopt));
}

TEST(Wider, BootstrapOfEqualImagesKnowsNoDoubtAndWeighsImages) {
  // Every image alike: whatever is drawn, the score is the same.
  std::vector<WiderImage> images;
  WiderRun run;
  for (int i = 0; i < 20; ++i) {
    images.push_back({"0--Event", std::to_string(i), {{0, 0, 20, 20, kKept}, {100, 0, 20, 20, kKept}}});
    run.faces.push_back({{0, 0, 20, 20, 1}, {300, 0, 20, 20, 0}});
  }
  const WiderOptions options{.bootstrap = {.repeats = 50, .seed = 1}};
  const WiderScore same = score_wider(run, wider_truth(images), options).settings[0];
  EXPECT_EQ(same.ap, 0.5);
  EXPECT_EQ(same.interval->low, 0.5);
  EXPECT_EQ(same.interval->high, 0.5);
  // Half of them without their detection: now it depends on the draw.
  for (size_t i = 0; i < 10; ++i) run.faces[i].clear();
  const WiderScore mixed = score_wider(run, wider_truth(images), options).settings[0];
  EXPECT_EQ(mixed.ap, 0.25);
  EXPECT_LT(mixed.interval->low, 0.2);
  EXPECT_GT(mixed.interval->high, 0.3);
}

TEST(Wider, BootstrapScoresEachDrawAsASetOfItsOwn) {
  const Case made = random_case(11);
  const WiderOptions options{.bootstrap = {.repeats = 3, .seed = 7}};
  // The same draws through the definition: images repeated, scores normalised by the full set's extremes, which an
  // image without faces holds fast.
  std::vector<double> plain;
  bootstrap_intervals(
      made.truth.images.size(),
      [&](std::span<const uint32_t> weights) {
        WiderGroundTruth truth;
        WiderRun run;
        for (size_t i = 0; i < weights.size(); ++i) {
          for (uint32_t k = 0; k < weights[i]; ++k) {
            truth.images.push_back(made.truth.images[i]);
            run.faces.push_back(made.run.faces[i]);
          }
        }
        truth.images.push_back({"0--Event", "extremes", {}});
        run.faces.emplace_back();
        for (const auto& faces : made.run.faces)
          run.faces.back().insert(run.faces.back().end(), faces.begin(), faces.end());
        plain.push_back(plain_score(run, truth, 2).ap);
        return std::vector<double>{};
      },
      options.bootstrap);
  std::sort(plain.begin(), plain.end());
  const WiderScores scores = score_wider(made.run, made.truth, options);
  // Percentiles of three values: linear between neighbours.
  EXPECT_NEAR(scores.settings[2].interval->low, plain[0] + 0.05 * (plain[1] - plain[0]), 1e-12);
  EXPECT_NEAR(scores.settings[2].interval->high, plain[1] + 0.95 * (plain[2] - plain[1]), 1e-12);
}

}  // namespace
}  // namespace mtcnn
