#pragma once

#include "mtcnn/core/json.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mtcnn {

/// How often values fall between edges.
struct Histogram {
  std::string name;           ///< of the value, with its unit
  std::vector<double> edges;  ///< rising; bin i holds values in [edges[i], edges[i + 1])
  std::vector<int64_t> counts;
  int64_t below = 0;  ///< the first edge
  int64_t above = 0;  ///< the last edge or more

  /// \param bin_edges  at least two.
  Histogram(std::string value_name, std::vector<double> bin_edges);
  void add(double value);
  /// A line a bin that is not empty, with a bar.
  std::string text() const;
  Json json() const;
};

}  // namespace mtcnn
