#pragma once

#include "mtcnn/core/random.h"
#include "mtcnn/geometry/box.h"
#include "mtcnn/image/image.h"

#include <vector>

namespace mtcnn {

/// Red, green and blue, 0 to 255; may go beyond while an image is painted.
struct Colour {
  float r = 0;
  float g = 0;
  float b = 0;
};

/// Channel by channel.
Colour operator+(Colour a, Colour b);
Colour operator*(float factor, Colour colour);
/// (1 - share) * a + share * b.
Colour mix(Colour a, Colour b, float share);

/// Everything that toy images are painted with: an ellipse (roundness 2) up to a rectangle with round corners
/// (roundness 8), turned, with a colour that may change from one side to the other.
struct Blob {
  Point centre;
  float rx = 1;         ///< half its width before turning, pixels
  float ry = 1;         ///< half its height
  float degrees = 0;    ///< turned from the x axis to the y axis
  Colour colour;        ///< in the middle
  Colour across = {};   ///< added from the left (-) to the right (+) side
  Colour down = {};     ///< added from the top (-) to the bottom (+)
  float opacity = 1;    ///< 0 to 1
  float roundness = 2;  ///< |x/rx|^n + |y/ry|^n <= 1
};

/// An image in floats that is painted on and in the end rounded.
class ToyCanvas {
 public:
  ToyCanvas(int width, int height, Colour colour);

  int width() const { return width_; }
  int height() const { return height_; }

  /// Edges are smooth to a fraction of a pixel; parts outside the image are left out.
  void paint(const Blob& blob);
  /// From the top left colour to the bottom right one.
  void add_gradient(Colour top_left, Colour bottom_right);
  /// Smooth clouds of this size in pixels and strength in grey levels.
  void add_clouds(float size, float strength, RandomStream& random);
  /// Parallel waves.
  void add_stripes(float period, float degrees, float strength);
  /// Blurs with a box of 2 * radius + 1 pixels, twice.
  void blur(int radius);
  void make_grey();
  /// (value - 128) * contrast + 128 + brightness.
  void adjust(float contrast, float brightness);
  /// Independent in every value.
  void add_noise(float deviation, RandomStream& random);

  Image image() const;

 private:
  float* pixel(int x, int y) { return pixels_.data() + 3 * (static_cast<ptrdiff_t>(y) * width_ + x); }

  int width_;
  int height_;
  std::vector<float> pixels_;  ///< [height, width, 3]
};

}  // namespace mtcnn
