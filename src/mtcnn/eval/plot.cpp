#include "mtcnn/eval/plot.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace mtcnn {
namespace {

// Colours of equal weight on white that stay apart for colour-blind readers too (Okabe and Ito's set, without its
// yellow and with its sky blue darkened, then three that fit).
constexpr std::array<const char*, 9> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                                 "#3a9ad9", "#7b3294", "#8c6d31", "#555555"};
constexpr std::array<const char*, 4> kDashes = {"", "8 4", "2 3.5", "9 3 2 3"};

constexpr double kWidth = 900;
constexpr double kLeft = 78;
constexpr double kRight = 26;
constexpr double kTop = 58;
constexpr double kPlotHeight = 460;
constexpr double kBelowPlot = 68;  ///< space for tick labels and the x label
constexpr double kLegendRow = 24;
constexpr double kBottom = 18;
constexpr double kFont = 14;
constexpr double kTitleFont = 19;
constexpr double kSampleLength = 30;
/// Mean width of a letter in units of the font size; a little more than most fonts need, as SVG cannot measure text.
constexpr double kLetterWidth = 0.55;
constexpr double kPlotWidth = kWidth - kLeft - kRight;

std::string number(double value) {
  char text[32];
  return {std::begin(text), std::to_chars(std::begin(text), std::end(text), value).ptr};
}

/// A coordinate in the image: a tenth of a pixel is enough.
std::string pixel(double value) { return number(std::round(value * 10) / 10); }

/// Valid UTF-8 without control characters, which XML cannot hold, nor marks that turn the text around.
std::string clean(std::string_view text) {
  const bool valid = is_utf8(text);
  std::string result(text);
  for (char& c : result) {
    const auto code = static_cast<uint8_t>(c);
    if (code < 0x20 || code == 0x7F) c = ' ';
    if (!valid && code >= 0x80) c = '?';
  }
  return as_line(result);
}

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// The places at which the letters of a valid UTF-8 text begin, and its end.
std::vector<size_t> letter_starts(std::string_view text) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xC0U) != 0x80U) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

double text_width(std::string_view text, double font) {
  return static_cast<double>(letter_starts(text).size() - 1) * font * kLetterWidth;
}

/// `text` with letters of its middle left out so that it fits; the end, where the figure stands, keeps the larger part.
std::string fitted(const std::string& text, double width, double font) {
  const std::vector<size_t> starts = letter_starts(text);
  const size_t count = starts.size() - 1;
  const auto room = static_cast<size_t>(std::max(4.0, width / (font * kLetterWidth)));
  if (count <= room) return text;
  const size_t head = (room - 1) * 2 / 5;
  const size_t tail = room - 1 - head;
  return text.substr(0, starts[head]) + "…" + text.substr(starts[count - tail]);
}

/// One axis: values to pixels, and where its ticks are.
struct Axis {
  double low;
  double high;
  double start;   ///< pixel of `low`
  double length;  ///< pixels to `high`; negative for the y axis

  double at(double value) const { return start + (value - low) / (high - low) * length; }
};

Axis make_axis(double low, double high, double start, double length) {
  if (!std::isfinite(low)) low = 0;
  if (!std::isfinite(high) || !(high > low) || !std::isfinite(high - low)) high = low + 1;
  if (!(high > low)) low = 0, high = 1;  // so large that 1 more is no more
  return {low, high, start, length};
}

struct Tick {
  double value;
  std::string label;
};

/// Round values, about eight of them.
std::vector<Tick> ticks(const Axis& axis) {
  const double span = axis.high - axis.low;
  const double magnitude = std::pow(10, std::floor(std::log10(span / 8)));
  double step = magnitude;
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    step = factor * magnitude;
    if (span / step <= 10.001) break;
  }
  const bool plain = std::max(std::abs(axis.low), std::abs(axis.high)) < 1e7 && step > 1e-7;
  int digits = 0;
  for (double scaled = step; plain && digits < 8 && std::abs(scaled - std::round(scaled)) > 1e-6; scaled *= 10)
    ++digits;
  std::vector<Tick> result;
  const double slack = step * 1e-6;
  for (double k = std::ceil((axis.low - slack) / step); k * step <= axis.high + slack; ++k) {
    const double value = k == 0 ? 0 : k * step;  // never "-0"
    result.push_back({value, plain ? fixed(value, digits) : concat(value)});
    if (result.size() > 20) break;
  }
  return result;
}

