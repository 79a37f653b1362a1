#include "mtcnn/train/degrade.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mtcnn {
namespace {

constexpr int kBlock = 8;
constexpr size_t kBlockPixels = BlockValues{}.size();

/// As many floats as the widest vector units hold.
using Lanes = float __attribute__((vector_size(64), aligned(4), may_alias));
constexpr size_t kLanes = sizeof(Lanes) / sizeof(float);
/// Two planes of 7 x 7, the largest crop, shifted; filled up to whole Lanes.
constexpr size_t kMostBlocks = 7 * kLanes;

/// Pixel i of all blocks, then pixel i + 1: sums over a block then run over all blocks at once.
using Blocks = std::array<std::array<float, kMostBlocks>, kBlockPixels>;

Lanes& lanes_at(Blocks& blocks, size_t pixel, size_t first_block) {
  return reinterpret_cast<Lanes&>(blocks[pixel][first_block]);
}

constexpr std::array<int, kBlockPixels> kLuminance = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  //
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,  //
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,  //
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::array<int, kBlockPixels> kChrominance = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,  //
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,  //
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,  //
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

/// Multiplies the rows (step 1) or columns (step 8) of every block by the cosines. Those of even rows are symmetric, of
/// odd ones antisymmetric, so sums and differences of opposite values halve the work.
MTCNN_SIMD_CLONES
void transform(Blocks& blocks, size_t count, size_t step) {
  const BlockValues& matrix = jpeg_cosines();
  const size_t line_step = kBlock + 1 - step;  // 8 or 1, whichever the other is not
  for (size_t first = 0; first < kBlock * line_step; first += line_step) {
    for (size_t b = 0; b < count; b += kLanes) {
      Lanes sums[kBlock / 2];
      Lanes differences[kBlock / 2];
      for (size_t i = 0; i < kBlock / 2; ++i) {
        const Lanes value = lanes_at(blocks, first + i * step, b);
        const Lanes opposite = lanes_at(blocks, first + (kBlock - 1 - i) * step, b);
        sums[i] = value + opposite;
        differences[i] = value - opposite;
      }
      for (size_t k = 0; k < kBlock; ++k) {
        const Lanes* terms = k % 2 == 0 ? sums : differences;
        const float* row = matrix.data() + k * kBlock;
        lanes_at(blocks, first + k * step, b) =
            row[0] * terms[0] + row[1] * terms[1] + row[2] * terms[2] + row[3] * terms[3];
      }
    }
  }
}

/// The way back: multiplies by the transposed cosines.
MTCNN_SIMD_CLONES
void transform_back(Blocks& blocks, size_t count, size_t step) {
  const BlockValues& matrix = jpeg_cosines();
  const size_t line_step = kBlock + 1 - step;
  for (size_t first = 0; first < kBlock * line_step; first += line_step) {
    for (size_t b = 0; b < count; b += kLanes) {
      Lanes values[kBlock];
      for (size_t k = 0; k < kBlock; ++k) values[k] = lanes_at(blocks, first + k * step, b);
      for (size_t i = 0; i < kBlock / 2; ++i) {
        const auto cosine = [&](size_t k) { return matrix[k * kBlock + i]; };
        const Lanes even =
            cosine(0) * values[0] + cosine(2) * values[2] + cosine(4) * values[4] + cosine(6) * values[6];
        const Lanes odd = cosine(1) * values[1] + cosine(3) * values[3] + cosine(5) * values[5] + cosine(7) * values[7];
        lanes_at(blocks, first + i * step, b) = even + odd;
        lanes_at(blocks, first + (kBlock - 1 - i) * step, b) = even - odd;
      }
    }
  }
}

MTCNN_SIMD_CLONES
void round_to_steps(Blocks& blocks, size_t count, const BlockValues& steps) {
  for (size_t i = 0; i < kBlockPixels; ++i) {
    for (size_t b = 0; b < count; ++b) blocks[i][b] = std::rint(blocks[i][b] / steps[i]) * steps[i];
  }
}

void quantise(Blocks& blocks, size_t count, const BlockValues& steps) {
  const size_t whole = (count + kLanes - 1) / kLanes * kLanes;
  for (auto& pixel : blocks) std::fill(pixel.begin() + count, pixel.begin() + whole, 0.0F);
  transform(blocks, count, 1);
  transform(blocks, count, kBlock);
  round_to_steps(blocks, count, steps);
  transform_back(blocks, count, kBlock);
  transform_back(blocks, count, 1);
}

/// How the pixels of a line of `size` are drawn from a line of `small` cells: between `left` and the next.
struct Stretch {
  Stretch(int size, int small) {
    const double step = static_cast<double>(size) / small;
    for (int x = 0; x < size; ++x) {
      const float u = std::clamp(static_cast<float>((x + 0.5) / step - 0.5), 0.0F, static_cast<float>(small - 1));
      const int cell = std::min(static_cast<int>(u), small - 2);
      left[static_cast<size_t>(x)] = cell;
      share[static_cast<size_t>(x)] = u - static_cast<float>(cell);
    }
  }

  std::array<int, kLargestCrop> left{};
  std::array<float, kLargestCrop> share{};
};

}  // namespace

const BlockValues& jpeg_cosines() {
  static const BlockValues rows = [] {
    BlockValues made{};
    for (size_t k = 0; k < kBlock; ++k) {
      for (size_t i = 0; i < kBlock; ++i) {
        const double angle = (2 * static_cast<double>(i) + 1) * static_cast<double>(k) * std::numbers::pi / 16;
        made[k * kBlock + i] = static_cast<float>((k == 0 ? std::sqrt(0.125) : 0.5) * std::cos(angle));
      }
    }
    return made;
  }();
  return rows;
}

