#include "mtcnn/labels/facts.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/geometry/pyramid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace mtcnn {
namespace {

constexpr double kBorder = 1;            ///< pixels from an image's border that count as at it
constexpr double kMostElongated = 0.2;   ///< share of the objects
constexpr double kLargestMinFace = 0.5;  ///< of an image's shorter side

/// Two bins an octave with round edges: 4, 6, 8, 12, 16 … pixels.
std::vector<double> half_octaves() {
  std::vector<double> edges;
  for (double edge = 4; edge < 5000; edge *= 2) {
    edges.push_back(edge);
    edges.push_back(1.5 * edge);
  }
  return edges;
}

/// Values of all objects and images, until they are counted.
struct Values {
  std::vector<double> objects_per_image, shorter, longer, relative_shorter, relative_longer, aspect, widths, heights;
};

void count_object(const FaceAnnotation& face, const ImageAnnotation& image, LabelFacts& facts, Values& values) {
  const auto [shorter, longer] = std::minmax(face.w, face.h);
  values.shorter.push_back(shorter);
  values.longer.push_back(longer);
  values.aspect.push_back(std::min(face.w / face.h, std::numeric_limits<double>::max()));
  facts.shorter_sides.add(shorter);
  facts.longer_sides.add(longer);
  ++facts.objects;
  if (face.landmarks) ++facts.with_points;
  if (face.category.empty()) ++facts.without_class;
  if (longer > kMostElongation * shorter) ++facts.elongated;
  if (shorter < kPNetWindow) ++facts.below_window;
  if (image.width <= 0 || image.height <= 0) return;
  const double side = std::max(image.width, image.height);
  values.relative_shorter.push_back(shorter / side);
  values.relative_longer.push_back(longer / side);
  const double room = std::min({face.x, face.y, image.width - (face.x + face.w), image.height - (face.y + face.h)});
  if (room <= kBorder) ++facts.at_border;  // formats that count pixels from 1 begin there
}

}  // namespace

LabelFacts::LabelFacts()
    : shorter_sides("shorter side of the objects, pixels", half_octaves()),
      longer_sides("longer side of the objects, pixels", half_octaves()) {}

Spread spread_of(std::vector<double> values) {
  require(std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }),
          "spread_of: values that are not finite");
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<size_t>(place);
    const double low = values[below];
    const double high = values[std::min(below + 1, values.size() - 1)];
    return low + (high - low) * (place - static_cast<double>(below));
  };
  return {.count = values.size(),
          .least = values.front(),
          .p5 = quantile(0.05),
          .p25 = quantile(0.25),
          .median = quantile(0.5),
          .p75 = quantile(0.75),
          .p95 = quantile(0.95),
          .greatest = values.back()};
}

LabelFacts label_facts(const LabelSet& set) {
  LabelFacts facts;
  Values values;
  std::map<std::string, size_t> classes;
  for (const ImageAnnotation& image : set.images) {
    ++facts.images;
    if (image.faces.empty()) ++facts.images_without_objects;
    if (image.width > 0 && image.height > 0) {
      values.widths.push_back(image.width);
      values.heights.push_back(image.height);
    } else {
      ++facts.images_without_size;
    }
    size_t objects = 0;
    for (const FaceAnnotation& face : image.faces) {
      facts.ignored += face.ignore ? 1 : 0;
      if (face.ignore) continue;
      ++objects;
      ++classes[face.category];
      count_object(face, image, facts, values);
    }
    values.objects_per_image.push_back(static_cast<double>(objects));
  }
  for (const std::string& name : set.classes) facts.classes.emplace_back(name, classes[name]);
  facts.points = facts.with_points > 0 ? set.landmark_names.size() : 0;
  facts.objects_per_image = spread_of(std::move(values.objects_per_image));
  facts.shorter_side = spread_of(std::move(values.shorter));
  facts.longer_side = spread_of(std::move(values.longer));
  facts.relative_shorter_side = spread_of(std::move(values.relative_shorter));
  facts.relative_longer_side = spread_of(std::move(values.relative_longer));
  facts.aspect = spread_of(std::move(values.aspect));
  facts.image_width = spread_of(std::move(values.widths));
  facts.image_height = spread_of(std::move(values.heights));
  facts.dropped = set.dropped.all();
  facts.kept = set.kept.all();
  return facts;
}

LabelAdvice advise(const LabelFacts& facts) {
  LabelAdvice advice;
  if (facts.objects == 0) {
    advice.min_face_reason = advice.square_reason = advice.points_reason = "there are no objects";
    return advice;
  }
  const double quantile = facts.longer_side.p5;
  const double images = std::min(facts.image_width.p5, facts.image_height.p5);  // 0 where sizes are not known
  const std::string small =
      concat("95 % of the objects have a longer side of ", significant(quantile, 4), " pixels or more");
  double side = std::min(quantile, 1e6);  // as the detector's option has it
  advice.min_face_reason = concat(small, "; the search costs as 1 / min_face²");
  if (images > 0 && side > kLargestMinFace * images) {
    side = kLargestMinFace * images;
    advice.min_face_reason = concat(small, ", but images whose shorter side is below min_face are not searched, and ",
                                    "theirs is about ", significant(images, 4));
  }
  if (side < kPNetWindow) {
    side = kPNetWindow;
    advice.min_face_reason = concat(small, ", but P-Net's window has ", kPNetWindow,
                                    ": below that images would be enlarged, which shows nothing more");
  }
  advice.min_face = static_cast<int>(side);
  const std::string share =
      concat(percent_of(facts.elongated, facts.objects), " of the objects are more than ", kMostElongation,
             " times as long as wide, so that no square window overlaps them by ", kPositiveOverlap);
  advice.square = static_cast<double>(facts.elongated) > kMostElongated * static_cast<double>(facts.objects);
  advice.square_reason =
      concat(share, advice.square ? ": without it they give no positives" : "; with more than 20 % it would be needed");
  advice.points = facts.with_points > 0;
  advice.points_reason =
      concat(percent_of(facts.with_points, facts.objects), " of the objects have ",
             facts.points > 0 ? concat("all of the ", facts.points, " points") : std::string("points"));
  return advice;
}

}  // namespace mtcnn
