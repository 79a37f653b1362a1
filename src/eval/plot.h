#pragma once

#include <limits>
#include <string>
#include <vector>

namespace mtcnn {

/// One line of a plot; x and y have the same length, points in drawing order.
struct PlotSeries {
  std::string name;  ///< for the legend, with its figure: "ours, hard (AP 0.737)"
  std::vector<double> x;
  std::vector<double> y;
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

/// A complete SVG document that a browser shows: axes, ticks, grid, legend. Values that are not finite are left out. An
/// empty plot still has its axes.
std::string plot_svg(const Plot& plot);

/// Long form, one point a row: "series,<x_label>,<y_label>" then the points; names are quoted where they need it.
std::string plot_csv(const Plot& plot);

}  // namespace mtcnn
