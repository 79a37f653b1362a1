#include "data_prep/toy_watches.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data_prep/toy_scenery.h"

namespace mtcnn {
namespace {

// Lengths are relative to the height of an upright watch.
constexpr float kHalfStrap = 0.13F;  ///< half its width; it is 1 long
constexpr float kCase = 0.28F;       ///< radius
constexpr float kDial = 0.24F;
constexpr float kMarks = 0.19F;  ///< distance of the hours' marks, and of the points, from the middle
constexpr int kPlacingTries = 30;
constexpr float kPi = std::numbers::pi_v<float>;

/// Where a watch is. Local coordinates have their origin in the middle of the dial.
struct Pose {
  Point centre;
  float height = 1;
  float degrees = 0;

  Point at(float x, float y) const {
    const float c = std::cos(degrees * kPi / 180);
    const float s = std::sin(degrees * kPi / 180);
    return {centre.x + height * (c * x - s * y), centre.y + height * (s * x + c * y)};
  }

  /// The upright box round the turned strap and case.
  Box box() const {
    const float c = std::abs(std::cos(degrees * kPi / 180));
    const float s = std::abs(std::sin(degrees * kPi / 180));
    const float rx = height * std::max(kCase, kHalfStrap * c + 0.5F * s);
    const float ry = height * std::max(kCase, kHalfStrap * s + 0.5F * c);
    return {centre.x - rx, centre.y - ry, centre.x + rx, centre.y + ry};
  }
};

/// Paints one watch, or parts of one.
class WatchPainter {
 public:
  WatchPainter(ToyCanvas& canvas, const Pose& pose, RandomStream& random)
      : canvas_(canvas), pose_(pose), random_(random) {}

  void paint() {
    strap(any_colour(random_));
    const Colour metal = mix({200, 170, 90}, {190, 195, 205}, between(random_, 0, 1));
    blob(kCase, 0, 0.035F, 0.05F, 0.8F * metal);  // crown
    blob(0, 0, kCase, kCase, metal);
    const bool dark = random_.chance(0.3);
    const Colour dial = dark ? Colour{30, 32, 40} : Colour{238, 236, 226};
    const Colour ink = dark ? Colour{235, 235, 220} : Colour{25, 22, 20};
    blob(0, 0, kDial, kDial, dial);
    for (int hour = 0; hour < 12; ++hour) mark(hour, ink);
    hand(between(random_, 0, 360), 0.11F, 0.018F, ink);
    hand(between(random_, 0, 360), 0.17F, 0.012F, ink);
  }

  void strap(Colour colour) {
    blob(0, 0, kHalfStrap, 0.5F, colour, 8);
    for (const float y : {-0.42F, 0.42F}) blob(0, y, 0.8F * kHalfStrap, 0.015F, 0.6F * colour, 8);
  }

  void disc(Colour colour) { blob(0, 0, kCase, kCase, colour); }

 private:
  void blob(float x, float y, float rx, float ry, Colour colour, float roundness = 2, float turned = 0) {
    canvas_.paint({.centre = pose_.at(x, y),
                   .rx = rx * pose_.height,
                   .ry = ry * pose_.height,
                   .degrees = pose_.degrees + turned,
                   .colour = colour,
                   .roundness = roundness});
  }

  /// Twelve o'clock has the widest mark, every third hour a long one.
  void mark(int hour, Colour ink) {
    const float angle = static_cast<float>(hour) * kPi / 6;
    const float length = hour % 3 == 0 ? 0.035F : 0.018F;
    const float width = hour == 0 ? 0.035F : 0.012F;
    blob(kMarks * std::sin(angle), -kMarks * std::cos(angle), width, length, ink, 8, static_cast<float>(30 * hour));
  }

  void hand(float degrees, float length, float width, Colour ink) {
    const float angle = degrees * kPi / 180;
    blob(length / 2 * std::sin(angle), -length / 2 * std::cos(angle), width, length / 2, ink, 4, degrees);
  }

  ToyCanvas& canvas_;
  const Pose& pose_;
  RandomStream& random_;
};

Pose any_pose(RandomStream& random, const ToyScene& scene, float height) {
  return {.centre = {between(random, 0, scene.width), between(random, 0, scene.height)},
          .height = height,
          .degrees = between(random, -20, 20)};
}

/// A strap without a watch, or a disc without a strap.
void paint_distractor(ToyCanvas& canvas, const ToyScene& scene, RandomStream& random) {
  const Pose pose = any_pose(random, scene, between(random, 20, 140));
  WatchPainter painter(canvas, pose, random);
  random.chance(0.5) ? painter.strap(any_colour(random)) : painter.disc(any_colour(random));
}

/// Where no other watch is, or nothing.
bool place(const ToyScene& scene, float height, const std::vector<Pose>& taken, RandomStream& random, Pose& pose) {
  for (int tries = 0; tries < kPlacingTries; ++tries) {
    pose = any_pose(random, scene, height);
    const Box box = pose.box();
    if (box.x1 < 0 || box.y1 < 0 || box.x2 > static_cast<float>(scene.width) ||
        box.y2 > static_cast<float>(scene.height))
      continue;
    const bool free = std::none_of(taken.begin(), taken.end(), [&](const Pose& other) {
      return intersection(square(box), square(other.box())) > 0;
    });
    if (free) return true;
  }
  return false;
}

FaceAnnotation label_of(const Pose& pose) {
  const Box box = pose.box();
  FaceAnnotation watch{.x = box.x1, .y = box.y1, .w = box.width(), .h = box.height()};
  ExactPoints& points = watch.landmarks.emplace();
  for (const Point& point : {pose.at(0, -kMarks), pose.at(kMarks, 0), pose.at(0, kMarks), pose.at(-kMarks, 0)})
    points.push_back({point.x, point.y});
  return watch;
}

}  // namespace

const LandmarkLayout& watch_landmarks() {
  static const LandmarkLayout layout{.names = {"twelve", "three", "six", "nine"}, .mirror = {0, 3, 2, 1}};
  return layout;
}

ToyPicture paint_toy_watches(const ToyScene& scene, RandomStream& random) {
  ToyCanvas canvas(scene.width, scene.height, any_colour(random));
  paint_toy_background(canvas, random);
  const auto distractors = random.below(7);
  for (int64_t i = 0; i < distractors; ++i) paint_distractor(canvas, scene, random);
  ToyPicture picture;
  picture.annotation.width = scene.width;
  picture.annotation.height = scene.height;
  std::vector<Pose> poses;
  for (int i = 0; i < scene.faces; ++i) {
    const double most = std::min<double>(scene.largest, 0.6 * std::min(scene.width, scene.height));
    const double height =
        std::exp(random.uniform(std::log(scene.smallest), std::log(std::max<double>(most, scene.smallest))));
    Pose pose;
    if (!place(scene, static_cast<float>(height), poses, random, pose)) continue;
    poses.push_back(pose);
    WatchPainter(canvas, pose, random).paint();
    picture.annotation.faces.push_back(label_of(pose));
  }
  finish_toy_picture(canvas, random);
  picture.image = canvas.image();
  return picture;
}

}  // namespace mtcnn
