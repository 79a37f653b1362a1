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
void apply_colours(const uint8_t* pixels, int size, bool mirror, const GammaTable* table, const ColourMatrix& matrix,
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
  const float side = label.window.width();  // 0 for negatives, which have no targets
  const float lead = side == 0 ? 0 : input.crop_lead / side;
  const float shift = side == 0 ? 0 : input.landmark_shift / side;
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
    apply_colours(pixels.data(), size_, false, nullptr, CropChanges{}.colours, crop_.data());
    return normalise(crop_.data(), crop_.size(), out);
  }
  const CropChanges changes = draw_changes(options_, size_, *random);
  if (changes.mirror) label = mirrored(label, landmarks_->mirror, input_);
  const GammaTable* gamma = changes.gamma ? &gamma_tables()[*changes.gamma] : nullptr;
  apply_colours(pixels.data(), size_, changes.mirror, gamma, changes.colours, crop_.data());
  if (changes.scale) lower_resolution(crop_, size_, *changes.scale, buffer_);
  if (changes.blur) blur(crop_, size_, buffer_);
  if (changes.noise) add_noise(*changes.noise);
  if (changes.jpeg) jpeg_noise(crop_, size_, changes.jpeg->quality, changes.jpeg->shift_x, changes.jpeg->shift_y);
  if (changes.cover) cut_out(*changes.cover);
  normalise(crop_.data(), crop_.size(), out);
}

void Augmenter::add_noise(const CropChanges::Noise& noise) {
  RandomStream random = noise.random;
  for (size_t i = 0; i < crop_.size(); i += 3) {
    const float common = noise_value(random, noise.scale);
    for (size_t c = 0; c < 3; ++c) {
      const float value = noise.grey ? common : noise_value(random, noise.scale);
      crop_[i + c] = std::clamp(crop_[i + c] + value, 0.0F, 255.0F);
    }
  }
}

void Augmenter::cut_out(const CropChanges::Cover& cover) {
  for (int y = cover.top; y < cover.top + cover.height; ++y) {
    for (int x = cover.left; x < cover.left + cover.width; ++x)
      std::copy(cover.colour.begin(), cover.colour.end(), crop_.data() + pixel_at(x, y, size_));
  }
}

}  // namespace mtcnn
