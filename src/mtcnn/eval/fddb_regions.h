#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

namespace mtcnn {

/// A detection as a box: image pixels, origin top left. Negative sizes mean the same box from its other corner.
struct FddbRectangle {
  double x = 0;
  double y = 0;
  double w = 0;
  double h = 0;
};

/// A face or detection as an ellipse: half axes and centre in image pixels, `angle` of the first axis in radians.
struct FddbEllipse {
  double major = 0;
  double minor = 0;
  double angle = 0;
  double x = 0;
  double y = 0;
};

/// What a file of FDDB holds a line.
using FddbRegion = std::variant<FddbRectangle, FddbEllipse>;

/// Which way the evaluator turns an ellipse by its angle t, y down.
/// opencv4: drawn at pi - t, so the first axis points along (cos t, -sin t); the evaluator as it is, built with OpenCV
/// 2 and later. opencv1: drawn at t, along (cos t, sin t); what it gave with OpenCV 1, for which it was written, and
/// what copies patched to the angle t give.
enum class FddbAngle { opencv4, opencv1 };

/// Pixels, both at least 1.
struct FddbSize {
  int width = 0;
  int height = 0;
};

/// The filled pixels of one region.
struct FddbMask {
  /// Columns `first` to `last` of a row, both inside.
  struct Run {
    int row = 0;
    int first = 0;
    int last = 0;
    bool operator==(const Run&) const = default;
  };

  std::vector<Run> runs;  ///< by row, then from left to right; they do not touch
  int64_t pixels = 0;
};

/// Numbers of a region beyond +-kFddbLargest are refused: no image is that large.
inline constexpr double kFddbLargest = 1 << 20;

/// True where fddb_mask() can draw the region: every number finite and within +-kFddbLargest, half axes above -1.
bool fddb_drawable(const FddbRegion& region);

/// The pixels that the reference evaluator counts for a region, cut to the image. Coordinates are rounded to the
/// nearest integer in single precision, halves to even. Rectangle: both rounded corners inside, so a width of 80 gives
/// 81 columns and size 0 one pixel. Ellipse: half axes truncated, angle in whole degrees, then the polygon with 5
/// degrees a side (18, 30 and 90 degrees below a larger half axis of 15, 10 and 3) and its outline. Wholly outside: no
/// pixels.
/// \throws ContractError unless fddb_drawable(region) and the image has pixels.
/// Source: the 2011 evaluator's output with OpenCV 4.6 on synthetic regions; OpenCV 4.6's convex polygon and line
/// rules.
FddbMask fddb_mask(const FddbRegion& region, const FddbSize& picture, FddbAngle angle);

/// Pixels in both masks.
int64_t fddb_common_pixels(const FddbMask& a, const FddbMask& b);

/// Common pixels over pixels in either, in [0, 1]. Two masks without any pixel give 0; there the reference computes 0/0
/// and never ends.
double fddb_overlap(const FddbMask& a, const FddbMask& b);

/// The upright ellipse inside a rectangle: same centre, half axes h/2 (first, vertical) and w/2.
FddbEllipse fddb_upright_ellipse(const FddbRectangle& rectangle);

}  // namespace mtcnn
