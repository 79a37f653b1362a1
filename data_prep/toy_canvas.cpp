#include "data_prep/toy_canvas.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mtcnn {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

void blend(float* pixel, Colour colour, float share) {
  pixel[0] += share * (colour.r - pixel[0]);
  pixel[1] += share * (colour.g - pixel[1]);
  pixel[2] += share * (colour.b - pixel[2]);
}

/// One pass of a box blur along `count` pixels that lie `step` floats apart; beyond the ends the last pixel goes on.
void blur_line(float* line, int count, ptrdiff_t step, int radius, std::vector<float>& copy) {
  copy.resize(static_cast<size_t>(count));
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < count; ++i) copy[static_cast<size_t>(i)] = line[i * step + c];
    const auto at = [&](int i) { return copy[static_cast<size_t>(std::clamp(i, 0, count - 1))]; };
    float sum = 0;
    for (int i = -radius; i <= radius; ++i) sum += at(i);
    for (int i = 0; i < count; ++i) {
      line[i * step + c] = sum / static_cast<float>(2 * radius + 1);
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
}

}  // namespace

Colour operator+(Colour a, Colour b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
Colour operator*(float factor, Colour c) { return {factor * c.r, factor * c.g, factor * c.b}; }
Colour mix(Colour a, Colour b, float share) { return (1 - share) * a + share * b; }

ToyCanvas::ToyCanvas(int width, int height, Colour colour)
    : width_(width), height_(height), pixels_(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height)) {
  for (size_t i = 0; i < pixels_.size(); i += 3) {
    pixels_[i] = colour.r;
    pixels_[i + 1] = colour.g;
    pixels_[i + 2] = colour.b;
  }
}

void ToyCanvas::paint(const Blob& blob) {
  const float c = std::cos(blob.degrees * kPi / 180);
  const float s = std::sin(blob.degrees * kPi / 180);
  const float reach = std::hypot(blob.rx, blob.ry) + 1;
  const int left = std::max(0, static_cast<int>(std::floor(blob.centre.x - reach)));
  const int right = std::min(width_, static_cast<int>(std::ceil(blob.centre.x + reach)) + 1);
  const int top = std::max(0, static_cast<int>(std::floor(blob.centre.y - reach)));
  const int bottom = std::min(height_, static_cast<int>(std::ceil(blob.centre.y + reach)) + 1);
  const float softness = std::min(blob.rx, blob.ry);  // pixels for a change of the radius by one
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const float dx = static_cast<float>(x) + 0.5F - blob.centre.x;
      const float dy = static_cast<float>(y) + 0.5F - blob.centre.y;
      const float u = (c * dx + s * dy) / blob.rx;
      const float v = (c * dy - s * dx) / blob.ry;
      const float radius = blob.roundness == 2
                               ? std::sqrt(u * u + v * v)
                               : std::pow(std::pow(std::abs(u), blob.roundness) + std::pow(std::abs(v), blob.roundness),
                                          1 / blob.roundness);
      const float cover = std::clamp((1 - radius) * softness + 0.5F, 0.0F, 1.0F) * blob.opacity;
      if (cover > 0) blend(pixel(x, y), blob.colour + u * blob.across + v * blob.down, cover);
    }
  }
}

void ToyCanvas::add_gradient(Colour top_left, Colour bottom_right) {
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const float share =
          (static_cast<float>(x) / static_cast<float>(width_) + static_cast<float>(y) / static_cast<float>(height_)) /
          2;
      blend(pixel(x, y), mix(top_left, bottom_right, share), 0.5F);
    }
  }
}

void ToyCanvas::add_clouds(float size, float strength, RandomStream& random) {
  const int columns = static_cast<int>(static_cast<float>(width_) / size) + 2;
  const int rows = static_cast<int>(static_cast<float>(height_) / size) + 2;
  std::vector<float> knots(static_cast<size_t>(columns * rows));
  for (float& knot : knots) knot = static_cast<float>(random.uniform(-1, 1)) * strength;
  for (int y = 0; y < height_; ++y) {
    const float v = static_cast<float>(y) / size;
    const int row = static_cast<int>(v);
    for (int x = 0; x < width_; ++x) {
      const float u = static_cast<float>(x) / size;
      const int column = static_cast<int>(u);
      const float* knot = knots.data() + static_cast<ptrdiff_t>(row) * columns + column;
      const float fx = u - static_cast<float>(column);
      const float fy = v - static_cast<float>(row);
      const float value =
          std::lerp(std::lerp(knot[0], knot[1], fx), std::lerp(knot[columns], knot[columns + 1], fx), fy);
      float* out = pixel(x, y);
      for (int c = 0; c < 3; ++c) out[c] += value;
    }
  }
}

void ToyCanvas::add_stripes(float period, float degrees, float strength) {
  const float c = std::cos(degrees * kPi / 180) * 2 * kPi / period;
  const float s = std::sin(degrees * kPi / 180) * 2 * kPi / period;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const float value = strength * std::sin(c * static_cast<float>(x) + s * static_cast<float>(y));
      float* out = pixel(x, y);
      for (int channel = 0; channel < 3; ++channel) out[channel] += value;
    }
  }
}

void ToyCanvas::blur(int radius) {
  std::vector<float> copy;
  for (int pass = 0; pass < 2; ++pass) {
    for (int y = 0; y < height_; ++y) blur_line(pixel(0, y), width_, 3, radius, copy);
    for (int x = 0; x < width_; ++x) blur_line(pixel(x, 0), height_, ptrdiff_t{3} * width_, radius, copy);
  }
}

void ToyCanvas::make_grey() {
  for (size_t i = 0; i < pixels_.size(); i += 3) {
    const float grey = 0.299F * pixels_[i] + 0.587F * pixels_[i + 1] + 0.114F * pixels_[i + 2];
    pixels_[i] = pixels_[i + 1] = pixels_[i + 2] = grey;
  }
}

void ToyCanvas::adjust(float contrast, float brightness) {
  for (float& value : pixels_) value = (value - 128) * contrast + 128 + brightness;
}

void ToyCanvas::add_noise(float deviation, RandomStream& random) {
  // The sum of four uniform numbers is near enough to a bell curve and needs no logarithm.
  const float scale = deviation * std::sqrt(3.0F) / 65536;
  for (float& value : pixels_) {
    const uint64_t bits = random.next();
    const auto part = [bits](unsigned shift) { return static_cast<float>((bits >> shift) & 0xffffU); };
    value += (part(0) + part(16) + part(32) + part(48) - 2 * 65535) * scale;
  }
}

Image ToyCanvas::image() const {
  Image image(width_, height_);
  uint8_t* out = image.row(0);
  for (const float value : pixels_) *out++ = static_cast<uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
  return image;
}

}  // namespace mtcnn