/// What the whole image shares.
struct Layout {
  Axis x;
  Axis y;
  size_t legend_columns;
  double height;
};

Layout make_layout(const Plot& plot) {
  double widest = 0;
  for (const PlotSeries& series : plot.series) widest = std::max(widest, text_width(clean(series.name), kFont));
  const double entry = widest + kSampleLength + 18;
  const auto fitting = static_cast<size_t>(std::max(1.0, kPlotWidth / entry));
  const size_t columns = std::clamp<size_t>(fitting, 1, 3);
  const size_t rows = (plot.series.size() + columns - 1) / columns;
  return {make_axis(plot.x_min, plot.x_max, kLeft, kPlotWidth),
          make_axis(plot.y_min, plot.y_max, kTop + kPlotHeight, -kPlotHeight), columns,
          kTop + kPlotHeight + kBelowPlot + static_cast<double>(rows) * kLegendRow + kBottom};
}

std::string line(double x1, double y1, double x2, double y2) {
  return concat("<line x1=\"", pixel(x1), "\" y1=\"", pixel(y1), "\" x2=\"", pixel(x2), "\" y2=\"", pixel(y2),
                "\"/>\n");
}

std::string text(double x, double y, const std::string& attributes, const std::string& content) {
  return concat("<text x=\"", pixel(x), "\" y=\"", pixel(y), "\"", attributes, ">", escape(content), "</text>\n");
}

std::string axes(const Plot& plot, const Layout& layout) {
  const double bottom = kTop + kPlotHeight;
  std::string grid = "<g stroke=\"#e4e4e4\" stroke-width=\"1\">\n";
  std::string marks = "<g stroke=\"#444444\" stroke-width=\"1\">\n";
  std::string labels = "<g fill=\"#333333\">\n";
  for (const Tick& tick : ticks(layout.x)) {
    const double x = layout.x.at(tick.value);
    grid += line(x, kTop, x, bottom);
    marks += line(x, bottom, x, bottom + 5);
    labels += text(x, bottom + 21, " text-anchor=\"middle\"", tick.label);
  }
  for (const Tick& tick : ticks(layout.y)) {
    const double y = layout.y.at(tick.value);
    grid += line(kLeft, y, kLeft + kPlotWidth, y);
    marks += line(kLeft - 5, y, kLeft, y);
    labels += text(kLeft - 10, y + kFont * 0.35, " text-anchor=\"end\"", tick.label);
  }
  marks += line(kLeft, kTop, kLeft, bottom) + line(kLeft, bottom, kLeft + kPlotWidth, bottom);
  const std::string middle = " text-anchor=\"middle\"";
  const double label_y = kTop + kPlotHeight / 2;
  labels += text(kLeft + kPlotWidth / 2, bottom + 46, middle + " font-size=\"15\"",
                 fitted(clean(plot.x_label), kPlotWidth, 15));
  labels += text(22, label_y, concat(middle, " font-size=\"15\" transform=\"rotate(-90 22 ", pixel(label_y), ")\""),
                 fitted(clean(plot.y_label), kPlotHeight, 15));
  return grid + "</g>\n" + marks + "</g>\n" + labels + "</g>\n";
}

std::string stroke(const PlotSeries& series, size_t place) {
  const auto colour = series.colour < 0 ? place : static_cast<size_t>(series.colour);
  // Past the last colour the colours come again, with another dash.
  const size_t dash = (static_cast<size_t>(std::max(series.dash, 0)) + colour / kColours.size()) % kDashes.size();
  const std::string pattern = dash == 0 ? "" : concat(" stroke-dasharray=\"", kDashes[dash], "\"");
  return concat("fill=\"none\" stroke=\"", kColours[colour % kColours.size()],
                "\" stroke-width=\"2.2\" stroke-linejoin=\"round\"", pattern);
}