BlockValues jpeg_steps(bool chroma, int quality) {
  const std::array<int, kBlockPixels>& table = chroma ? kChrominance : kLuminance;
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  BlockValues steps{};
  for (size_t i = 0; i < kBlockPixels; ++i)
    steps[i] = static_cast<float>(std::clamp((table[i] * scale + 50) / 100, 1, 255));
  return steps;
}

int lowered_side(double scale, int size) { return std::clamp(static_cast<int>(std::lround(scale * size)), 2, size); }

void blur(std::span<float> crop, int size, std::vector<float>& buffer) {
  require(buffer.size() == crop.size(), "blur: a buffer of another size");
  const auto pass = [size](const float* in, float* out, ptrdiff_t along, ptrdiff_t across) {
    for (int line = 0; line < size; ++line) {
      for (int i = 0; i < size; ++i) {
        const ptrdiff_t here = line * across + i * along;
        const ptrdiff_t before = i > 0 ? here - along : here;
        const ptrdiff_t after = i + 1 < size ? here + along : here;
        for (int c = 0; c < 3; ++c) out[here + c] = 0.25F * (in[before + c] + 2 * in[here + c] + in[after + c]);
      }
    }
  };
  const ptrdiff_t row = ptrdiff_t{3} * size;
  pass(crop.data(), buffer.data(), 3, row);
  pass(buffer.data(), crop.data(), row, 3);
}

void lower_resolution(std::span<float> crop, int size, double scale, std::vector<float>& buffer) {
  require(size <= kLargestCrop && buffer.size() == crop.size(), "lower_resolution: a crop or buffer of another size");
  const int small = lowered_side(scale, size);
  const auto edge = [size, small](int cell) { return cell * size / small; };
  float* cell = buffer.data();
  for (int y = 0; y < small; ++y) {
    for (int x = 0; x < small; ++x, cell += 3) {
      std::array<float, 3> sum = {};
      for (int v = edge(y); v < edge(y + 1); ++v) {
        const float* pixel = crop.data() + pixel_at(edge(x), v, size);
        for (int u = edge(x); u < edge(x + 1); ++u, pixel += 3) {
          for (size_t c = 0; c < 3; ++c) sum[c] += pixel[c];
        }
      }
      const auto count = static_cast<float>((edge(y + 1) - edge(y)) * (edge(x + 1) - edge(x)));
      for (size_t c = 0; c < 3; ++c) cell[c] = sum[c] / count;
    }
  }
  const Stretch stretch(size, small);
  float* out = crop.data();
  for (size_t y = 0; y < static_cast<size_t>(size); ++y) {
    const float down = stretch.share[y];
    for (size_t x = 0; x < static_cast<size_t>(size); ++x, out += 3) {
      const float right = stretch.share[x];
      const float* a = buffer.data() + pixel_at(stretch.left[x], stretch.left[y], small);
      const float* b = a + pixel_at(0, 1, small);
      for (int c = 0; c < 3; ++c) {
        const float above = a[c] + right * (a[c + 3] - a[c]);
        const float below = b[c] + right * (b[c + 3] - b[c]);
        out[c] = above + down * (below - above);
      }
    }
  }
}

void jpeg_noise(std::span<float> crop, int size, int quality, int shift_x, int shift_y) {
  require(size <= kLargestCrop, "jpeg_noise: a crop of another size");
  // Clang takes Lanes to lie where vectors of their size do.
  alignas(sizeof(Lanes)) Blocks luma;
  alignas(sizeof(Lanes)) Blocks chroma;  // all of blue, then all of red
  const auto across = static_cast<size_t>((size + shift_x + kBlock - 1) / kBlock);
  const auto down = static_cast<size_t>((size + shift_y + kBlock - 1) / kBlock);
  const size_t count = across * down;
  for (size_t b = 0; b < count; ++b) {
    const int left = kBlock * static_cast<int>(b % across) - shift_x;
    const int top = kBlock * static_cast<int>(b / across) - shift_y;
    for (int i = 0; i < kBlock * kBlock; ++i) {
      const int x = std::clamp(left + i % kBlock, 0, size - 1);
      const int y = std::clamp(top + i / kBlock, 0, size - 1);
      const float* rgb = crop.data() + pixel_at(x, y, size);
      const float grey = 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];
      const auto at = static_cast<size_t>(i);
      luma[at][b] = grey - 128;
      chroma[at][b] = (rgb[2] - grey) / 1.772F;
      chroma[at][count + b] = (rgb[0] - grey) / 1.402F;
    }
  }
  quantise(luma, count, jpeg_steps(false, quality));
  quantise(chroma, 2 * count, jpeg_steps(true, quality));
  float* rgb = crop.data();
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x, rgb += 3) {
      const auto u = static_cast<size_t>(x) + static_cast<size_t>(shift_x);
      const auto v = static_cast<size_t>(y) + static_cast<size_t>(shift_y);
      const size_t b = v / kBlock * across + u / kBlock;
      const size_t at = v % kBlock * kBlock + u % kBlock;
      const float grey = luma[at][b] + 128;
      const float blue = chroma[at][b];
      const float red = chroma[at][count + b];
      rgb[0] = std::clamp(grey + 1.402F * red, 0.0F, 255.0F);
      rgb[1] = std::clamp(grey - (0.114F * 1.772F * blue + 0.299F * 1.402F * red) / 0.587F, 0.0F, 255.0F);
      rgb[2] = std::clamp(grey + 1.772F * blue, 0.0F, 255.0F);
    }
  }
}

}  // namespace mtcnn
