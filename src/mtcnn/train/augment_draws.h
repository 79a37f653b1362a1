#pragma once

#include "mtcnn/core/random.h"
#include "mtcnn/train/options.h"

#include <array>
#include <optional>

/// \file
/// What chance decides about a crop, apart from who carries it out: Augmenter, or DeviceAugmenter for many crops.
namespace mtcnn {

/// A linear change of colour: row c gives channel c, 0 … 255, from red, green, blue and 1.
using ColourMatrix = std::array<std::array<float, 4>, 3>;

/// Changes of one crop, in the order in which they are made.
struct CropChanges {
  bool mirror = false;
  std::optional<size_t> gamma;  ///< the table of gamma_tables()
  ColourMatrix colours = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
  std::optional<double> scale;  ///< see lower_resolution()
  bool blur = false;

  /// Each value's is the sum of four uniform numbers of 16 bits, less their mean, times `scale`.
  struct Noise {
    float scale;
    bool grey;            ///< the same for the three colours of a pixel
    RandomStream random;  ///< from which its values are drawn
  };
  std::optional<Noise> noise;

  /// See jpeg_noise().
  struct Jpeg {
    int quality;
    int shift_x;
    int shift_y;
  };
  std::optional<Jpeg> jpeg;

  /// A rectangle of one colour, in pixels.
  struct Cover {
    int left;
    int top;
    int width;
    int height;
    std::array<float, 3> colour;
  };
  std::optional<Cover> cover;
};

/// \param crop_size  side in pixels.
/// \param random     of this crop alone.
CropChanges draw_changes(const AugmentOptions& options, int crop_size, RandomStream& random);

/// 255 * (value / 255) ^ gamma for each value of a byte.
using GammaTable = std::array<float, 256>;
/// For gammas from 0.6 to 1.6.
const std::array<GammaTable, 16>& gamma_tables();

}  // namespace mtcnn
