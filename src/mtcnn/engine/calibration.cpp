#include "mtcnn/engine/calibration.h"

#include "mtcnn/core/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace mtcnn::engine {
namespace {

constexpr int kTextures = 16;
constexpr int kFaces = 16;

void set_pixel(std::span<float> crop, size_t pixel, double red, double green, double blue) {
  const double colours[3] = {red, green, blue};
  for (size_t i = 0; i < 3; ++i)
    crop[3 * pixel + i] = static_cast<float>((std::clamp(colours[i], 0.0, 255.0) - 127.5) / 128);
}

/// Squares of random colours; every second one black and white.
void paint_texture(RandomStream& random, int index, int side, std::span<float> crop) {
  const int cell = 1 + index / 2 * side / kTextures;
  const int columns = side / cell + 1;
  std::vector<double> colours(static_cast<size_t>(columns * columns) * 3);
  for (double& colour : colours) colour = random.uniform(0, 255);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double* colour = colours.data() + static_cast<ptrdiff_t>(y / cell * columns + x / cell) * 3;
      const size_t pixel = static_cast<size_t>(y) * static_cast<size_t>(side) + static_cast<size_t>(x);
      const double tone = colour[0] < 127 ? 0 : 255;
      index % 2 == 0 ? set_pixel(crop, pixel, tone, tone, tone)
                     : set_pixel(crop, pixel, colour[0], colour[1], colour[2]);
    }
  }
}

double bell(double x, double width) { return std::exp(-(x * x) / (width * width)); }

/// A part of a face that is darker or lighter, most at (x, y).
struct Bump {
  double x, y, width, height, tone;
};

/// An oval with hair, eyes, brows, nose and mouth.
void paint_face(RandomStream& random, int side, std::span<float> crop) {
  const double background = random.uniform(0, 255);
  const double skin = random.uniform(90, 255);
  const double feature = random.uniform(-1, -0.4) * skin;
  const double hair = random.uniform(0, 120);
  const double hair_line = random.uniform(-0.8, -0.4);
  const double width = random.uniform(0.55, 1.0);
  const double height = random.uniform(0.8, 1.2);
  const double left = random.uniform(-0.15, 0.15);
  const double top = random.uniform(-0.15, 0.15);
  const double eye = random.uniform(0.08, 0.2);
  const double lips = random.uniform(0.05, 0.12);
  const double mouth = random.uniform(0.4, 1.0);
  const double tint[3] = {random.uniform(0.9, 1.1), random.uniform(0.7, 1.0), random.uniform(0.6, 1.0)};
  const std::array<Bump, 6> bumps = {{{-0.38, -0.2, 1.4 * eye, eye, feature},
                                      {-0.38, -0.42, 1.8 * eye, 0.06, 0.6 * feature},
                                      {0.38, -0.2, 1.4 * eye, eye, feature},
                                      {0.38, -0.42, 1.8 * eye, 0.06, 0.6 * feature},
                                      {0, 0.2, 0.12, 0.06, 0.5 * feature},
                                      {0, 0.5, 0.33, lips, mouth * feature}}};
  const auto x_of = [&](int column) { return (2.0 * column / (side - 1) - 1 - left) / width; };
  const auto y_of = [&](int row) { return (2.0 * row / (side - 1) - 1 - top) / height; };
  std::vector<std::array<double, 6>> columns(static_cast<size_t>(side));  // each bump is a column's part by a row's
  for (int column = 0; column < side; ++column) {
    for (size_t i = 0; i < bumps.size(); ++i)
      columns[static_cast<size_t>(column)][i] = bell(x_of(column) - bumps[i].x, bumps[i].width);
  }
  for (int row = 0; row < side; ++row) {
    const double y = y_of(row);
    std::array<double, 6> heights{};
    for (size_t i = 0; i < bumps.size(); ++i) heights[i] = bumps[i].tone * bell(y - bumps[i].y, bumps[i].height);
    for (int column = 0; column < side; ++column) {
      const double x = x_of(column);
      const double radius = x * x + y * y;
      double tone = radius < 1 ? skin : background;
      if (radius < 1.1 && y < hair_line) tone = hair;
      for (size_t i = 0; i < bumps.size(); ++i) tone += columns[static_cast<size_t>(column)][i] * heights[i];
      const size_t pixel = static_cast<size_t>(row) * static_cast<size_t>(side) + static_cast<size_t>(column);
      set_pixel(crop, pixel, tone * tint[0], tone * tint[1], tone * tint[2]);
    }
  }
}

}  // namespace

Calibration painted_calibration(int side) {
  const auto floats = static_cast<size_t>(side) * static_cast<size_t>(side) * 3;
  Calibration made{side, kTextures, kFaces, std::vector<float>((kTextures + kFaces) * floats)};
  for (int i = 0; i < kTextures + kFaces; ++i) {
    RandomStream random(1, "engine calibration", static_cast<uint64_t>(i));
    const std::span<float> crop = std::span(made.crops).subspan(static_cast<size_t>(i) * floats, floats);
    i < kTextures ? paint_texture(random, i, side, crop) : paint_face(random, side, crop);
  }
  return made;
}

}  // namespace mtcnn::engine
