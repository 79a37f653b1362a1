#pragma once

#include <string>
#include <vector>

namespace mtcnn {

/// One line of a plot; x and y have the same length, points in drawing order.
struct PlotSeries {
  std::string name;  ///< for the legend, with its figure: "ours, hard (AP 0.737)"
  std::vector<double> x;
  std::vector<double> y;
  int colour = -1;  ///< lines of the same number have the same colour; -1: the place in the list counts
  int dash = 0;     ///< 0 solid, 1 dashed, 2 dotted, 3 dash and dot, then again from 0
};

/// A chart of lines.
struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  double x_min = 0;
  double x_max = 1;
  double y_min = 0;
  double y_max = 1;
  std::vector<PlotSeries> series;
};

/// A complete SVG document that a browser shows: axes, ticks, grid, and the legend below. Values that are not finite
/// are left out; lines are cut off at the axes' ends. An empty plot still has its axes; an axis whose range is empty or
/// not finite is drawn from its lower end (or 0) over a length of 1. Names that are too long are shortened in the
/// middle and shown whole when the mouse rests on them. Line ends and other control characters become blanks.
/// \throws ContractError if x and y of a series differ in length.
std::string plot_svg(const Plot& plot);

/// Long form, one point a row: "series,<x_label>,<y_label>" then the points; names are quoted where they need it.
/// Numbers have the fewest digits that read back as the same double; values that are not finite are left empty.
/// \throws ContractError if x and y of a series differ in length.
std::string plot_csv(const Plot& plot);

}  // namespace mtcnn
