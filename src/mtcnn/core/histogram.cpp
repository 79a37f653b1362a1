#include "mtcnn/core/histogram.h"

#include "mtcnn/core/text.h"

#include <algorithm>
#include <utility>

namespace mtcnn {
namespace {

constexpr int kBarWidth = 40;

std::string bar(int64_t count, int64_t largest) {
  const auto length = static_cast<size_t>(largest == 0 ? 0 : (kBarWidth * count + largest - 1) / largest);
  return std::string(length, '#');
}

}  // namespace

Histogram::Histogram(std::string value_name, std::vector<double> bin_edges)
    : name(std::move(value_name)), edges(std::move(bin_edges)), counts(edges.size() - 1) {}

void Histogram::add(double value) {
  if (value < edges.front()) {
    ++below;
  } else if (!(value < edges.back())) {
    ++above;
  } else {
    const auto next = std::upper_bound(edges.begin(), edges.end(), value);
    ++counts[static_cast<size_t>(next - edges.begin()) - 1];
  }
}

std::string Histogram::text() const {
  const int64_t largest = std::max({below, above, *std::max_element(counts.begin(), counts.end())});
  std::string out = concat("  ", name, "\n");
  const auto line = [&](const std::string& range, int64_t count) {
    if (count > 0)
      out += concat("  ", right_aligned(range, 16), right_aligned(concat(count), 10), "  ", bar(count, largest), "\n");
  };
  const auto edge = [&](size_t i) { return significant(edges[i], 6); };  // 0.1, not 0.10000000000000009
  line("below " + edge(0), below);
  for (size_t i = 0; i < counts.size(); ++i) line(concat(edge(i), " .. ", edge(i + 1)), counts[i]);
  line("from " + edge(counts.size()), above);
  return out;
}

Json Histogram::json() const { return {{"edges", edges}, {"counts", counts}, {"below", below}, {"above", above}}; }

}  // namespace mtcnn
