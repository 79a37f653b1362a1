#include "mtcnn/train/augment.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mtcnn {
namespace {

constexpr float kMean = 127.5F;
constexpr float kScale = 1 / 128.0F;
constexpr int kGammas = 16;
constexpr double kSmallestGamma = 0.6;
constexpr double kLargestGamma = 1.6;
constexpr std::array<float, 3> kLuma = {0.299F, 0.587F, 0.114F};  // ITU-R BT.601

using Table = std::array<float, 256>;

/// out = table of 255 * (value / 255) ^ gamma; the first is the identity.
const std::array<Table, kGammas + 1>& gamma_tables() {
  static const auto tables = [] {
    std::array<Table, kGammas + 1> made{};
    for (int i = 0; i <= kGammas; ++i) {
      const double gamma =
          i == 0 ? 1 : kSmallestGamma * std::pow(kLargestGamma / kSmallestGamma, (i - 1) / (kGammas - 1.0));
      for (size_t v = 0; v < 256; ++v)
        made[static_cast<size_t>(i)][v] = static_cast<float>(255 * std::pow(static_cast<double>(v) / 255, gamma));
    }
    return made;
  }();
  return tables;
}

/// A linear change of colour: row c gives channel c from red, green, blue and 1.
using ColourMatrix = std::array<std::array<float, 4>, 3>;

MTCNN_SIMD_CLONES
void apply_colours(const uint8_t* pixels, int size, bool mirror, const Table& table, const ColourMatrix& m,
                   float* out) {
  const ptrdiff_t area = static_cast<ptrdiff_t>(size) * size;
  for (int y = 0; y < size; ++y) {
    const uint8_t* row = pixels + static_cast<ptrdiff_t>(y) * size;
    float* target = out + static_cast<ptrdiff_t>(y) * size * 3;
    for (int x = 0; x < size; ++x) {
      const int from = mirror ? size - 1 - x : x;
      const float r = table[row[from]];
      const float g = table[row[area + from]];
      const float b = table[row[2 * area + from]];
      for (int c = 0; c < 3; ++c) {
        const auto& k = m[static_cast<size_t>(c)];
        target[3 * x + c] = std::clamp(k[0] * r + k[1] * g + k[2] * b + k[3], 0.0F, 255.0F);
      }
    }
  }
}

MTCNN_SIMD_CLONES
void normalise(const float* crop, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = (crop[i] - kMean) * kScale;
}

/// Where pixel (x, y) begins in a picture of this width.
ptrdiff_t pixel_at(int x, int y, int width) { return 3 * (static_cast<ptrdiff_t>(y) * width + x); }

/// Cheap bell-shaped noise: four uniform numbers of 16 bits out of one draw.
float noise_value(RandomStream& random, float scale) {
  const uint64_t bits = random.next();
  const auto part = [bits](unsigned shift) { return static_cast<float>((bits >> shift) & 0xffffU); };
  return (part(0) + part(16) + part(32) + part(48) - 2 * 65535) * scale;
}

}  // namespace

CropLabel mirrored(const CropLabel& label) {
  CropLabel result = label;
  result.offsets[0] = -label.offsets[2];
  result.offsets[2] = -label.offsets[0];
  for (size_t i = 0; i < label.landmarks.size(); i += 2) result.landmarks[i] = 1 - label.landmarks[i];
  const auto swap_points = [&](size_t a, size_t b) {
    std::swap(result.landmarks[2 * a], result.landmarks[2 * b]);
    std::swap(result.landmarks[2 * a + 1], result.landmarks[2 * b + 1]);
  };
  swap_points(0, 1);
  swap_points(3, 4);
  result.mirrored = !label.mirrored;
  return result;
}

Augmenter::Augmenter(const AugmentOptions& options, int crop_size) : options_(options), size_(crop_size) {
  const auto side = static_cast<size_t>(crop_size);
  crop_.resize(3 * side * side);
  buffer_.resize(crop_.size());
}

void Augmenter::apply(std::span<const uint8_t> pixels, CropLabel& label, RandomStream* random, float* out) {
  require(pixels.size() == crop_.size(), "Augmenter::apply: a crop of another size");
  if (random == nullptr) {
    constexpr ColourMatrix kSame = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    apply_colours(pixels.data(), size_, false, gamma_tables()[0], kSame, crop_.data());
    return normalise(crop_.data(), crop_.size(), out);
  }
  const bool mirror = random->chance(options_.mirror);
  if (mirror) label = mirrored(label);
  colour(pixels, mirror, *random);
  if (random->chance(options_.low_resolution)) lower_resolution(random->uniform(0.4, 0.9));
  if (random->chance(options_.blur)) blur();
  if (random->chance(options_.noise)) add_noise(random->uniform(0, options_.noise_level), *random);
  if (random->chance(options_.cutout)) cut_out(*random);
  normalise(crop_.data(), crop_.size(), out);
}

