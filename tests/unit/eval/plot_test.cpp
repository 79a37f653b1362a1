#include "mtcnn/eval/plot.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What lies between each `open` and the next `close`.
std::vector<std::string> pieces(const std::string& text, const std::string& open, const std::string& close) {
  std::vector<std::string> found;
  for (size_t start = text.find(open); start != std::string::npos; start = text.find(open, start)) {
    start += open.size();
    const size_t end = text.find(close, start);
    if (end == std::string::npos) break;
    found.push_back(text.substr(start, end - start));
  }
  return found;
}

std::string attribute(const std::string& tag, const std::string& name) {
  return pieces(tag, " " + name + "=\"", "\"").at(0);
}

bool starts_entity(std::string_view text) {
  return text.starts_with("&amp;") || text.starts_with("&lt;") || text.starts_with("&gt;") ||
         text.starts_with("&quot;");
}

/// Tags that do not close, or close in the wrong order, or characters that XML cannot hold.
void expect_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  ASSERT_TRUE(is_utf8(svg));
  for (size_t i = 0; i < svg.size(); ++i) {
    const auto code = static_cast<unsigned char>(svg[i]);
    ASSERT_TRUE(code >= 0x20 || svg[i] == '\n') << int(code);
    ASSERT_TRUE(svg[i] != '&' || starts_entity(std::string_view(svg).substr(i)));
    if (svg[i] != '<' || svg[i + 1] == '?') continue;
    const size_t end = svg.find('>', i);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = svg.substr(i + 1, end - i - 1);
    ASSERT_EQ(tag.find('<'), std::string::npos) << tag;
    if (tag.back() == '/') continue;
    if (tag.front() == '/') {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(tag.substr(1), open.back());
      open.pop_back();
    } else {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  EXPECT_TRUE(open.empty());
}

std::vector<std::string> labels(const std::string& svg) {
  std::vector<std::string> result = pieces(svg, "<text", "</text>");
  for (std::string& label : result) label = label.substr(label.find('>') + 1);
  return result;
}

std::vector<std::string> curves(const std::string& svg) {
  const size_t start = svg.find("<g clip-path");
  const std::string area = svg.substr(start, svg.find("</g>", start) - start);
  return pieces(area, " d=\"", "\"");
}

TEST(PlotSvg, EmptyPlotHasAxes) {
  const std::string svg = plot_svg({.title = "Nothing", .x_label = "recall", .y_label = "precision"});
  expect_well_formed(svg);
  for (const char* label : {"Nothing", "recall", "precision", "0.0", "0.5", "1.0"})
    EXPECT_THAT(labels(svg), Contains(label));
  EXPECT_TRUE(curves(svg).empty());
}

TEST(PlotSvg, CornersOfTheDataAreCornersOfTheAxes) {
  Plot plot{.x_min = 10, .x_max = 20, .y_min = -1, .y_max = 1};
  plot.series.push_back({"diagonal", {10, 20}, {-1, 1}});
  plot.series.push_back({"other", {10, 20}, {1, -1}});
  const std::string svg = plot_svg(plot);
  const auto paths = curves(svg);
  ASSERT_EQ(paths.size(), 2U);
  const auto numbers = [](std::string path) {
    std::replace_if(
        path.begin(), path.end(), [](char c) { return c == 'M' || c == 'L'; }, ' ');
    std::istringstream in(path);
    return std::vector<double>(std::istream_iterator<double>(in), {});
  };
  const auto rising = numbers(paths[0]);
  const auto falling = numbers(paths[1]);
  ASSERT_EQ(rising.size(), 4U);
  EXPECT_LT(rising[0], rising[2]);
  EXPECT_GT(rising[1], rising[3]);  // SVG counts downwards
  EXPECT_EQ(falling[1], rising[3]);
  EXPECT_EQ(falling[3], rising[1]);
}

TEST(PlotSvg, LeavesOutWhatIsNotFiniteAndHoldsHugeValues) {
  Plot plot;
  plot.series.push_back({"a", {0, kNan, 0.5, 1, 1}, {0, 0.5, kInfinity, 1e300, -1e300}});
  plot.series.push_back({"none", {kNan}, {1}});
  const std::string svg = plot_svg(plot);
  expect_well_formed(svg);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  ASSERT_EQ(curves(svg).size(), 1U);
  const std::string path = curves(svg)[0];
  EXPECT_EQ(std::count_if(path.begin(), path.end(), [](char c) { return c == 'M' || c == 'L'; }), 3);
}

TEST(PlotSvg, PointsThatNobodyCouldTellApartAreLeftOut) {
  Plot plot;
  plot.series.push_back({"dense", {}, {}});
  for (int i = 0; i <= 200000; ++i) {
    plot.series[0].x.push_back(i / 200000.0);
    plot.series[0].y.push_back(0.5);
  }
  EXPECT_LT(plot_svg(plot).size(), 200000U);
}

TEST(PlotSvg, EmptyAndBadRangesStillGiveAPlot) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{0, 0},
                                                                        {5, 1},
                                                                        {kNan, kNan},
                                                                        {-kInfinity, kInfinity},
                                                                        {1e300, 1e300},
                                                                        {-1.7e308, 1.7e308},
                                                                        {0, 1e-12},
                                                                        {0, 1e12}}) {
    const std::string svg = plot_svg({.x_min = low, .x_max = high, .y_min = low, .y_max = high});
    expect_well_formed(svg);
    EXPECT_GE(labels(svg).size(), 6U) << low << " " << high;
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

TEST(PlotSvg, TicksAreRoundNumbersWithoutNoise) {
  EXPECT_THAT(labels(plot_svg({.x_max = 2000})), Contains("2000"));
  EXPECT_THAT(labels(plot_svg({.x_max = 2000})), Not(Contains("2000.0")));
  EXPECT_THAT(labels(plot_svg({.x_min = -0.3, .x_max = 0.3})), Contains("-0.3"));
  EXPECT_THAT(labels(plot_svg({.x_min = -0.3, .x_max = 0.3})), Not(Contains("-0.0")));
  EXPECT_THAT(labels(plot_svg({.x_max = 0.002})), Contains("0.0002"));
  for (double high = 0.0003; high < 1e6; high *= 1.7) {
    const size_t count = labels(plot_svg({.x_max = high})).size() - 3 - 11;  // title, two axis labels, ticks of y
    EXPECT_GE(count, 4U) << high;
    EXPECT_LE(count, 12U) << high;
  }
}

TEST(PlotSvg, LinesDifferUntilAllColoursAndDashesAreUsed) {
  Plot plot;
  for (int i = 0; i < 36; ++i) plot.series.push_back({std::to_string(i), {0, 1}, {0, 1}});
  const std::string svg = plot_svg(plot);
  const auto looks = pieces(svg.substr(0, svg.find("<g><title>")), "<path ", " d=");
  EXPECT_EQ(looks.size(), 36U);
  EXPECT_EQ(std::set<std::string>(looks.begin(), looks.end()).size(), 36U);
}

TEST(PlotSvg, SameColourNumberSameColour) {
  Plot plot;
  plot.series.push_back({"a", {0, 1}, {0, 1}, 1, 0});
  plot.series.push_back({"b", {0, 1}, {0, 1}, 1, 1});
  const auto colours = pieces(plot_svg(plot), "fill=\"none\" stroke=\"", "\"");
  EXPECT_EQ(std::set<std::string>(colours.begin(), colours.end()).size(), 1U);
}

TEST(PlotSvg, NamesAreEscapedAndLongOnesShortenedInTheMiddle) {
  Plot plot{.title = "a < b & \"c\"\n\x01"};
  const std::string name = "start " + std::string(300, 'x') + " hard (AP 0.737)";
  plot.series.push_back({name, {0, 1}, {0, 1}});
  plot.series.push_back({"\xff bytes <b>", {0, 1}, {0, 1}});
  const std::string svg = plot_svg(plot);
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr("<title>" + name + "</title>"));
  const auto shown = labels(svg);
  EXPECT_TRUE(std::any_of(shown.begin(), shown.end(), [](const std::string& label) {
    return label.size() < 160 && label.starts_with("start ") && label.ends_with("hard (AP 0.737)") &&
           label.find("…") != std::string::npos;
  }));
}

