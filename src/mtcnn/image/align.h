#pragma once

#include "mtcnn/geometry/box.h"
#include "mtcnn/image/image.h"

namespace mtcnn {

/// Cuts out the square round a box: same centre as the box, side = the box's longer side grown by `margin` of itself on
/// each side, resampled to size x size pixels by resample(). What lies outside the image is black.
/// \param margin  share of the longer side, 0 or more.
/// \throws Error if the box has no area or is not finite; ContractError if the image is empty, `size` is not positive
/// or `margin` is negative.
Image crop_with_margin(const ImageView& image, const Box& box, float margin, int size);

/// Turns, scales and moves points without mirroring: x' = a x - b y + dx, y' = b x + a y + dy.
struct Similarity {
  double a = 1;
  double b = 0;
  double dx = 0;
  double dy = 0;

  Point apply(Point p) const {
    return {static_cast<float>(a * p.x - b * p.y + dx), static_cast<float>(b * p.x + a * p.y + dy)};
  }
  /// Lengths grow by this factor.
  double scale() const;
  /// The way back.
  /// \throws ContractError if the scale is 0.
  Similarity inverse() const;
  /// This one, then `next`.
  Similarity then(const Similarity& next) const;
};

/// The similarity that moves `from` nearest to `to`: least sum of squared distances, in closed form.
/// \throws Error if a point is not finite or beyond a million pixels, all points of one set are equal, or the two sets
/// have so little in common (mirrored, shuffled) that no turn brings them together; ContractError if they differ in
/// number or there are none.
/// Source: Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns", in the
/// plane.
Similarity fit_similarity(const Landmarks& from, const Landmarks& to);

/// Where the five points of an aligned face lie in a crop of size x size pixels: the usual template for crops of 112,
/// scaled.
/// Source: the reference points of ArcFace (Deng et al. 2019) as insightface uses them.
Landmarks alignment_template(int size);

/// The face turned and scaled so that its points come as near as a similarity can to alignment_template(size); what
/// lies outside the image is black. Points and template are positions as everywhere here, the corner of the first
/// pixel being (0, 0). A face larger than in the crop is averaged down by area first, so that nothing aliases; else it
/// is sampled bilinearly.
/// \throws Error as fit_similarity() does; ContractError if the image is empty, `size` is not positive or there are
/// not five points.
Image align_face(const ImageView& image, const Landmarks& points, int size);

}  // namespace mtcnn
