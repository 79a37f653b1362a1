#include "data_prep/sampler.h"

#include "mtcnn/image/resample_turned.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mtcnn {
namespace {

constexpr int kTries = 12;            ///< for a sample that is asked for
constexpr float kBandMargin = 1e-5F;  ///< bands are kept this clear of their edges, whatever arithmetic checks them
constexpr float kSmallestWindow = 12;
constexpr double kPartReach = 2;                           ///< parts are jittered this much further than positives
constexpr std::array<double, 2> kNearSides = {0.35, 2.5};  ///< of a negative beside a face, relative to its longer side
constexpr float kLeastInside = 0.5F;                       ///< share of such a negative that lies in the image

Box square_at(double cx, double cy, double side) {
  const double half = side / 2;
  return {static_cast<float>(cx - half), static_cast<float>(cy - half), static_cast<float>(cx + half),
          static_cast<float>(cy + half)};
}

double log_uniform(RandomStream& random, double low, double high) {
  return std::exp(random.uniform(std::log(low), std::log(high)));
}

/// Deals a number of crops out to faces, each by its share.
class Portions {
 public:
  Portions(int total, double shares) : total_(total), shares_(shares) {}

  /// What falls to the next face.
  int next(double share) {
    const auto before = static_cast<int>(total_ * dealt_ / shares_);
    dealt_ += share;
    return static_cast<int>(total_ * dealt_ / shares_) - before;
  }

 private:
  double total_;
  double shares_;
  double dealt_ = 0;
};

/// Draws for one image.
class Planner {
 public:
  Planner(const PictureFaces& picture, const SampleOptions& options, float weight, RandomStream& random)
      : picture_(picture), options_(options), random_(random) {
    double learnt = 0;
    for (const SampledFace& face : picture.faces()) learnt += face.learnt && !face.ignored ? share_of(face) : 0;
    const double wanted =
        weight *
        (learnt * (options.positives + options.parts + options.near_negatives + options.landmarks) + options.negatives);
    weight_ = weight * std::min(1.0, options.max_samples / std::max(1.0, wanted));
  }

  void add_mined(const MinedWindows& mined) {
    std::vector<Box> negatives;
    for (const Box& window : mined.windows) {
      const PictureFaces::Relation relation = relate(window);
      if (is_negative(relation)) {
        negatives.push_back(window);
      } else if (is_skipped(relation)) {
        continue;
      } else if (add_face_window(window, relation, {CropKind::positive, CropKind::part})) {
        if (options_.landmarks > 0) add_landmarks(window, *relation.face);
      }
    }
    random_.shuffle(std::span(negatives));
    const auto cap = static_cast<size_t>(wanted(options_.mine.negatives));
    for (size_t i = 0; i < std::min(cap, negatives.size()); ++i) add_negative(negatives[i]);
    int false_faces = wanted(options_.mine.false_faces);
    for (const Box& window : mined.false_faces) {
      if (false_faces == 0) break;
      if (const PictureFaces::Relation relation = relate(window); is_negative(relation)) {
        add_negative(window);
        --false_faces;
      }
    }
  }

  void add_jittered() {
    std::vector<const SampledFace*> learnt;
    for (const SampledFace& face : picture_.faces()) {
      if (face.learnt && !face.ignored) learnt.push_back(&face);
    }
    double all = 0;
    double with_points = 0;
    for (const SampledFace* face : learnt) {
      all += share_of(*face);
      with_points += face->landmarks ? share_of(*face) : 0;
    }
    Portions positives(missing(CropKind::positive, options_.positives * all), all);
    Portions parts(missing(CropKind::part, options_.parts * all), all);
    Portions landmarks(missing(CropKind::landmark, options_.landmarks * with_points), with_points);
    for (const SampledFace* face : learnt) {
      const double share = share_of(*face);
      repeat(positives.next(share), [&] { return jitter(*face, CropKind::positive); });
      repeat(parts.next(share), [&] { return jitter(*face, CropKind::part); });
      repeat(wanted(options_.near_negatives * share), [&] { return add_near_negative(face->box); });
    }
    for (const SampledFace* face : learnt) {
      if (face->landmarks) repeat(landmarks.next(share_of(*face)), [&] { return jitter(*face, CropKind::landmark); });
    }
    repeat(wanted(options_.negatives), [&] { return add_anywhere(); });
  }

