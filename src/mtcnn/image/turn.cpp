#include "mtcnn/image/turn.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <opencv2/core.hpp>

namespace mtcnn {
namespace {

constexpr int kLargestSide = 16384;  ///< of an image turned by 45 degrees: 0.8 GB

/// Views of our own pixels as OpenCV's matrices; those of the source are only read.
cv::Mat matrix(const ImageView& image) {
  return {image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.pixels), static_cast<size_t>(image.stride)};
}

/// A share of the way from `a` to `b`.
float between(float a, float b, float share) { return a + share * (b - a); }

/// To the nearest; for values from 0 to 255.
uint8_t to_byte(float value) {
  const float above_half = value + 0.5F;  // std::lround() is slow
  return static_cast<uint8_t>(above_half);
}

/// Bilinear between pixel centres, `border` outside; (x, y) counts from the centre of the first pixel, from -1.
void sample(const ImageView& image, float x, float y, float border, uint8_t* rgb) {
  const int column = static_cast<int>(x + 1) - 1;  // rounded down, which std::floor() does slowly
  const int row = static_cast<int>(y + 1) - 1;
  const float right = x - static_cast<float>(column);
  const float low = y - static_cast<float>(row);
  if (column >= 0 && row >= 0 && column + 1 < image.width && row + 1 < image.height) {
    const uint8_t* upper = image.row(row) + ptrdiff_t{3} * column;
    const uint8_t* lower = upper + image.stride;
    for (int k = 0; k < 3; ++k)
      rgb[k] = to_byte(between(between(upper[k], upper[k + 3], right), between(lower[k], lower[k + 3], right), low));
    return;
  }
  const auto value = [&](int at_row, int at_column, int k) {
    const bool inside = at_row >= 0 && at_row < image.height && at_column >= 0 && at_column < image.width;
    return inside ? static_cast<float>(image.row(at_row)[ptrdiff_t{3} * at_column + k]) : border;
  };
  for (int k = 0; k < 3; ++k) {
    const float above = between(value(row, column, k), value(row, column + 1, k), right);
    const float below = between(value(row + 1, column, k), value(row + 1, column + 1, k), right);
    rgb[k] = to_byte(between(above, below, low));
  }
}

}  // namespace

TurnedImage turned_by_quarters(const ImageView& image, int quarters) {
  require(!image.empty() && image.pixels != nullptr, "turned_by_quarters: an empty image");
  require(quarters >= 0 && quarters < 4, "turned_by_quarters: 0 to 3 quarters");
  const bool lies = quarters % 2 == 1;
  TurnedImage turned{Image(lies ? image.height : image.width, lies ? image.width : image.height), {}};
  cv::Mat target(turned.image.height(), turned.image.width(), CV_8UC3, turned.image.row(0));
  const double width = image.width;
  const double height = image.height;
  switch (quarters) {
    case 0:
      matrix(image).copyTo(target);
      break;
    case 1:
      cv::rotate(matrix(image), target, cv::ROTATE_90_CLOCKWISE);
      turned.to_source = {.a = 0, .b = -1, .dx = 0, .dy = height};
      break;
    case 2:
      cv::rotate(matrix(image), target, cv::ROTATE_180);
      turned.to_source = {.a = -1, .b = 0, .dx = width, .dy = height};
      break;
    default:
      cv::rotate(matrix(image), target, cv::ROTATE_90_COUNTERCLOCKWISE);
      turned.to_source = {.a = 0, .b = 1, .dx = width, .dy = 0};
  }
  return turned;
}

TurnedImage turned_by_45_degrees(const ImageView& image, float border) {
  require(!image.empty() && image.pixels != nullptr, "turned_by_45_degrees: an empty image");
  const double half_root = 1 / std::numbers::sqrt2;
  const int side = static_cast<int>(std::ceil((static_cast<double>(image.width) + image.height) * half_root));
  if (side > kLargestSide) {
    throw Error(ErrorCode::unsupported, "an image too large or too long to be turned by 45 degrees",
                {.found = concat(image.width, " x ", image.height, " pixels"),
                 .expected = concat("width + height of at most ", std::floor(kLargestSide / half_root)),
                 .hint = "search it with rotate=90, or in parts"});
  }
  TurnedImage turned{Image(side, side), {.a = half_root, .b = -half_root}};
  const Point middle = turned.to_source.apply({static_cast<float>(side) / 2, static_cast<float>(side) / 2});
  turned.to_source.dx = image.width / 2.0 - middle.x;
  turned.to_source.dy = image.height / 2.0 - middle.y;
  std::array<uint8_t, 3> outside{};
  outside.fill(to_byte(border));
  const auto step = static_cast<float>(half_root);
  for (int y = 0; y < side; ++y) {
    uint8_t* to = turned.image.row(y);
    // Of the source, from the centre of its first pixel.
    const Point first = turned.to_source.apply({0.5F, static_cast<float>(y) + 0.5F});
    for (int x = 0; x < side; ++x, to += 3) {
      const float from_x = first.x - 0.5F + static_cast<float>(x) * step;
      const float from_y = first.y - 0.5F - static_cast<float>(x) * step;
      const bool near = from_x > -1 && from_y > -1 && from_x < static_cast<float>(image.width) &&
                        from_y < static_cast<float>(image.height);
      if (near) {
        sample(image, from_x, from_y, border, to);
      } else {
        std::copy(outside.begin(), outside.end(), to);
      }
    }
  }
  return turned;
}

}  // namespace mtcnn
