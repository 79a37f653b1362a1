#pragma once

#include "mtcnn/data/manifest.h"

#include <string>
#include <vector>

namespace mtcnn {

/// Counts what is passed over, by reason, with the first few examples.
class SkipCounts {
 public:
  void add(const std::string& reason, const std::string& example);
  /// Adds what was counted elsewhere.
  void add(const Skipped& skipped);
  const std::vector<Skipped>& all() const { return all_; }

 private:
  Skipped& entry(const std::string& reason);

  std::vector<Skipped> all_;
};

/// "3 x REASON, as EXAMPLE".
std::string shown(const Skipped& skipped);

}  // namespace mtcnn