TEST(PlotSvg, EveryLegendEntryLiesInsideThePicture) {
  for (const size_t length : {3U, 30U, 60U, 400U}) {
    Plot plot;
    for (int i = 0; i < 13; ++i) plot.series.push_back({std::string(length, 'n'), {0, 1}, {0, 1}});
    const std::string svg = plot_svg(plot);
    const double height = std::stod(attribute(pieces(svg, "<svg", ">").at(0), "height"));
    for (const std::string& tag : pieces(svg, "<text", ">")) EXPECT_LT(std::stod(attribute(tag, "y")), height);
  }
}

TEST(Plot, LengthsMustAgree) {
  Plot plot;
  plot.series.push_back({"a", {0, 1}, {0}});
  EXPECT_THROW(plot_svg(plot), ContractError);
  EXPECT_THROW(plot_csv(plot), ContractError);
}

TEST(PlotCsv, NamesAreNoFormulas) {
  Plot plot{.x_label = "x", .y_label = "@y"};
  for (const char* name : {"=HYPERLINK(\"http://x\")", "+1", "-1", "a=1"}) plot.series.push_back({name, {0}, {0}});
  EXPECT_EQ(plot_csv(plot),
            "series,x,'@y\n"
            "\"'=HYPERLINK(\"\"http://x\"\")\",0,0\n'+1,0,0\n'-1,0,0\na=1,0,0\n");
}

TEST(PlotCsv, OnePointARowQuotedWhereNeeded) {
  Plot plot{.x_label = "false positives", .y_label = "rate, true"};
  plot.series.push_back({"a \"b\", c", {0, 0.1}, {1.0 / 3, kNan}});
  plot.series.push_back({"d", {1}, {2}});
  EXPECT_EQ(plot_csv(plot),
            "series,false positives,\"rate, true\"\n"
            "\"a \"\"b\"\", c\",0,0.3333333333333333\n"
            "\"a \"\"b\"\", c\",0.1,\n"
            "d,1,2\n");
}

}  // namespace
}  // namespace mtcnn
