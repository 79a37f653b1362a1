#include "mtcnn/core/histogram.h"

#include <limits>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(Histogram, CountsBetweenItsEdgesAndBeyondThem) {
  Histogram histogram("side, pixels", {0, 10, 20});
  for (const double value : {-1.0, 0.0, 9.9, 10.0, 20.0, 1e300}) histogram.add(value);
  histogram.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(histogram.below, 1);
  EXPECT_EQ(histogram.counts, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(histogram.above, 3) << "what is no number too";
  EXPECT_EQ(histogram.json(), Json::parse(R"({"edges": [0, 10, 20], "counts": [2, 1], "below": 1, "above": 3})"));
}

TEST(Histogram, ShowsBinsThatAreNotEmpty) {
  Histogram histogram("side, pixels", {0, 10, 20});
  EXPECT_EQ(histogram.text(), "  side, pixels\n");
  histogram.add(5);
  const std::string bar(40, '#');
  EXPECT_EQ(histogram.text(), "  side, pixels\n           0 .. 10         1  " + bar + "\n");
  Histogram tenths("offset", {0.1 + 0.2 - 0.4, 0.1 + 0.2});
  tenths.add(0);
  EXPECT_EQ(tenths.text(), "  offset\n       -0.1 .. 0.3         1  " + bar + "\n") << "edges without rounding errors";
}

}  // namespace
}  // namespace mtcnn
