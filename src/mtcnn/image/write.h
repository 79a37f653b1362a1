#pragma once

#include "mtcnn/image/image.h"

#include <filesystem>

namespace mtcnn {

/// Writes the picture in the format that the name's ending states: jpg, jpeg, jpe (quality 95), png, webp (lossless),
/// bmp, dib, tif, tiff, ppm, pnm, in any case. A reader sees all of the file or nothing; missing folders are made.
/// \throws Error on another ending, a picture that the format cannot hold (JPEG ends at 65,500 pixels a side, WebP at
/// 16,383) or a file that cannot be written; an older file of that name is then untouched.
/// \throws ContractError if the picture is empty.
void write_image(const std::filesystem::path& path, const ImageView& image);

}  // namespace mtcnn
