#pragma once

#include "mtcnn/image/picture_bytes.h"

#include <optional>

namespace mtcnn {

/// The orientation, 1..8, that an EXIF block states (with or without "Exif\0\0" before it); nothing where it states
/// none or is damaged: an image is not refused for its notes.
std::optional<int> exif_orientation(const PictureBytes& block);

/// The same of a PNG's text chunk (`type` tEXt, zTXt or iTXt) that ImageMagick and others write for EXIF: hexadecimal
/// digits under the keyword "Raw profile type exif" or "Raw profile type APP1".
std::optional<int> raw_profile_orientation(std::string_view type, const PictureBytes& chunk);

}  // namespace mtcnn
