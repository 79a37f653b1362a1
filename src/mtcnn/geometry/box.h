#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace mtcnn {

/// A point in image pixels, origin top left.
struct Point {
  float x = 0;
  float y = 0;
  bool operator==(const Point&) const = default;
};

/// A rectangle in image pixels, origin top left, half-open: [x1, x2) x [y1, y2). It may leave the image.
struct Box {
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;

  float width() const { return x2 - x1; }
  float height() const { return y2 - y1; }
  /// Never negative: an inverted box has no area.
  float area() const { return std::max(0.0F, width()) * std::max(0.0F, height()); }
  bool operator==(const Box&) const = default;
};

/// The points of one object, as many as its model or data set has; none where it has no points.
using Landmarks = std::vector<Point>;
/// Those of a face, as the public data sets and weights have them: left eye, right eye, nose, left mouth corner, right
/// mouth corner, as seen in the image.
inline constexpr int kLandmarkCount = 5;
/// Their names in files.
inline constexpr std::array<const char*, kLandmarkCount> kLandmarkNames = {"left_eye", "right_eye", "nose",
                                                                           "mouth_left", "mouth_right"};

/// The common area of two boxes; 0 where they only touch.
inline float intersection(const Box& a, const Box& b) {
  const float w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  return std::max(0.0F, w) * std::max(0.0F, h);
}

/// Intersection over union, in [0, 1]; 0 where both boxes are empty.
inline float iou(const Box& a, const Box& b) {
  const float common = intersection(a, b);
  return common > 0 ? common / (a.area() + b.area() - common) : 0.0F;
}

/// Intersection over the smaller area, in [0, 1]; 0 where one box is empty.
inline float iom(const Box& a, const Box& b) {
  const float common = intersection(a, b);
  return common > 0 ? common / std::min(a.area(), b.area()) : 0.0F;
}

/// Box offsets relative to a window: (target edge - window edge) / window size, for x1, y1, x2, y2.
using Offsets = std::array<float, 4>;

/// The offsets that turn `window` into `target`.
/// \throws ContractError if the window has no area.
Offsets encode_offsets(const Box& window, const Box& target);
/// The box that `offsets` mean for `window`.
Box decode_offsets(const Box& window, const Offsets& offsets);

/// Landmarks relative to a window: (point - window corner) / window size, as x0 y0 x1 y1 ….
using LandmarkTargets = std::vector<float>;

/// \throws ContractError if the window has no area.
LandmarkTargets encode_landmarks(const Box& window, const Landmarks& points);
/// \param targets  two numbers a point.
Landmarks decode_landmarks(const Box& window, std::span<const float> targets);

/// The square with the same centre whose side is the longer side of `box`.
Box square(const Box& box);

/// `box` cut to [0, width) x [0, height); a box outside becomes an empty one on the border.
Box clip(const Box& box, float width, float height);

}  // namespace mtcnn
