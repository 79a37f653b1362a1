#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

/// \file
/// What images suffer on their way. All change a crop [S, S, 3] of RGB values 0 … 255 in place; S <= kLargestCrop.
namespace mtcnn {

inline constexpr int kLargestCrop = 48;  ///< O-Net's

/// Where pixel (x, y) begins in an image of this width.
inline ptrdiff_t pixel_at(int x, int y, int width) { return 3 * (static_cast<ptrdiff_t>(y) * width + x); }

/// The filter 1 2 1 along both axes; beyond the edge its last pixel goes on.
/// \param buffer  as large as the crop; its content is lost.
void blur(std::span<float> crop, int size, std::vector<float>& buffer);

/// The side in cells, 2 … size, that a crop shrinks to at this scale.
int lowered_side(double scale, int size);

/// Shrinks to `scale` of the size by cell averages and grows again bilinearly.
void lower_resolution(std::span<float> crop, int size, double scale, std::vector<float>& buffer);

/// What a baseline JPEG of this quality leaves, without subsampling of colour. Source: ITU-T T.81, tables K.1 and K.2;
/// the quality scales them as in the Independent JPEG Group's library.
/// \param quality  1 … 100
/// \param shift_x,shift_y  0 … 7: how much of the first block lies outside of the crop.
void jpeg_noise(std::span<float> crop, int size, int quality, int shift_x, int shift_y);

/// The 64 values of a block of 8 x 8, row by row.
using BlockValues = std::array<float, 64>;
/// Row k: the k-th cosine of the orthonormal discrete cosine transform.
const BlockValues& jpeg_cosines();
/// What the coefficients of a block are rounded to multiples of.
/// \param quality  1 … 100
BlockValues jpeg_steps(bool chroma, int quality);

}  // namespace mtcnn
