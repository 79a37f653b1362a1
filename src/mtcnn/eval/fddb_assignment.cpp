#include "mtcnn/eval/fddb_assignment.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mtcnn {
namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();
constexpr double kTolerance = 1e-15;

/// The 2011 evaluator's variant of Kuhn's method. Prices `row_price` and `column_price` always cover the ratings; a
/// cell whose rating they just reach is tight, and only tight cells are matched.
class ReferenceSolver {
 public:
  explicit ReferenceSolver(const RatingMatrix& ratings)
      : ratings_(ratings),
        row_price_(ratings.rows(), 0.0),
        column_price_(ratings.columns(), 0.0),
        column_of_(ratings.rows(), kNone),
        row_of_(ratings.columns(), kNone),
        essential_(ratings.rows(), false) {}

  std::optional<std::vector<size_t>> solve() {
    start();
    // Between two augmentations every price step makes a row essential or a price zero; more steps than this mean that
    // rounding keeps them from getting anywhere.
    size_t steps_left = 16 * (ratings_.rows() + ratings_.columns()) * (ratings_.rows() + 1);
    do {
      while (augment()) {
      }
    } while (steps_left-- > 0 && change_prices());
    if (std::find(column_of_.begin(), column_of_.end(), kNone) != column_of_.end()) return std::nullopt;
    return column_of_;
  }

 private:
  double slack(size_t row, size_t column) const {
    return row_price_[row] + column_price_[column] - ratings_.at(row, column);
  }
  bool tight(size_t row, size_t column) const { return std::abs(slack(row, column)) < kTolerance; }
  /// A column with a matched row that leads nowhere is not essential, nor is one without a row.
  bool essential_column(size_t column) const { return row_of_[column] != kNone && !essential_[row_of_[column]]; }

  void match(size_t row, size_t column) {
    column_of_[row] = column;
    row_of_[column] = row;
  }

  void start() {
    std::vector<double> row_best(ratings_.rows(), 0.0);
    std::vector<double> column_best(ratings_.columns(), 0.0);
    for (size_t row = 0; row < ratings_.rows(); ++row) {
      for (size_t column = 0; column < ratings_.columns(); ++column) {
        row_best[row] = std::max(row_best[row], ratings_.at(row, column));
        column_best[column] = std::max(column_best[column], ratings_.at(row, column));
      }
    }
    const bool by_rows = std::accumulate(row_best.begin(), row_best.end(), 0.0) <=
                         std::accumulate(column_best.begin(), column_best.end(), 0.0);
    (by_rows ? row_price_ : column_price_) = by_rows ? row_best : column_best;
    const size_t outer = by_rows ? ratings_.rows() : ratings_.columns();
    const size_t inner = by_rows ? ratings_.columns() : ratings_.rows();
    for (size_t i = 0; i < outer; ++i) {
      for (size_t j = 0; j < inner; ++j) {
        const size_t row = by_rows ? i : j;
        const size_t column = by_rows ? j : i;
        if (tight(row, column) && column_of_[row] == kNone && row_of_[column] == kNone) match(row, column);
      }
    }
  }

  /// One step of a path: the column and the next row to try from it.
  struct Step {
    size_t column;
    size_t next_row = 0;
  };

  /// Looks for a path of tight cells from an unmatched column to a free row, depth first, and flips it. False when
  /// there is none; all rows that were reached are then essential. A row once found essential can lead nowhere later
  /// either, as what it reaches has been seen.
  bool augment() {
    std::fill(essential_.begin(), essential_.end(), false);
    std::vector<bool> on_path(ratings_.rows(), false);
    std::vector<Step> path;
    for (size_t column = 0; column < ratings_.columns(); ++column) {
      if (row_of_[column] != kNone) continue;
      path.assign(1, {column});
      while (!path.empty()) {
        const size_t row = next_row(path.back(), on_path);
        if (row == kNone) {
          path.pop_back();
          if (path.empty()) break;
          const size_t left = path.back().next_row - 1;
          essential_[left] = true;
          on_path[left] = false;
        } else if (column_of_[row] == kNone) {
          for (const Step& step : path) match(step.next_row - 1, step.column);
          return true;
        } else {
          on_path[row] = true;
          path.push_back({column_of_[row]});
        }
      }
    }
    return false;
  }

  size_t next_row(Step& step, const std::vector<bool>& on_path) const {
    while (step.next_row < ratings_.rows()) {
      const size_t row = step.next_row++;
      if (!on_path[row] && !essential_[row] && tight(row, step.column)) return row;
    }
    return kNone;
  }

