#include "mtcnn/train/augment_draws.h"

#include <cmath>

namespace mtcnn {
namespace {

constexpr double kSmallestGamma = 0.6;
constexpr double kLargestGamma = 1.6;
constexpr double kLargestScale = 0.9;
constexpr double kFineJpeg = 90;                                  ///< beyond this quality nobody sees a JPEG's noise
constexpr std::array<float, 3> kLuma = {0.299F, 0.587F, 0.114F};  // ITU-R BT.601

/// Saturation, gains, contrast and brightness as one matrix.
ColourMatrix draw_colours(const AugmentOptions& options, RandomStream& random) {
  const auto around_one = [&](double reach) { return static_cast<float>(random.uniform(1 - reach, 1 + reach)); };
  const float saturation = random.chance(options.grey) ? 0.0F : around_one(options.saturation);
  const float contrast = around_one(options.contrast);
  const auto brightness = static_cast<float>(128 * random.uniform(-options.brightness, options.brightness));
  ColourMatrix matrix{};
  for (size_t c = 0; c < 3; ++c) {
    // A grey image stays grey.
    const float gain = contrast * (saturation == 0 ? 1.0F : around_one(options.gain));
    for (size_t from = 0; from < 3; ++from)
      matrix[c][from] = gain * ((1 - saturation) * kLuma[from] + (c == from ? saturation : 0.0F));
    matrix[c][3] = (1 - gain) * 128 + brightness;
  }
  return matrix;
}

CropChanges::Noise draw_noise(const AugmentOptions& options, int crop_size, RandomStream& random) {
  const double deviation = random.uniform(0, options.noise_level);
  const bool grey = random.chance(0.5);  // photographic grain rather than a sensor's noise
  const CropChanges::Noise noise{
      .scale = static_cast<float>(deviation * std::sqrt(3.0) / 65536), .grey = grey, .random = random};
  // What is drawn next does not depend on whether these numbers are used.
  const int64_t drawn = int64_t{crop_size} * crop_size * (grey ? 1 : 4);
  for (int64_t i = 0; i < drawn; ++i) random.next();
  return noise;
}

CropChanges::Jpeg draw_jpeg(const AugmentOptions& options, RandomStream& random) {
  const int quality = static_cast<int>(random.uniform(options.jpeg_quality, kFineJpeg));
  const auto shift_x = static_cast<int>(random.below(8));
  const auto shift_y = static_cast<int>(random.below(8));
  return {quality, shift_x, shift_y};
}

CropChanges::Cover draw_cover(int crop_size, RandomStream& random) {
  const auto side = [&] { return 1 + static_cast<int>(random.uniform(0.1, 0.4) * crop_size); };
  CropChanges::Cover cover{};
  cover.width = side();
  cover.height = side();
  cover.left = static_cast<int>(random.below(crop_size - cover.width + 1));
  cover.top = static_cast<int>(random.below(crop_size - cover.height + 1));
  for (float& value : cover.colour) value = static_cast<float>(random.uniform(0, 255));
  return cover;
}

}  // namespace

const std::array<GammaTable, 16>& gamma_tables() {
  static const auto tables = [] {
    std::array<GammaTable, 16> made{};
    for (size_t i = 0; i < made.size(); ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(made.size() - 1);
      const double gamma = kSmallestGamma * std::pow(kLargestGamma / kSmallestGamma, part);
      for (size_t v = 0; v < 256; ++v)
        made[i][v] = static_cast<float>(255 * std::pow(static_cast<double>(v) / 255, gamma));
    }
    return made;
  }();
  return tables;
}

CropChanges draw_changes(const AugmentOptions& options, int crop_size, RandomStream& random) {
  CropChanges changes;
  changes.mirror = random.chance(options.mirror);
  if (random.chance(options.gamma))
    changes.gamma = static_cast<size_t>(random.below(static_cast<int64_t>(gamma_tables().size())));
  changes.colours = draw_colours(options, random);
  if (random.chance(options.low_resolution)) changes.scale = random.uniform(options.smallest_scale, kLargestScale);
  changes.blur = random.chance(options.blur);
  if (random.chance(options.noise)) changes.noise = draw_noise(options, crop_size, random);
  if (random.chance(options.jpeg)) changes.jpeg = draw_jpeg(options, random);
  if (random.chance(options.cutout)) changes.cover = draw_cover(crop_size, random);
  return changes;
}

}  // namespace mtcnn
