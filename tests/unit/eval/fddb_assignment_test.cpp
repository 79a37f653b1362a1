#include "mtcnn/eval/fddb_assignment.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RatingMatrix matrix(const std::vector<std::vector<double>>& rows) {
  RatingMatrix ratings(rows.size(), rows.empty() ? 0 : rows[0].size());
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].size(); ++column) ratings.at(row, column) = rows[row][column];
  }
  return ratings;
}

double sum(const RatingMatrix& ratings, const std::vector<size_t>& assignment) {
  double total = 0;
  for (size_t row = 0; row < assignment.size(); ++row) total += ratings.at(row, assignment[row]);
  return total;
}

/// The definition: every way to give each row a column of its own.
double best_sum(const RatingMatrix& ratings) {
  std::vector<size_t> columns(ratings.columns());
  std::iota(columns.begin(), columns.end(), size_t{0});
  double best = 0;
  do {
    best = std::max(best, sum(ratings, {columns.begin(), columns.begin() + static_cast<ptrdiff_t>(ratings.rows())}));
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

RatingMatrix random_matrix(std::mt19937& random, size_t most_rows, size_t most_columns) {
  const size_t rows = 1 + random() % most_rows;
  RatingMatrix ratings(rows, rows + random() % (most_columns - rows + 1));
  std::uniform_real_distribution<double> overlap(0, 1);
  const auto kind = random() % 3;
  for (size_t row = 0; row < ratings.rows(); ++row) {
    for (size_t column = 0; column < ratings.columns(); ++column) {
      const double ties = static_cast<double>(random() % 4) / 4;
      const double rare = random() % 3 == 0 ? overlap(random) : 0;
      ratings.at(row, column) = kind == 0 ? ties : kind == 1 ? rare : overlap(random);
    }
  }
  return ratings;
}

TEST(FddbAssignment, OptimalReachesTheLargestSum) {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    const RatingMatrix ratings = random_matrix(random, 5, 7);
    EXPECT_NEAR(sum(ratings, assign_optimal(ratings)), best_sum(ratings), 1e-12);
  }
}

TEST(FddbAssignment, EveryRowGetsAColumnOfItsOwn) {
  std::mt19937 random(2);
  for (int round = 0; round < 400; ++round) {
    const RatingMatrix ratings = random_matrix(random, 12, 30);
    const auto reference = assign_reference(ratings);
    ASSERT_TRUE(reference.has_value());
    for (const auto& assignment : {assign_optimal(ratings), *reference}) {
      EXPECT_EQ(assignment.size(), ratings.rows());
      EXPECT_EQ(std::set<size_t>(assignment.begin(), assignment.end()).size(), ratings.rows());
      EXPECT_LT(*std::max_element(assignment.begin(), assignment.end()), ratings.columns());
    }
    EXPECT_LE(sum(ratings, *reference), sum(ratings, assign_optimal(ratings)) + 1e-12);
  }
}

TEST(FddbAssignment, BothAreOptimalWhereTheReferenceStartsFromTheRows) {
  std::mt19937 random(4);
  int rounds = 0;
  while (rounds < 200) {
    const RatingMatrix ratings = random_matrix(random, 5, 7);
    double row_sum = 0;
    double column_sum = 0;
    for (size_t row = 0; row < ratings.rows(); ++row) {
      double best = 0;
      for (size_t column = 0; column < ratings.columns(); ++column) best = std::max(best, ratings.at(row, column));
      row_sum += best;
    }
    for (size_t column = 0; column < ratings.columns(); ++column) {
      double best = 0;
      for (size_t row = 0; row < ratings.rows(); ++row) best = std::max(best, ratings.at(row, column));
      column_sum += best;
    }
    if (row_sum > column_sum) continue;
    ++rounds;
    EXPECT_NEAR(sum(ratings, assign_reference(ratings).value()), best_sum(ratings), 1e-12);
  }
}

// Two equal detections and three faces: the reference ends as soon as both rows have a column.
TEST(FddbAssignment, ReferenceMayMissTheLargestSum) {
  const RatingMatrix ratings = matrix({{0.125, 0.375, 0.625}, {0.125, 0.375, 0.625}});
  EXPECT_THAT(assign_reference(ratings).value(), ElementsAre(0, 1));
  EXPECT_EQ(sum(ratings, assign_optimal(ratings)), 1.0);
}

TEST(FddbAssignment, NothingIsAssignedToNothing) {
  EXPECT_THAT(assign_optimal(matrix({})), IsEmpty());
  EXPECT_THAT(assign_reference(matrix({})).value(), IsEmpty());
  EXPECT_THAT(assign_optimal(RatingMatrix(0, 3)), IsEmpty());
  EXPECT_THAT(assign_reference(RatingMatrix(0, 3)).value(), IsEmpty());
  EXPECT_EQ(assign_reference(RatingMatrix(2, 3)).value().size(), 2U);  // all zero
}

TEST(FddbAssignment, RefusesMoreRowsThanColumns) {
  EXPECT_THROW(assign_optimal(RatingMatrix(2, 1)), ContractError);
  EXPECT_THROW(assign_reference(RatingMatrix(2, 1)), ContractError);
}

}  // namespace
}  // namespace mtcnn
