#include "mtcnn/eval/fddb.h"

#include "mtcnn/core/error.h"

#include <limits>
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr FddbEllipse kFace = {30, 20, 1.570796, 60, 45};
constexpr FddbRectangle kFarAway = {1, 1, 5, 5};
constexpr double kLargest = std::numeric_limits<double>::max();

FddbImage picture(std::vector<FddbEllipse> faces, std::vector<FddbDetection> detections) {
  return {"a", {120, 90}, std::move(faces), std::move(detections)};
}

std::vector<FddbRow> curve_of(const std::vector<FddbImage>& images, const FddbOptions& options = {}) {
  std::vector<std::vector<FddbEntry>> entries;
  int64_t faces = 0;
  for (const FddbImage& image : images) {
    entries.push_back(score_fddb_image(image, options));
    faces += static_cast<int64_t>(image.faces.size());
  }
  return fddb_curve(entries, faces);
}

std::string disc(const std::vector<FddbImage>& images, const FddbOptions& options = {}) {
  return fddb_roc_text(curve_of(images, options), FddbMetric::discrete);
}

TEST(Fddb, TheFaceItselfIsFound) {
  const auto entries = score_fddb_image(picture({kFace}, {{kFace, 0.5}}), {});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].true_positives, 1);
  EXPECT_EQ(entries[0].false_positives, 0);
  EXPECT_EQ(entries[0].overlap_sum, 1);
}

TEST(Fddb, OverlapOfExactlyOneHalfIsNoTruePositive) {
  const FddbRectangle half = {37, 2, 45, 84};
  const FddbSize size = {120, 90};
  ASSERT_EQ(fddb_overlap(fddb_mask(kFace, size, {}), fddb_mask(half, size, {})), 0.5);
  const auto entries = score_fddb_image(picture({kFace}, {{half, 1}}), {});
  EXPECT_EQ(entries[0].true_positives, 0);
  EXPECT_EQ(entries[0].false_positives, 1);
  EXPECT_EQ(entries[0].overlap_sum, 0.5);
}

TEST(Fddb, EveryDistinctScoreIsAThreshold) {
  const auto entries = score_fddb_image(picture({kFace}, {{kFace, 0.5}, {kFarAway, 0.9}, {kFarAway, 0.5}}), {});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].threshold, 0.9);
  EXPECT_EQ(entries[0].false_positives, 1);
  EXPECT_EQ(entries[1].threshold, 0.5);
  EXPECT_EQ(entries[1].true_positives, 1);
  EXPECT_EQ(entries[1].false_positives, 2);
}

TEST(Fddb, ADuplicateIsAFalsePositive) {
  EXPECT_EQ(disc({picture({kFace}, {{kFace, 0.5}, {kFace, 0.5}})}), "1 1 0.5\n");
}

TEST(Fddb, PicturesCountWithTheirSmallestThresholdAbove) {
  const std::vector<FddbImage> images = {picture({kFace}, {{kFace, 0.9}, {kFarAway, 0.3}}),
                                         picture({kFace}, {{kFarAway, 0.6}})};
  EXPECT_EQ(disc(images), "0.5 2 0.3\n0.5 1 0.6\n0.5 0 0.9\n");
}

TEST(Fddb, NoDetectionsGiveOneRow) {
  const std::vector<FddbImage> images = {picture({kFace}, {}), picture({}, {})};
  EXPECT_EQ(disc(images), "0 0 1.79769e+308\n");
  EXPECT_EQ(fddb_roc_text(curve_of(images), FddbMetric::continuous), "0 0\n");
  EXPECT_EQ(curve_of(images)[0].threshold, kLargest);
}

TEST(Fddb, NoFacesGiveZeros) {
  const std::vector<FddbImage> images = {picture({}, {{kFace, 0.5}, {kFarAway, 0.25}})};
  EXPECT_EQ(disc(images), "0 2 0.25\n0 1 0.5\n");
  EXPECT_EQ(fddb_rate_at(curve_of(images), FddbMetric::discrete, 100), 0);
}

TEST(Fddb, NoPicturesGiveNoRows) {
  EXPECT_TRUE(fddb_curve({}, 0).empty());
  EXPECT_EQ(fddb_roc_text({}, FddbMetric::discrete), "");
  EXPECT_EQ(fddb_rate_at({}, FddbMetric::continuous, 100), 0);
}

TEST(Fddb, FaceAndDetectionOutsideThePictureDoNotMeet) {
  const FddbEllipse outside = {10, 10, 0, 500, 500};
  EXPECT_EQ(disc({picture({outside}, {{outside, 0.5}})}), "0 1 0.5\n");
}

