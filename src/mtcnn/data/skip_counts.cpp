#include "mtcnn/data/skip_counts.h"

#include "mtcnn/core/text.h"

#include <algorithm>

namespace mtcnn {
namespace {

constexpr size_t kExamples = 5;

}  // namespace

Skipped& SkipCounts::entry(const std::string& reason) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Skipped& s) { return s.reason == reason; });
  return found != all_.end() ? *found : all_.emplace_back(Skipped{.reason = reason});
}

void SkipCounts::add(const std::string& reason, const std::string& example) {
  Skipped& skipped = entry(reason);
  ++skipped.count;
  // Examples may come from file names that are no UTF-8, which JSON cannot hold.
  if (skipped.examples.size() < kExamples)
    skipped.examples.push_back(is_utf8(example) ? example : "(name is no UTF-8)");
}

void SkipCounts::add(const Skipped& skipped) {
  Skipped& sum = entry(skipped.reason);
  sum.count += skipped.count;
  for (const std::string& example : skipped.examples) {
    if (sum.examples.size() < kExamples) sum.examples.push_back(example);
  }
}

std::string shown(const Skipped& skipped) {
  const std::string text = concat(skipped.count, " x ", skipped.reason);
  return skipped.examples.empty() ? text : concat(text, ", as ", skipped.examples.front());
}

}  // namespace mtcnn
