#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mtcnn {

/// Pixels that somebody else owns: RGB, 8 bits a channel, rows `stride` bytes apart, top row first.
struct ImageView {
  const uint8_t* pixels = nullptr;
  int width = 0;
  int height = 0;
  ptrdiff_t stride = 0;

  const uint8_t* row(int y) const { return pixels + y * stride; }
  bool empty() const { return width <= 0 || height <= 0; }
};

/// An image in memory: RGB, 8 bits a channel, rows without gaps.
class Image {
 public:
  Image() = default;
  /// All black.
  /// \throws ContractError on a negative size.
  Image(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  bool empty() const { return pixels_.empty(); }
  uint8_t* row(int y) { return pixels_.data() + static_cast<ptrdiff_t>(y) * 3 * width_; }
  const uint8_t* row(int y) const { return pixels_.data() + static_cast<ptrdiff_t>(y) * 3 * width_; }
  ImageView view() const { return {pixels_.data(), width_, height_, static_cast<ptrdiff_t>(3) * width_}; }

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<uint8_t> pixels_;
};

}  // namespace mtcnn
