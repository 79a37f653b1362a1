#pragma once

#include "mtcnn/core/histogram.h"
#include "mtcnn/labels/labels.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// \file
/// What is in a labelled data set, and which settings suit it.
namespace mtcnn {

/// How values are spread. All 0 where there are none.
struct Spread {
  size_t count = 0;
  double least = 0;
  double p5 = 0;  ///< 5 % of the values are smaller
  double p25 = 0;
  double median = 0;
  double p75 = 0;
  double p95 = 0;
  double greatest = 0;

  bool operator==(const Spread&) const = default;
};

/// Quantiles are interpolated linearly between the two nearest values, as numpy.quantile() does.
/// \param values  finite, in any order.
/// \throws ContractError on values that are not finite.
Spread spread_of(std::vector<double> values);

/// IoU with an object from which on `mtcnn prepare` takes a window as a positive by default.
inline constexpr double kPositiveOverlap = 0.65;
/// Longer over shorter side at which the best square window overlaps a box by kPositiveOverlap. A square's IoU with a
/// box of elongation a is at most 1 / (2 sqrt(a) - 1): docs/other_objects.md.
inline constexpr double kMostElongation = 1.61;

/// What the labels of a data set say. Unless another thing is said, objects are those that are not ignored, and sizes
/// are in pixels of the upright image.
struct LabelFacts {
  size_t images = 0;
  size_t images_without_objects = 0;  ///< no label at all, not even an ignored one
  size_t images_without_size = 0;     ///< whose width and height are not known; parts of images leave them out
  size_t objects = 0;
  size_t ignored = 0;  ///< difficult objects, crowds and those that the labels say to ignore

  size_t points = 0;                                    ///< of an object that has points; 0: no object has any
  size_t with_points = 0;                               ///< objects with all of them; the others have none
  std::vector<std::pair<std::string, size_t>> classes;  ///< with their objects, in the order of LabelSet::classes
  size_t without_class = 0;                             ///< objects whose label names no class

  Spread objects_per_image;
  Spread shorter_side;
  Spread longer_side;
  Spread relative_shorter_side;  ///< over the image's longer side; images of unknown size are left out
  Spread relative_longer_side;   ///< likewise
  Spread aspect;                 ///< width / height
  Histogram shorter_sides;       ///< bins of half an octave
  Histogram longer_sides;        ///< likewise
  size_t elongated = 0;          ///< longer over shorter side above kMostElongation: no square window is a positive
  size_t below_window = 0;       ///< shorter side below P-Net's 12 pixels: `mtcnn prepare` learns nothing from them
  /// An edge within a pixel of the image's border, or beyond it: likely a part of the object is not in the image.
  size_t at_border = 0;

  Spread image_width;  ///< of images whose size is known
  Spread image_height;

  std::vector<Skipped> dropped;  ///< labels that are not in all this, by reason, with examples
  std::vector<Skipped> kept;     ///< labels that are, but that somebody should look at

  LabelFacts();
};

/// The facts of a data set; the counts of an empty one are 0. Sizes of images are those in `set`: where labels do not
/// say them, the caller may fill them in.
/// \throws ContractError where a box is not finite.
LabelFacts label_facts(const LabelSet& set);

/// Settings that follow from the facts, each with its reason in one sentence. Whether objects may be mirrored is not
/// in labels: the default stays.
struct LabelAdvice {
  /// For the detector and for `mine` of `mtcnn prepare`: side of the smallest window, pixels; see advise(). Nothing
  /// where there is no object.
  std::optional<int> min_face;
  std::string min_face_reason;
  bool square = false;  ///< for `mtcnn prepare`: whether overlaps are measured with the square round an object
  std::string square_reason;
  bool points = false;  ///< whether there are points to learn
  std::string points_reason;
};

/// `min_face` is the 5 % quantile of the objects' longer sides, rounded down, as a window is the square round an
/// object; at least 12 pixels, P-Net's window, below which images are enlarged without becoming clearer; at most half
/// the shorter side of all but the smallest 5 % of the images, as an image smaller than min_face is not searched.
/// `square` is true where more than a fifth of the objects are elongated. Without objects both are left as they are.
LabelAdvice advise(const LabelFacts& facts);

/// A report of about 40 lines for people.
std::string facts_text(const LabelFacts& facts, const LabelAdvice& advice);
/// The same as JSON: numbers as in LabelFacts, spreads as {"count", "min", "p5", "p25", "median", "p75", "p95",
/// "max"} or null where there are no values.
Json facts_json(const LabelFacts& facts, const LabelAdvice& advice);

}  // namespace mtcnn
