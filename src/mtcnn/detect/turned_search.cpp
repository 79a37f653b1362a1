#include "mtcnn/detect/turned_search.h"

#include "mtcnn/core/error.h"
#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/detect/final_faces.h"
#include "mtcnn/geometry/nms.h"
#include "mtcnn/image/turn.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mtcnn {
namespace {

/// Turned copies that exist at the same time hold at most so many pixels, or are one.
constexpr int64_t kCopiedPixels = int64_t{4} << 20;

/// One turn of the image.
struct Turn {
  int angle = 0;         ///< degrees clockwise by which a face is turned that is upright in the copy
  ImageView view;        ///< of `copy` or the image itself
  TurnedImage copy;      ///< empty where the view is of another image
  Similarity to_source;  ///< from positions in the view
};

/// The upright box about the ellipse that a face fills in its box; of squares the same square at its new place.
Box turned_box(const Box& box, const Similarity& turn) {
  const Point centre = turn.apply({(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2});
  const double half_width = box.width() / 2.0;
  const double half_height = box.height() / 2.0;
  const auto x = static_cast<float>(std::hypot(turn.a * half_width, turn.b * half_height));
  const auto y = static_cast<float>(std::hypot(turn.b * half_width, turn.a * half_height));
  return {centre.x - x, centre.y - y, centre.x + x, centre.y + y};
}

bool lies_mostly_inside(const Box& box, const ImageView& image) {
  const Box inside = clip(box, static_cast<float>(image.width), static_cast<float>(image.height));
  return inside.area() >= box.area() / 2;
}

/// Brings windows to the frame of the image and adds them to `all`.
void add_windows(const std::vector<Box>& windows, const Turn& turn, const ImageView& image, std::vector<Box>& all) {
  for (const Box& window : windows) {
    const Box box = turn.angle == 0 ? window : turned_box(window, turn.to_source);
    if (turn.angle % 90 == 0 || lies_mostly_inside(box, image)) all.push_back(box);
  }
}

/// The same with faces. Most faces are upright and background is at every angle, so a turned face needs more evidence:
/// its logit is lowered.
void add_faces(std::vector<Face>& faces, const Turn& turn, const ImageView& image, const DetectorOptions& options,
               std::vector<Face>& all) {
  for (Face& face : faces) {
    if (turn.angle != 0) {
      face.angle = static_cast<float>(turn.angle);
      face.box = turned_box(face.box, turn.to_source);
      for (Point& point : face.landmarks) point = turn.to_source.apply(point);
      face.confidence = logit_to_probability(finite_logit(face.confidence) - options.rotate_margin);
      if (!passes(face.confidence, options.thresholds[2])) continue;
      if (turn.angle % 90 != 0 && !lies_mostly_inside(face.box, image)) continue;
    }
    all.push_back(std::move(face));
  }
}

/// Each face once, where it is most confident.
std::vector<Face> strongest_turns(std::vector<Face>& faces, float overlap) {
  std::vector<Box> boxes;
  std::vector<float> confidences;
  for (const Face& face : faces) {
    boxes.push_back(face.box);
    confidences.push_back(face.confidence);
  }
  std::vector<Face> kept;
  for (const int32_t index : nms(boxes, confidences, overlap, Overlap::smaller_area))
    kept.push_back(std::move(faces[static_cast<size_t>(index)]));
  return kept;
}

}  // namespace

Found search_turned(const ImageView& image, const DetectorOptions& options, float border, const UprightSearch& search) {
  require(options.rotate > 0, "search_turned: no turns");
  Found all;
  if (image.empty()) return all;
  DetectorOptions upright = options;
  upright.rotate = 0;
  upright.clip = false;  // at the borders of the image, not of its copies
  std::vector<Turn> turns;
  const auto search_turns = [&] {
    std::vector<ImageView> views;
    for (const Turn& turn : turns) views.push_back(turn.view);
    std::vector<Found> found = search(views, upright);
    for (size_t i = 0; i < turns.size(); ++i) {
      add_windows(found[i].after_pnet, turns[i], image, all.after_pnet);
      add_windows(found[i].after_rnet, turns[i], image, all.after_rnet);
      add_faces(found[i].faces, turns[i], image, options, all.faces);
    }
    turns.clear();
  };
  // All four quarter turns of `source`, whose positions `to_image` brings to the image.
  const auto search_quarters = [&](const ImageView& source, const Similarity& to_image, int first_angle) {
    const int64_t pixels = int64_t{source.width} * source.height;
    for (int quarters = 0; quarters < 4; ++quarters) {
      Turn& turn = turns.emplace_back();
      turn.angle = (360 - first_angle - 90 * quarters) % 360;
      if (quarters > 0) turn.copy = turned_by_quarters(source, quarters);
      turn.view = quarters > 0 ? turn.copy.image.view() : source;
      turn.to_source = turn.copy.to_source.then(to_image);
      if (static_cast<int64_t>(turns.size()) * pixels > kCopiedPixels) search_turns();
    }
    search_turns();
  };
  search_quarters(image, {}, 0);
  if (options.rotate == 45) {
    const TurnedImage diagonal = turned_by_45_degrees(image, border);
    // The copy is larger, its pixels are not: it is searched at the scales of the image.
    upright.max_side =
        static_cast<int>(int64_t{options.max_side} * diagonal.image.width() / std::max(image.width, image.height));
    search_quarters(diagonal.image.view(), diagonal.to_source, 45);
  }
  all.faces = strongest_turns(all.faces, options.nms_onet);
  if (options.clip) {
    for (Face& face : all.faces)
      face.box = clip(face.box, static_cast<float>(image.width), static_cast<float>(image.height));
  }
  return all;
}

}  // namespace mtcnn