/// Gamma, then saturation, gains, contrast and brightness as one matrix.
void Augmenter::colour(std::span<const uint8_t> pixels, bool mirror, RandomStream& random) {
  const auto around_one = [&](double reach) { return static_cast<float>(random.uniform(1 - reach, 1 + reach)); };
  const size_t gamma = random.chance(options_.gamma) ? 1 + static_cast<size_t>(random.below(kGammas)) : 0;
  const float saturation = random.chance(options_.grey) ? 0.0F : around_one(options_.saturation);
  const float contrast = around_one(options_.contrast);
  const auto brightness = static_cast<float>(128 * random.uniform(-options_.brightness, options_.brightness));
  ColourMatrix matrix{};
  for (size_t c = 0; c < 3; ++c) {
    // A grey picture stays grey.
    const float gain = contrast * (saturation == 0 ? 1.0F : around_one(options_.gain));
    for (size_t from = 0; from < 3; ++from)
      matrix[c][from] = gain * ((1 - saturation) * kLuma[from] + (c == from ? saturation : 0.0F));
    matrix[c][3] = (1 - gain) * 128 + brightness;
  }
  apply_colours(pixels.data(), size_, mirror, gamma_tables()[gamma], matrix, crop_.data());
}

/// 1 2 1 along both axes; beyond the edge its last pixel goes on.
void Augmenter::blur() {
  const auto pass = [this](const float* in, float* out, ptrdiff_t along, ptrdiff_t across) {
    for (int line = 0; line < size_; ++line) {
      for (int i = 0; i < size_; ++i) {
        const ptrdiff_t here = line * across + i * along;
        const ptrdiff_t before = i > 0 ? here - along : here;
        const ptrdiff_t after = i + 1 < size_ ? here + along : here;
        for (int c = 0; c < 3; ++c) out[here + c] = 0.25F * (in[before + c] + 2 * in[here + c] + in[after + c]);
      }
    }
  };
  const ptrdiff_t row = ptrdiff_t{3} * size_;
  pass(crop_.data(), buffer_.data(), 3, row);
  pass(buffer_.data(), crop_.data(), row, 3);
}

/// Shrinks by nearest cell averages and grows bilinearly.
void Augmenter::lower_resolution(double scale) {
  const int small = std::max(2, static_cast<int>(std::lround(scale * size_)));
  const double step = static_cast<double>(size_) / small;
  std::vector<float>& cells = buffer_;
  for (int y = 0; y < small; ++y) {
    const int y1 = static_cast<int>(y * step);
    const int y2 = std::max(y1 + 1, static_cast<int>((y + 1) * step));
    for (int x = 0; x < small; ++x) {
      const int x1 = static_cast<int>(x * step);
      const int x2 = std::max(x1 + 1, static_cast<int>((x + 1) * step));
      std::array<float, 3> sum = {};
      for (int v = y1; v < y2; ++v) {
        for (int u = x1; u < x2; ++u) {
          for (size_t c = 0; c < 3; ++c) sum[c] += crop_[static_cast<size_t>(3 * (v * size_ + u)) + c];
        }
      }
      const auto count = static_cast<float>((y2 - y1) * (x2 - x1));
      for (size_t c = 0; c < 3; ++c) cells[static_cast<size_t>(3 * (y * small + x)) + c] = sum[c] / count;
    }
  }
  for (int y = 0; y < size_; ++y) {
    const float v = std::clamp(static_cast<float>((y + 0.5) / step - 0.5), 0.0F, static_cast<float>(small - 1));
    const int top = std::min(static_cast<int>(v), small - 2);
    const float fy = v - static_cast<float>(top);
    for (int x = 0; x < size_; ++x) {
      const float u = std::clamp(static_cast<float>((x + 0.5) / step - 0.5), 0.0F, static_cast<float>(small - 1));
      const int left = std::min(static_cast<int>(u), small - 2);
      const float fx = u - static_cast<float>(left);
      const float* a = cells.data() + pixel_at(left, top, small);
      const float* b = cells.data() + pixel_at(left, top + 1, small);
      float* out = crop_.data() + pixel_at(x, y, size_);
      for (int c = 0; c < 3; ++c) out[c] = std::lerp(std::lerp(a[c], a[c + 3], fx), std::lerp(b[c], b[c + 3], fx), fy);
    }
  }
}

void Augmenter::add_noise(double deviation, RandomStream& random) {
  const auto scale = static_cast<float>(deviation * std::sqrt(3.0) / 65536);
  const bool grey = random.chance(0.5);  // film grain rather than a sensor's
  for (size_t i = 0; i < crop_.size(); i += 3) {
    const float common = noise_value(random, scale);
    for (size_t c = 0; c < 3; ++c) {
      const float noise = grey ? common : noise_value(random, scale);
      crop_[i + c] = std::clamp(crop_[i + c] + noise, 0.0F, 255.0F);
    }
  }
}

void Augmenter::cut_out(RandomStream& random) {
  const auto side = [&] { return 1 + static_cast<int>(random.uniform(0.1, 0.4) * size_); };
  const int width = side();
  const int height = side();
  const auto left = static_cast<int>(random.below(size_ - width + 1));
  const auto top = static_cast<int>(random.below(size_ - height + 1));
  std::array<float, 3> colour{};
  for (float& value : colour) value = static_cast<float>(random.uniform(0, 255));
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x)
      std::copy(colour.begin(), colour.end(), crop_.data() + pixel_at(x, y, size_));
  }
}

}  // namespace mtcnn
