#include "data_prep/toy_faces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "data_prep/toy_scenery.h"

namespace mtcnn {
namespace {

constexpr float kHalfHeight = 0.65F;  ///< of a face, relative to its width
constexpr int kPlacingTries = 30;
constexpr float kTinyFace = 7;  ///< pixels

Colour skin_colour(RandomStream& random) {
  constexpr std::array<Colour, 4> kSkins = {{{250, 224, 200}, {225, 180, 145}, {170, 120, 85}, {95, 65, 48}}};
  const auto index = static_cast<size_t>(random.below(3));
  const Colour skin = mix(kSkins[index], kSkins[index + 1], between(random, 0, 1));
  const float light = between(random, 0.8, 1.1);
  return light * skin;
}

Colour hair_colour(RandomStream& random) {
  constexpr std::array<Colour, 5> kHair = {
      {{20, 16, 14}, {60, 40, 25}, {140, 95, 50}, {205, 175, 115}, {170, 170, 170}}};
  return kHair[static_cast<size_t>(random.below(5))];
}

/// Where a face is and which way it looks. Local coordinates have their origin in the middle of the face, x to the
/// right and y to the chin, in units of the face's width.
struct Pose {
  Point centre;
  float width = 1;
  float degrees = 0;  ///< tilt
  float yaw = 0;      ///< -1 to 1: features move to that side and crowd there
  float nod = 0;      ///< the same, down

  Point at(float x, float y) const {
    const float u = width * (x * (1 - 0.12F * std::abs(yaw)) + 0.13F * yaw);
    const float v = width * (y + 0.08F * nod);
    const float c = std::cos(degrees * std::numbers::pi_v<float> / 180);
    const float s = std::sin(degrees * std::numbers::pi_v<float> / 180);
    return {centre.x + c * u - s * v, centre.y + s * u + c * v};
  }

  /// The upright box round the tilted oval.
  Box box() const {
    const float c = std::cos(degrees * std::numbers::pi_v<float> / 180);
    const float s = std::sin(degrees * std::numbers::pi_v<float> / 180);
    const float rx = width * std::hypot(0.5F * c, kHalfHeight * s);
    const float ry = width * std::hypot(0.5F * s, kHalfHeight * c);
    return {centre.x - rx, centre.y - ry, centre.x + rx, centre.y + ry};
  }

  Landmarks points() const {
    return {at(-0.2F, -0.1F), at(0.2F, -0.1F), at(0.03F * yaw, 0.12F), at(-0.16F, 0.34F), at(0.16F, 0.34F)};
  }
};

Pose any_pose(RandomStream& random, Point centre, float width) {
  return {.centre = centre,
          .width = width,
          .degrees = static_cast<float>(12 * std::clamp(random.normal(), -3.0, 3.0)),
          .yaw = between(random, -1, 1),
          .nod = between(random, -1, 1)};
}

/// Paints one face.
class FacePainter {
 public:
  FacePainter(ToyCanvas& canvas, const Pose& pose, RandomStream& random)
      : canvas_(canvas),
        pose_(pose),
        random_(random),
        skin_(skin_colour(random)),
        light_(between(random, -45, 45)),
        hair_(hair_colour(random)) {}

  void paint() {
    paint_head();
    for (const float side : {-1.0F, 1.0F}) paint_eye(side);
    paint_nose();
    paint_mouth();
    paint_extras();
  }

 private:
  /// A blob in local coordinates.
  void blob(float x, float y, float rx, float ry, Colour colour, float opacity = 1, float roundness = 2,
            float turned = 0) {
    canvas_.paint({.centre = pose_.at(x, y),
                   .rx = rx * pose_.width,
                   .ry = ry * pose_.width,
                   .degrees = pose_.degrees + turned,
                   .colour = colour,
                   .opacity = opacity,
                   .roundness = roundness});
  }

  /// A blob of the head itself, which does not move with the features; lit from one side.
  void head_blob(float x, float y, float rx, float ry, Colour colour) {
    Pose straight = pose_;
    straight.yaw = straight.nod = 0;
    canvas_.paint({.centre = straight.at(x, y),
                   .rx = rx * pose_.width,
                   .ry = ry * pose_.width,
                   .degrees = pose_.degrees,
                   .colour = colour,
                   .across = {light_, light_, light_},
                   .down = {-18, -18, -18}});
  }