/// The path of one series; points that fall on the same tenth of a pixel as the one before are left out.
std::string path(const PlotSeries& series, const Layout& layout) {
  // Far outside values would overflow a browser's coordinates; the clip path hides them anyway.
  const auto place = [](const Axis& axis, double value) { return pixel(std::clamp(axis.at(value), -1e5, 1e5)); };
  std::string points;
  std::string last;
  for (size_t i = 0; i < series.x.size(); ++i) {
    if (!std::isfinite(series.x[i]) || !std::isfinite(series.y[i])) continue;
    std::string point = place(layout.x, series.x[i]) + " " + place(layout.y, series.y[i]);
    if (point == last) continue;
    points += (last.empty() ? "M" : "L") + point;
    last = std::move(point);
  }
  return points;
}

std::string legend(const Plot& plot, const Layout& layout) {
  std::string result;
  const double column_width = kPlotWidth / static_cast<double>(layout.legend_columns);
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const double x = kLeft + static_cast<double>(i % layout.legend_columns) * column_width;
    const size_t legend_row = i / layout.legend_columns;
    const double y = kTop + kPlotHeight + kBelowPlot + kLegendRow * (0.5 + static_cast<double>(legend_row));
    const std::string name = clean(plot.series[i].name);
    result += concat("<g><title>", escape(name), "</title><path ", stroke(plot.series[i], i), " d=\"M", pixel(x), " ",
                     pixel(y), "h", pixel(kSampleLength), "\"/>\n");
    result += text(x + kSampleLength + 9, y + kFont * 0.35, " fill=\"#222222\"",
                   fitted(name, column_width - kSampleLength - 16, kFont));
    result += "</g>\n";
  }
  return result;
}

/// A spreadsheet takes a text with such a beginning for a formula, and one behind an apostrophe for text.
std::string without_formula(const std::string& text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  return formula ? "'" + text : text;
}

std::string csv_field(const std::string& value) {
  std::string text = without_formula(value);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

void check(const Plot& plot) {
  for (const PlotSeries& series : plot.series)
    require(series.x.size() == series.y.size(), "plot: x and y of a series differ in length");
}

}  // namespace

std::string plot_svg(const Plot& plot) {
  check(plot);
  const Layout layout = make_layout(plot);
  const std::string size = concat("width=\"", pixel(kWidth), "\" height=\"", pixel(layout.height), "\"");
  std::string svg =
      concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" ", size,
             " viewBox=\"0 0 ", pixel(kWidth), " ", pixel(layout.height),
             "\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"", pixel(kFont),
             "\">\n<title>", escape(clean(plot.title)), "</title>\n<rect ", size, " fill=\"#ffffff\"/>\n");
  svg += concat("<clipPath id=\"area\"><rect x=\"", pixel(kLeft), "\" y=\"", pixel(kTop - 2), "\" width=\"",
                pixel(kPlotWidth + 2), "\" height=\"", pixel(kPlotHeight + 4), "\"/></clipPath>\n");
  svg += text(
      kLeft + kPlotWidth / 2, 34,
      concat(" text-anchor=\"middle\" fill=\"#111111\" font-size=\"", pixel(kTitleFont), "\" font-weight=\"bold\""),
      fitted(clean(plot.title), kWidth - 40, kTitleFont));
  svg += axes(plot, layout);
  svg += "<g clip-path=\"url(#area)\">\n";
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const std::string points = path(plot.series[i], layout);
    if (!points.empty()) svg += concat("<path ", stroke(plot.series[i], i), " d=\"", points, "\"/>\n");
  }
  return svg + "</g>\n" + legend(plot, layout) + "</svg>\n";
}

std::string plot_csv(const Plot& plot) {
  check(plot);
  const auto field = [](double value) { return std::isfinite(value) ? number(value) : std::string(); };
  std::string csv = concat("series,", csv_field(plot.x_label), ",", csv_field(plot.y_label), "\n");
  for (const PlotSeries& series : plot.series) {
    const std::string name = csv_field(series.name);
    for (size_t i = 0; i < series.x.size(); ++i)
      csv += concat(name, ",", field(series.x[i]), ",", field(series.y[i]), "\n");
  }
  return csv;
}

}  // namespace mtcnn
