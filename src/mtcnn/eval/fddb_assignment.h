#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace mtcnn {

/// What each row would gain from each column; row major, finite, at least 0.
class RatingMatrix {
 public:
  RatingMatrix(size_t rows, size_t columns) : rows_(rows), columns_(columns), values_(rows * columns, 0.0) {}

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  double& at(size_t row, size_t column) { return values_[row * columns_ + column]; }
  double at(size_t row, size_t column) const { return values_[row * columns_ + column]; }

 private:
  size_t rows_;
  size_t columns_;
  std::vector<double> values_;
};

/// The column of each row, no column twice, such that the sum of ratings is the largest possible. Where several
/// assignments reach it, any one of them. No rows: empty.
/// \throws ContractError if there are more rows than columns.
/// Source: Kuhn 1955, by shortest augmenting paths (Jonker and Volgenant 1987); rows^2 * columns steps.
std::vector<size_t> assign_optimal(const RatingMatrix& ratings);

/// The assignment that FDDB's 2011 evaluator finds, whose sum may be smaller than the largest: it starts from row or
/// column maxima, whichever sum is smaller, and ends as soon as all rows are matched or no step is left. In the order
/// and with the tolerances of that tool, so that ties fall alike. No rows: empty. Nothing where the method ends with a
/// row left over, at which that tool aborts.
/// \throws ContractError if there are more rows than columns.
/// Source: the tool's behaviour on 60 matrices; Kuhn 1955.
std::optional<std::vector<size_t>> assign_reference(const RatingMatrix& ratings);

}  // namespace mtcnn