TEST(Fddb, MatchingIsOneToOneAndMaximal) {
  // Each detection overlaps both faces; a greedy choice of the best pair would leave the other two without a match.
  const std::vector<FddbEllipse> faces = {{60, 40, 1.570796, 100, 120}, {60, 40, 1.570796, 138, 120}};
  FddbImage image{"a",
                  {257, 255},
                  faces,
                  {{FddbEllipse{60, 40, 1.570796, 118, 120}, 3.2}, {FddbEllipse{60, 40, 1.570796, 80, 120}, 1.1}}};
  const auto entries = score_fddb_image(image, {.assignment = FddbAssignment::optimal});
  EXPECT_EQ(entries.back().true_positives, 2);
}

TEST(Fddb, TheReferenceSolverMayLoseATruePositive) {
  // Two equal detections on three faces.
  const std::vector<FddbEllipse> faces = {
      {30, 20, 1.570796, 32, 45}, {30, 20, 1.570796, 78, 45}, {30, 20, 1.570796, 60, 45}};
  const FddbImage image = picture(faces, {{kFace, 1}, {kFace, 1}});
  const auto reference = score_fddb_image(image, {.assignment = FddbAssignment::reference});
  const auto optimal = score_fddb_image(image, {.assignment = FddbAssignment::optimal});
  EXPECT_LT(reference[0].overlap_sum, optimal[0].overlap_sum);
  EXPECT_LT(reference[0].true_positives, optimal[0].true_positives);
  EXPECT_EQ(reference[0].true_positives + reference[0].false_positives, 2);
  EXPECT_EQ(optimal[0].true_positives + optimal[0].false_positives, 2);
}

TEST(Fddb, DifferentThresholdsThatPrintAlikeKeepTheirRows) {
  EXPECT_EQ(disc({picture({}, {{kFarAway, 0.87654321}, {kFarAway, 0.87654322}})}), "0 2 0.876543\n0 1 0.876543\n");
}

TEST(Fddb, ManyFalsePositivesPrintInSixDigits) {
  const std::vector<FddbRow> curve = {{0.5, 1234567, 0, 0}};
  EXPECT_EQ(fddb_roc_text(curve, FddbMetric::continuous), "0 1.23457e+06\n");
}

TEST(Fddb, RateIsTheLargestOfAllRowsWithinTheCount) {
  const std::vector<FddbRow> curve = {
      {0.1, 60, 0.9, 0.6}, {0.2, 50, 0.6, 0.5}, {0.3, 50, 0.7, 0.4}, {0.4, 10, 0.8, 0.3}};
  EXPECT_EQ(fddb_rate_at(curve, FddbMetric::discrete, 50), 0.8);
  EXPECT_EQ(fddb_rate_at(curve, FddbMetric::continuous, 50), 0.5);
  EXPECT_EQ(fddb_rate_at(curve, FddbMetric::discrete, 60), 0.9);
  EXPECT_EQ(fddb_rate_at(curve, FddbMetric::discrete, 9), 0);
}

TEST(Fddb, RefusesAScoreThatIsNaN) {
  EXPECT_THROW(score_fddb_image(picture({}, {{kFarAway, std::numeric_limits<double>::quiet_NaN()}}), {}),
               ContractError);
}

/// The definition of a row, without any sharing between thresholds.
FddbRow plain_row(const std::vector<std::vector<FddbEntry>>& images, double threshold, double faces) {
  FddbRow row{threshold, 0, 0, 0};
  for (const auto& entries : images) {
    const FddbEntry* chosen = nullptr;
    for (const FddbEntry& entry : entries) {
      if (entry.threshold >= threshold && (chosen == nullptr || entry.threshold < chosen->threshold)) chosen = &entry;
    }
    if (chosen == nullptr) continue;
    row.false_positives += chosen->false_positives;
    row.discrete += static_cast<double>(chosen->true_positives);
    row.continuous += chosen->overlap_sum;
  }
  row.discrete /= faces;
  row.continuous /= faces;
  return row;
}

TEST(Fddb, CurveIsTheDefinitionToTheLastBit) {
  std::mt19937 random(9);
  std::uniform_real_distribution<double> overlap(0, 1);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<FddbEntry>> images(40);
    std::set<double> thresholds;
    for (auto& entries : images) {
      std::set<double, std::greater<>> own;
      for (auto left = random() % 6; left > 0; --left) own.insert(static_cast<double>(random() % 50) / 50);
      if (own.empty()) own.insert(kLargest);
      for (const double threshold : own) {
        entries.push_back(
            {threshold, static_cast<int64_t>(random() % 9), static_cast<int64_t>(random() % 9), overlap(random)});
      }
      thresholds.insert(own.begin(), own.end());
    }
    const std::vector<FddbRow> curve = fddb_curve(images, 77);
    ASSERT_EQ(curve.size(), thresholds.size());
    auto threshold = thresholds.begin();
    for (const FddbRow& row : curve) {
      const FddbRow plain = plain_row(images, *threshold++, 77);
      EXPECT_EQ(row.threshold, plain.threshold);
      EXPECT_EQ(row.false_positives, plain.false_positives);
      EXPECT_EQ(row.discrete, plain.discrete);
      EXPECT_EQ(row.continuous, plain.continuous);
    }
  }
}

}  // namespace
}  // namespace mtcnn