  void paint_head() {
    head_blob(0, 0.85F, 0.24F, 0.4F, 0.8F * skin_);        // neck
    head_blob(0, 1.3F, 0.75F, 0.5F, any_colour(random_));  // shoulders
    if (random_.chance(0.9)) head_blob(0, -0.2F, 0.58F, between(random_, 0.55, 0.75), hair_);
    for (const float side : {-1.0F, 1.0F}) head_blob(0.5F * side, 0, 0.07F, 0.13F, 0.9F * skin_);
    head_blob(0, 0, 0.5F, kHalfHeight, skin_);
    if (random_.chance(0.5)) head_blob(between(random_, -0.2, 0.2), -0.6F, 0.42F, 0.12F, hair_);  // fringe
  }

  void paint_eye(float side) {
    const Colour dark = 0.2F * skin_;
    blob(0.2F * side, -0.1F, 0.12F, 0.075F, 0.75F * skin_);  // socket
    const float open = between(random_, 0.03, 0.055);
    blob(0.2F * side, -0.1F, 0.095F, open + 0.012F, dark);
    blob(0.2F * side, -0.1F, 0.085F, open, {235, 235, 235});
    const Colour iris = mix({40, 30, 20}, {70, 110, 140}, between(random_, 0, 1));
    blob(0.2F * side, -0.1F, 0.042F, std::min(0.042F, open), iris);
    blob(0.2F * side, -0.1F, 0.02F, std::min(0.02F, open), {10, 10, 10});
    blob(0.2F * side, -0.23F, 0.12F, 0.025F, mix(hair_, dark, 0.5F), 1, 2, -6 * side);  // brow
  }

  void paint_nose() {
    blob(0.02F * pose_.yaw, 0, 0.045F, 0.14F, 0.93F * skin_);
    blob(0.03F * pose_.yaw, 0.12F, 0.09F, 0.055F, 0.86F * skin_);
    for (const float side : {-1.0F, 1.0F})
      blob(0.03F * pose_.yaw + 0.045F * side, 0.145F, 0.02F, 0.014F, 0.35F * skin_);
  }

  void paint_mouth() {
    const Colour lips = mix(skin_, {170, 50, 60}, between(random_, 0.35, 0.8));
    const float open = between(random_, 0.02, 0.07);
    blob(0, 0.34F, 0.165F, open + 0.025F, lips);
    blob(0, 0.34F, 0.15F, 0.6F * open, random_.chance(0.5) ? Colour{240, 235, 230} : Colour{70, 20, 25});
  }

  void paint_extras() {
    if (random_.chance(0.12)) {  // glasses
      const Colour frame = 0.3F * any_colour(random_);
      for (const float side : {-1.0F, 1.0F}) {
        blob(0.2F * side, -0.1F, 0.155F, 0.12F, frame, 0.35F, 4);
        blob(0.2F * side, -0.21F, 0.155F, 0.015F, frame, 1, 4);
      }
      blob(0, -0.13F, 0.06F, 0.015F, frame, 1, 4);
    }
    if (random_.chance(0.1)) blob(0, -0.62F, 0.62F, 0.2F, any_colour(random_), 1, 5);  // hat
    if (random_.chance(0.06)) blob(0, 0.5F, 0.42F, 0.22F, hair_, 0.8F);                // beard
    if (random_.chance(0.06)) {                                                        // something in front
      const bool low = random_.chance(0.5);
      blob(low ? 0 : between(random_, -0.5, 0.5), low ? 0.75F : 0, low ? 0.7F : 0.1F, low ? 0.25F : 0.9F,
           any_colour(random_), 1, 6, between(random_, -20, 20));
    }
  }

