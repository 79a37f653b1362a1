#include "mtcnn/live/one_euro.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mtcnn {
namespace {

/// What a low pass takes of a new value.
double share(double cutoff_hz, double passed_s) {
  const double angle = 2 * std::numbers::pi * cutoff_hz * passed_s;
  return angle / (angle + 1);
}

/// Box and points as one list of coordinates.
std::vector<float*> coordinates(Face& face) {
  std::vector<float*> list = {&face.box.x1, &face.box.y1, &face.box.x2, &face.box.y2};
  for (Point& point : face.landmarks) list.insert(list.end(), {&point.x, &point.y});
  return list;
}

}  // namespace

double OneEuro::update(double value, double passed_s, double drift, double unit, const OneEuroOptions& options) {
  if (!started_) {
    started_ = true;
    return value_ = value;
  }
  const double expected = value_ + drift;
  rate_ += share(options.rate_cutoff_hz, passed_s) * ((value - expected) / (unit * passed_s) - rate_);
  const double cutoff_hz = options.min_cutoff_hz + options.beta * std::abs(rate_);
  return value_ = expected + share(cutoff_hz, passed_s) * (value - expected);
}

Face FaceSmoother::update(const Face& face, const Motion& motion, double time_s) {
  const double passed_s = time_s - last_s_;
  const double size = std::max(1.0, std::sqrt(static_cast<double>(face.box.area())));
  Face result = face;
  if (filters_.empty()) last_ = face;
  Face expected = moved(last_, motion, passed_s);
  const auto values = coordinates(result);
  const auto before = coordinates(last_);
  const auto ahead = coordinates(expected);
  filters_.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double drift = *ahead[i] - *before[i];
    *values[i] = static_cast<float>(filters_[i].update(*values[i], passed_s, drift, size, options_));
  }
  last_ = result;
  last_s_ = time_s;
  return result;
}

}  // namespace mtcnn