  std::vector<PlannedCrop> take() {
    // Mined windows are not planned for, so the bound is kept here; whatever goes goes at random.
    if (const auto most = static_cast<size_t>(options_.max_samples); crops_.size() > most) {
      random_.shuffle(std::span(crops_));
      crops_.resize(most);
    }
    return std::move(crops_);
  }

 private:
  /// What of a face overlaps are measured with.
  Box judged(const SampledFace& face) const { return options_.square ? square(face.box) : face.box; }
  PictureFaces::Relation relate(const Box& window) const { return picture_.relate(window, options_.square); }

  /// `count` times the image's weight; the fraction decides by chance.
  int wanted(double count) {
    const double exact = count * weight_;
    return static_cast<int>(exact) + (random_.chance(exact - std::floor(exact)) ? 1 : 0);
  }

  /// How many of `count`, weighted, are still to be drawn.
  int missing(CropKind kind, double count) {
    const auto there =
        std::count_if(crops_.begin(), crops_.end(), [kind](const PlannedCrop& c) { return c.kind == kind; });
    return std::max(0, wanted(count) - static_cast<int>(there));
  }

  double share_of(const SampledFace& face) const {
    return options_.share_of(std::min(face.box.width(), face.box.height()));
  }

  /// Whether a mined window of a small face is left out, by chance.
  bool is_skipped(const PictureFaces::Relation& relation) {
    const double share = relation.face == nullptr ? 1 : share_of(*relation.face);
    return share < 1 && !random_.chance(share);
  }

  template <class Draw>
  static void repeat(int count, Draw draw) {
    int tries = kTries * count;
    while (count > 0 && tries-- > 0) count -= draw() ? 1 : 0;
  }

  bool is_negative(const PictureFaces::Relation& relation) const {
    return relation.overlap < options_.negative_overlap - kBandMargin && !relation.touches_ignored;
  }

  bool in_band(CropKind kind, float overlap) const {
    if (kind == CropKind::part)
      return overlap >= options_.part_overlap + kBandMargin && overlap < options_.positive_overlap - kBandMargin;
    return overlap >= options_.positive_overlap + kBandMargin;
  }

  bool add_face_window(const Box& window, const PictureFaces::Relation& relation,
                       std::initializer_list<CropKind> kinds) {
    if (relation.face == nullptr || !relation.face->learnt) return false;
    for (const CropKind kind : kinds) {
      if (!in_band(kind, relation.overlap)) continue;
      crops_.push_back(
          {kind,
           {.offsets = encode_offsets(window, relation.face->box), .overlap = relation.overlap, .window = window}});
      return true;
    }
    return false;
  }

  /// A window that shows `face` well, turned and mirrored by chance.
  bool add_landmarks(const Box& window, const SampledFace& face) {
    const float overlap = iou(window, judged(face));
    if (!face.landmarks || !in_band(CropKind::landmark, overlap)) return false;
    CropLabel label{.offsets = encode_offsets(window, face.box), .overlap = overlap, .window = window};
    if (random_.chance(options_.turned))
      label.turn = static_cast<float>(random_.uniform(-options_.turn, options_.turn));
    label.mirrored = random_.chance(options_.mirrored);
    label.landmarks = landmark_targets(label, *face.landmarks);
    crops_.push_back({CropKind::landmark, label});
    return true;
  }