  /// Lowers and raises prices so that a new cell gets tight. False where the method ends.
  bool change_prices() {
    double least = 0;
    for (size_t row = 0; row < ratings_.rows(); ++row) {
      for (size_t column = 0; column < ratings_.columns(); ++column) {
        if (essential_[row] || essential_column(column)) continue;
        if (std::abs(least) < kTolerance || slack(row, column) < least) least = slack(row, column);
      }
    }
    if (std::abs(least) < kTolerance) return false;
    std::vector<bool> essential_columns(ratings_.columns());
    for (size_t column = 0; column < ratings_.columns(); ++column) essential_columns[column] = essential_column(column);
    bool exhausted = false;  // a row that has nothing left to give
    for (size_t row = 0; row < ratings_.rows(); ++row) exhausted |= !essential_[row] && row_price_[row] == 0.0;
    const double change = exhausted ? shift(column_price_, essential_columns, row_price_, essential_, least)
                                    : shift(row_price_, essential_, column_price_, essential_columns, least);
    for (size_t row = 0; row < ratings_.rows(); ++row) {
      if (column_of_[row] != kNone && !tight(row, column_of_[row])) {
        row_of_[column_of_[row]] = kNone;
        column_of_[row] = kNone;
      }
    }
    return change != 0;
  }

  /// Takes up to `most`, as far as all of them have it, from the prices that are not essential and adds it to the
  /// essential ones of the other side. Returns the amount.
  static double shift(std::vector<double>& from, const std::vector<bool>& from_essential, std::vector<double>& to,
                      const std::vector<bool>& to_essential, double most) {
    double amount = most;
    for (size_t i = 0; i < from.size(); ++i) {
      if (!from_essential[i]) amount = std::min(amount, from[i]);
    }
    for (size_t i = 0; i < from.size(); ++i) {
      if (!from_essential[i]) from[i] -= amount;
    }
    for (size_t i = 0; i < to.size(); ++i) {
      if (to_essential[i]) to[i] += amount;
    }
    return amount;
  }

  const RatingMatrix& ratings_;
  std::vector<double> row_price_;
  std::vector<double> column_price_;
  std::vector<size_t> column_of_;
  std::vector<size_t> row_of_;
  std::vector<bool> essential_;  ///< rows that were reached in vain
};

}  // namespace

std::vector<size_t> assign_optimal(const RatingMatrix& ratings) {
  require(ratings.rows() <= ratings.columns(), "assign_optimal: more rows than columns");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // Costs are negative ratings; column 0 and row 0 stand for "none", so real ones count from 1.
  std::vector<double> row_price(ratings.rows() + 1, 0.0);
  std::vector<double> column_price(ratings.columns() + 1, 0.0);
  std::vector<size_t> row_of(ratings.columns() + 1, 0);
  std::vector<size_t> came_from(ratings.columns() + 1, 0);
  for (size_t row = 1; row <= ratings.rows(); ++row) {
    std::vector<double> distance(ratings.columns() + 1, infinity);
    std::vector<bool> done(ratings.columns() + 1, false);
    row_of[0] = row;
    size_t column = 0;
    while (row_of[column] != 0) {
      done[column] = true;
      const size_t here = row_of[column];
      size_t nearest = 0;
      double step = infinity;
      for (size_t next = 1; next <= ratings.columns(); ++next) {
        if (done[next]) continue;
        const double reduced = -ratings.at(here - 1, next - 1) - row_price[here] - column_price[next];
        if (reduced < distance[next]) {
          distance[next] = reduced;
          came_from[next] = column;
        }
        if (distance[next] < step) {
          step = distance[next];
          nearest = next;
        }
      }
      for (size_t seen = 0; seen <= ratings.columns(); ++seen) {
        if (done[seen]) {
          row_price[row_of[seen]] += step;
          column_price[seen] -= step;
        } else {
          distance[seen] -= step;
        }
      }
      column = nearest;
    }
    while (column != 0) {
      row_of[column] = row_of[came_from[column]];
      column = came_from[column];
    }
  }
  std::vector<size_t> assignment(ratings.rows(), kNone);
  for (size_t column = 1; column <= ratings.columns(); ++column) {
    if (row_of[column] != 0) assignment[row_of[column] - 1] = column - 1;
  }
  return assignment;
}

std::optional<std::vector<size_t>> assign_reference(const RatingMatrix& ratings) {
  require(ratings.rows() <= ratings.columns(), "assign_reference: more rows than columns");
  return ReferenceSolver(ratings).solve();
}

}  // namespace mtcnn