  ToyCanvas& canvas_;
  const Pose& pose_;
  RandomStream& random_;
  Colour skin_;
  float light_;
  Colour hair_;
};

/// Things that have some of a face: a bare oval, an oval with two spots, two spots and a bar.
void paint_distractor(ToyCanvas& canvas, RandomStream& random) {
  const float size = between(random, 10, 90);
  const Point centre{between(random, 0, canvas.width()), between(random, 0, canvas.height())};
  const float tilt = between(random, -40, 40);
  const Colour colour = random.chance(0.6) ? skin_colour(random) : any_colour(random);
  const auto paint = [&](float x, float y, float rx, float ry, Colour c) {
    const Pose pose{.centre = centre, .width = size, .degrees = tilt};
    canvas.paint({.centre = pose.at(x, y), .rx = rx * size, .ry = ry * size, .degrees = tilt, .colour = c});
  };
  const auto kind = random.below(4);
  if (kind != 2) paint(0, 0, 0.5F, between(random, 0.3, 0.8), colour);
  if (kind == 1 || kind == 2) {
    const float y = kind == 1 ? 0.25F : 0.0F;  // not where eyes are
    for (const float x : {-0.22F, 0.22F}) paint(x, y, 0.08F, 0.08F, 0.3F * colour);
  }
  if (kind == 3) paint(0, between(random, -0.5, 0), 0.3F, 0.05F, 0.4F * colour);
}

/// Space that a face takes, with hair and some distance.
Box with_margin(const Box& box) {
  const float margin = 0.25F * box.width();
  return {box.x1 - margin, box.y1 - margin, box.x2 + margin, box.y2 + margin};
}

/// Where no other face is, or nothing.
bool place(const ToyScene& scene, float width, const std::vector<Pose>& taken, RandomStream& random, Pose& pose) {
  const auto frame_width = static_cast<float>(scene.width);
  const auto frame_height = static_cast<float>(scene.height);
  for (int tries = 0; tries < kPlacingTries; ++tries) {
    pose = any_pose(random, {between(random, 0, scene.width), between(random, 0, scene.height)}, width);
    const Box box = pose.box();
    if (box.x1 < 0 || box.y1 < 0 || box.x2 > frame_width || box.y2 > frame_height) continue;
    const bool free = std::none_of(taken.begin(), taken.end(), [&](const Pose& other) {
      return intersection(with_margin(box), with_margin(other.box())) > 0;
    });
    if (free) return true;
  }
  return false;
}

FaceAnnotation label_of(const Pose& pose, bool ignore) {
  const Box box = pose.box();
  FaceAnnotation face{.x = box.x1, .y = box.y1, .w = box.width(), .h = box.height(), .ignore = ignore};
  ExactPoints& points = face.landmarks.emplace();
  for (const Point& point : pose.points()) points.push_back({point.x, point.y});
  return face;
}

}  // namespace

ToyPicture paint_toy_picture(const ToyScene& scene, RandomStream& random) {
  ToyCanvas canvas(scene.width, scene.height, any_colour(random));
  paint_toy_background(canvas, random);
  const auto distractors = random.below(7);
  for (int64_t i = 0; i < distractors; ++i) paint_distractor(canvas, random);
  std::vector<Pose> poses;
  if (scene.centred) {
    const float width = between(random, 0.38, 0.5) * static_cast<float>(scene.width);
    poses.push_back(
        any_pose(random, {0.5F * static_cast<float>(scene.width), 0.5F * static_cast<float>(scene.height)}, width));
  } else {
    for (int i = 0; i < scene.faces + scene.tiny; ++i) {
      const bool tiny = i >= scene.faces;
      const double most = std::min<double>(scene.largest, 0.6 * std::min(scene.width, scene.height));
      const float width = tiny ? kTinyFace
                               : static_cast<float>(std::exp(random.uniform(
                                     std::log(scene.smallest), std::log(std::max<double>(most, scene.smallest)))));
      Pose pose;
      if (place(scene, width, poses, random, pose)) poses.push_back(pose);
    }
  }
  ToyPicture picture;
  picture.annotation.width = scene.width;
  picture.annotation.height = scene.height;
  // From top to bottom, so that shoulders lie behind the faces below them.
  std::sort(poses.begin(), poses.end(), [](const Pose& a, const Pose& b) { return a.centre.y < b.centre.y; });
  for (const Pose& pose : poses) {
    FacePainter(canvas, pose, random).paint();
    picture.annotation.faces.push_back(label_of(pose, pose.width <= kTinyFace));
  }
  finish_toy_picture(canvas, random);
  picture.image = canvas.image();
  return picture;
}

}  // namespace mtcnn