  LandmarkTargets landmark_targets(const CropLabel& label, const Landmarks& points) const {
    const Box& window = label.window;
    const Point centre{(window.x1 + window.x2) / 2, (window.y1 + window.y2) / 2};
    Landmarks moved = points;
    for (Point& point : moved) point = turned(point, centre, label.turn);
    if (label.mirrored) {
      for (Point& point : moved) point.x = window.x1 + window.x2 - point.x;
      const Landmarks sides = moved;  // what was the left eye is now the right one
      for (size_t i = 0; i < moved.size(); ++i) moved[i] = sides[picture_.landmarks().mirror[i]];
    }
    return encode_landmarks(window, moved);
  }

  void add_negative(const Box& window) {
    crops_.push_back({CropKind::negative, {.overlap = relate(window).overlap, .window = window}});
  }

  bool jitter(const SampledFace& face, CropKind kind) {
    const double reach = kind == CropKind::part ? kPartReach : 1;
    const Box box = judged(face);
    const double shorter = std::min(box.width(), box.height());
    const double longer = std::max(box.width(), box.height());
    const double side = random_.uniform(shorter * std::pow(options_.smallest_side, reach),
                                        longer * std::pow(options_.largest_side, reach));
    const double shift = options_.shift * reach;
    const double cx = (box.x1 + box.x2) / 2 + random_.uniform(-shift, shift) * box.width();
    const double cy = (box.y1 + box.y2) / 2 + random_.uniform(-shift, shift) * box.height();
    const Box window = square_at(cx, cy, std::max<double>(side, 1));
    const PictureFaces::Relation relation = relate(window);
    if (kind != CropKind::landmark) return add_face_window(window, relation, {kind});
    return relation.face == &face && add_landmarks(window, face);
  }

  bool add_near_negative(const Box& face) {
    const double side = std::max<double>(
        kSmallestWindow, std::max(face.width(), face.height()) * log_uniform(random_, kNearSides[0], kNearSides[1]));
    const double cx = random_.uniform(face.x1 - side / 2, face.x2 + side / 2);
    const double cy = random_.uniform(face.y1 - side / 2, face.y2 + side / 2);
    const Box window = square_at(cx, cy, side);
    const Box inside = clip(window, static_cast<float>(picture_.width()), static_cast<float>(picture_.height()));
    if (inside.area() < kLeastInside * window.area()) return false;
    if (!is_negative(relate(window))) return false;
    add_negative(window);
    return true;
  }

  bool add_anywhere() {
    const double longest = std::min(picture_.width(), picture_.height());
    const double side = log_uniform(random_, std::min<double>(kSmallestWindow, longest), longest);
    const double x = random_.uniform(0, picture_.width() - side);
    const double y = random_.uniform(0, picture_.height() - side);
    const Box window = square_at(x + side / 2, y + side / 2, side);
    if (!is_negative(relate(window))) return false;
    add_negative(window);
    return true;
  }

  const PictureFaces& picture_;
  const SampleOptions& options_;
  RandomStream& random_;
  double weight_ = 1;
  std::vector<PlannedCrop> crops_;
};

}  // namespace

PictureFaces::PictureFaces(std::vector<SampledFace> faces, int width, int height, const LandmarkLayout& landmarks)
    : faces_(std::move(faces)), width_(width), height_(height), landmarks_(&landmarks) {}

PictureFaces::Relation PictureFaces::relate(const Box& window, bool squared) const {
  Relation relation;
  for (const SampledFace& face : faces_) {
    if (face.ignored && intersection(window, face.box) > 0) relation.touches_ignored = true;
    const float overlap = iou(window, squared ? square(face.box) : face.box);
    if (overlap <= relation.overlap) continue;
    relation.overlap = overlap;
    relation.face = face.ignored ? nullptr : &face;
  }
  return relation;
}

std::vector<PlannedCrop> plan_crops(const PictureFaces& picture, const SampleOptions& options, float weight,
                                    const MinedWindows* mined, RandomStream& random) {
  Planner planner(picture, options, weight, random);
  if (mined != nullptr) planner.add_mined(*mined);
  planner.add_jittered();
  return planner.take();
}

}  // namespace mtcnn
