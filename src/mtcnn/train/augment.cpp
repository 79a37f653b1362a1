#include "mtcnn/train/augment.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"
#include "mtcnn/train/degrade.h"

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
constexpr double kLargestScale = 0.9;
constexpr double kFineJpeg = 90;                                  ///< beyond this quality nobody sees a JPEG's noise
constexpr std::array<float, 3> kLuma = {0.299F, 0.587F, 0.114F};  // ITU-R BT.601

using Table = std::array<float, 256>;

/// Of 255 * (value / 255) ^ gamma.
const std::array<Table, kGammas>& gamma_tables() {
  static const auto tables = [] {
    std::array<Table, kGammas> made{};
    for (int i = 0; i < kGammas; ++i) {
      const double gamma = kSmallestGamma * std::pow(kLargestGamma / kSmallestGamma, i / (kGammas - 1.0));
      for (size_t v = 0; v < 256; ++v)
        made[static_cast<size_t>(i)][v] = static_cast<float>(255 * std::pow(static_cast<double>(v) / 255, gamma));
    }
    return made;
  }();
  return tables;
}

/// A linear change of colour: row c gives channel c from red, green, blue and 1.
using ColourMatrix = std::array<std::array<float, 4>, 3>;

/// The linear change of colour of `count` planar values, as pixels.
MTCNN_SIMD_CLONES
void mix_colours(const float* planes, size_t count, const ColourMatrix& m, float* out) {
  const float* r = planes;
  const float* g = planes + count;
  const float* b = planes + 2 * count;
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const auto& k = m[c];
      out[3 * i + c] = std::clamp(k[0] * r[i] + k[1] * g[i] + k[2] * b[i] + k[3], 0.0F, 255.0F);
    }
  }
}

MTCNN_SIMD_CLONES
void to_floats(const uint8_t* values, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<float>(values[i]);
}

/// \param table  nullptr: the identity
void apply_colours(const uint8_t* pixels, int size, bool mirror, const Table* table, const ColourMatrix& matrix,
                   float* out) {
  const auto width = static_cast<size_t>(size);
  const size_t count = width * width;
  thread_local std::array<float, size_t{3} * kLargestCrop * kLargestCrop> planes;
  if (table == nullptr)
    to_floats(pixels, 3 * count, planes.data());
  else
    std::transform(pixels, pixels + 3 * count, planes.begin(), [table](uint8_t value) { return (*table)[value]; });
  if (mirror) {
    for (float* row = planes.data(); row != planes.data() + 3 * count; row += width) std::reverse(row, row + width);
  }
  mix_colours(planes.data(), count, matrix, out);
}

MTCNN_SIMD_CLONES
void normalise(const float* crop, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = (crop[i] - kMean) * kScale;
}

/// Cheap bell-shaped noise: four uniform numbers of 16 bits out of one draw.
float noise_value(RandomStream& random, float scale) {
  const uint64_t bits = random.next();
  const auto part = [bits](unsigned shift) { return static_cast<float>((bits >> shift) & 0xffffU); };
  return (part(0) + part(16) + part(32) + part(48) - 2 * 65535) * scale;
}

}  // namespace

CropLabel mirrored(const CropLabel& label, std::span<const size_t> mirror, const InputOptions& input) {
  CropLabel result = label;
  // Relative to the window: the lead comes to lie on the other side, and a shift that is added to x had to be taken
  // off.
  const float side = label.window.width();
  const float lead = input.crop_lead == 0 ? 0 : input.crop_lead / side;
  const float shift = input.landmark_shift == 0 ? 0 : input.landmark_shift / side;
  result.offsets[0] = -label.offsets[2] - lead;
  result.offsets[2] = -label.offsets[0] - lead;
  require(label.landmarks.empty() || label.landmarks.size() == 2 * mirror.size(), "mirrored: another number of points");
  for (size_t i = 0; i < label.landmarks.size(); i += 2) {
    const size_t from = 2 * mirror[i / 2];
    result.landmarks[i] = 1 - label.landmarks[from] - lead - 2 * shift;
    result.landmarks[i + 1] = label.landmarks[from + 1];
  }
  result.mirrored = !label.mirrored;
  return result;
}

Augmenter::Augmenter(const AugmentOptions& options, int crop_size, const LandmarkLayout& landmarks,
                     const InputOptions& input)
    : options_(options), size_(crop_size), landmarks_(&landmarks), input_(input) {
  require(crop_size > 0 && crop_size <= kLargestCrop, "Augmenter: no net has crops of this size");
  const auto side = static_cast<size_t>(crop_size);
  crop_.resize(3 * side * side);
  buffer_.resize(crop_.size());
}

void Augmenter::apply(std::span<const uint8_t> pixels, CropLabel& label, RandomStream* random, float* out) {
  require(pixels.size() == crop_.size(), "Augmenter::apply: a crop of another size");
  if (random == nullptr) {
    constexpr ColourMatrix kSame = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    apply_colours(pixels.data(), size_, false, nullptr, kSame, crop_.data());
    return normalise(crop_.data(), crop_.size(), out);
  }
  const bool mirror = random->chance(options_.mirror);
  if (mirror) label = mirrored(label, landmarks_->mirror, input_);
  colour(pixels, mirror, *random);
  if (random->chance(options_.low_resolution))
    lower_resolution(crop_, size_, random->uniform(options_.smallest_scale, kLargestScale), buffer_);
  if (random->chance(options_.blur)) blur(crop_, size_, buffer_);
  if (random->chance(options_.noise)) add_noise(random->uniform(0, options_.noise_level), *random);
  if (random->chance(options_.jpeg)) {
    const int quality = static_cast<int>(random->uniform(options_.jpeg_quality, kFineJpeg));
    const auto shift_x = static_cast<int>(random->below(8));
    const auto shift_y = static_cast<int>(random->below(8));
    jpeg_noise(crop_, size_, quality, shift_x, shift_y);
  }
  if (random->chance(options_.cutout)) cut_out(*random);
  normalise(crop_.data(), crop_.size(), out);
}

/// Gamma, then saturation, gains, contrast and brightness as one matrix.
void Augmenter::colour(std::span<const uint8_t> pixels, bool mirror, RandomStream& random) {
  const auto around_one = [&](double reach) { return static_cast<float>(random.uniform(1 - reach, 1 + reach)); };
  const Table* gamma =
      random.chance(options_.gamma) ? &gamma_tables()[static_cast<size_t>(random.below(kGammas))] : nullptr;
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
  apply_colours(pixels.data(), size_, mirror, gamma, matrix, crop_.data());
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
