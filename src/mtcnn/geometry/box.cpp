#include "mtcnn/geometry/box.h"

#include "mtcnn/core/error.h"

namespace mtcnn {

Offsets encode_offsets(const Box& window, const Box& target) {
  require(window.width() > 0 && window.height() > 0, "encode_offsets: the window has no area");
  const float w = window.width();
  const float h = window.height();
  return {(target.x1 - window.x1) / w, (target.y1 - window.y1) / h, (target.x2 - window.x2) / w,
          (target.y2 - window.y2) / h};
}

Box decode_offsets(const Box& window, const Offsets& offsets) {
  const float w = window.width();
  const float h = window.height();
  return {window.x1 + offsets[0] * w, window.y1 + offsets[1] * h, window.x2 + offsets[2] * w,
          window.y2 + offsets[3] * h};
}

LandmarkTargets encode_landmarks(const Box& window, const Landmarks& points) {
  require(window.width() > 0 && window.height() > 0, "encode_landmarks: the window has no area");
  LandmarkTargets targets(2 * points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    targets[2 * i] = (points[i].x - window.x1) / window.width();
    targets[2 * i + 1] = (points[i].y - window.y1) / window.height();
  }
  return targets;
}

Landmarks decode_landmarks(const Box& window, std::span<const float> targets) {
  Landmarks points(targets.size() / 2);
  for (size_t i = 0; i < points.size(); ++i) {
    points[i] = {window.x1 + targets[2 * i] * window.width(), window.y1 + targets[2 * i + 1] * window.height()};
  }
  return points;
}

Box square(const Box& box) {
  const float side = std::max(box.width(), box.height());
  const float x1 = box.x1 + (box.width() - side) / 2;
  const float y1 = box.y1 + (box.height() - side) / 2;
  return {x1, y1, x1 + side, y1 + side};
}

Box clip(const Box& box, float width, float height) {
  return {std::clamp(box.x1, 0.0F, width), std::clamp(box.y1, 0.0F, height), std::clamp(box.x2, 0.0F, width),
          std::clamp(box.y2, 0.0F, height)};
}

}  // namespace mtcnn
