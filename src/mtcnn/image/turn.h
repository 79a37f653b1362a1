#pragma once

#include "mtcnn/image/align.h"
#include "mtcnn/image/image.h"

namespace mtcnn {

/// A turned copy of an image, and the way back.
struct TurnedImage {
  Image image;
  Similarity to_source;  ///< positions in `image` to positions in the image that was turned
};

/// The image turned clockwise by `quarters` times 90 degrees: every pixel is kept.
/// \param quarters  0 to 3.
/// \throws ContractError for other quarters or an empty image.
TurnedImage turned_by_quarters(const ImageView& image, int quarters);

/// The image turned clockwise by 45 degrees, in the smallest image that holds all of it; pixels keep their size.
/// Bilinear between pixel centres.
/// \param border  value of the pixels outside the source, 0 to 255.
/// \throws ContractError for an empty image; Error{unsupported} where that image would have more than 16384 x 16384
/// pixels: long, narrow images come to many times their own.
TurnedImage turned_by_45_degrees(const ImageView& image, float border);

}  // namespace mtcnn
