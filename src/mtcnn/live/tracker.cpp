#include "mtcnn/live/tracker.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace mtcnn {
namespace {

constexpr double kBelieved = 0.25;  ///< seconds

double centre_x(const Box& box) { return (static_cast<double>(box.x1) + box.x2) / 2; }
double centre_y(const Box& box) { return (static_cast<double>(box.y1) + box.y2) / 2; }
double size_of(const Box& box) { return std::sqrt(std::max(1e-6, static_cast<double>(box.area()))); }

/// A track and a found face that may be the same.
struct Pair {
  double cost;
  size_t track;
  size_t face;
  bool operator<(const Pair& other) const {
    return std::tie(cost, track, face) < std::tie(other.cost, other.track, other.face);
  }
};

}  // namespace

Face moved(const Face& face, const Motion& motion, double seconds) {
  const double grown = std::exp(motion.growth * seconds);
  const double cx = centre_x(face.box);
  const double cy = centre_y(face.box);
  const auto x = [&](float value) { return static_cast<float>(cx + (value - cx) * grown + motion.x * seconds); };
  const auto y = [&](float value) { return static_cast<float>(cy + (value - cy) * grown + motion.y * seconds); };
  Face result = face;
  result.box = {x(face.box.x1), y(face.box.y1), x(face.box.x2), y(face.box.y2)};
  for (Point& point : result.landmarks) point = {x(point.x), y(point.y)};
  return result;
}

std::vector<Face> Tracker::predict(double time_s) const {
  std::vector<Face> faces;
  for (const Track& track : tracks_)
    faces.push_back(moved(track.face, track.motion, std::clamp(time_s - track.seen_s, 0.0, kBelieved)));
  return faces;
}

std::vector<size_t> Tracker::match(std::span<const Face> found, double time_s) const {
  const std::vector<Face> expected = predict(time_s);
  std::vector<Pair> pairs;
  for (size_t track = 0; track < tracks_.size(); ++track) {
    const Box& there = expected[track].box;
    for (size_t face = 0; face < found.size(); ++face) {
      const Box& here = found[face].box;
      const double size = std::sqrt(size_of(there) * size_of(here));
      const double distance = std::hypot(centre_x(there) - centre_x(here), centre_y(there) - centre_y(here)) / size;
      const double growth = std::abs(std::log(size_of(there) / size_of(here)));
      const double limit = tracks_[track].seen < 2 ? options_.max_distance_new : options_.max_distance;
      if (distance <= limit && growth <= options_.max_growth) pairs.push_back({distance + growth, track, face});
    }
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<size_t> result(found.size(), kNone);
  std::vector<bool> taken(tracks_.size(), false);
  for (const Pair& pair : pairs) {
    if (taken[pair.track] || result[pair.face] != kNone) continue;
    taken[pair.track] = true;
    result[pair.face] = pair.track;
  }
  return result;
}

std::vector<size_t> Tracker::update(std::span<const Face> faces, std::span<const size_t> continued, double time_s) {
  require(faces.size() == continued.size(), "Tracker: a track, or none, for each face");
  std::vector<size_t> places;
  for (size_t i = 0; i < faces.size(); ++i) {
    if (continued[i] == kNone) {
      places.push_back(tracks_.size());
      tracks_.push_back({.id = next_id_++, .face = faces[i], .seen_s = time_s, .seen = 1});
      continue;
    }
    require(continued[i] < tracks_.size(), "Tracker: no such track");
    places.push_back(continued[i]);
    Track& track = tracks_[continued[i]];
    const double passed = time_s - track.seen_s;
    if (passed > 0) {
      const Box& before = track.face.box;
      const Box& now = faces[i].box;
      // The first steps count in full, later ones settle into a running average.
      const double share = std::max(1 - std::exp(-passed / options_.settling_s), 1.0 / track.seen);
      const auto blend = [&](double& mean, double step) { mean += share * (step / passed - mean); };
      blend(track.motion.x, centre_x(now) - centre_x(before));
      blend(track.motion.y, centre_y(now) - centre_y(before));
      blend(track.motion.growth, std::log(size_of(now) / size_of(before)));
    }
    track.face = faces[i];
    track.seen_s = time_s;
    ++track.seen;
  }
  // Ended tracks go, and places move up.
  std::vector<size_t> new_place(tracks_.size(), kNone);
  size_t kept = 0;
  for (size_t i = 0; i < tracks_.size(); ++i) {
    if (time_s - tracks_[i].seen_s > options_.max_unseen_s) continue;
    new_place[i] = kept;
    if (kept != i) tracks_[kept] = tracks_[i];
    ++kept;
  }
  tracks_.resize(kept);
  for (size_t& place : places) place = new_place[place];
  return places;
}

}  // namespace mtcnn
