#pragma once

#include "mtcnn/image/image.h"

#include <filesystem>

namespace mtcnn {

/// Writes the image in the format that the name's ending states: jpg, jpeg, jpe (quality 95), png, webp (lossless),
/// bmp, dib, tif, tiff, ppm, pnm, in any case. A reader sees all of the file or nothing; missing folders are made.
/// \throws Error on another ending, an image that the format cannot hold (JPEG ends at 65,500 pixels a side, WebP at
/// 16,383) or a file that cannot be written; an older file of that name is then untouched.
/// \throws ContractError if the image is empty.
void write_image(const std::filesystem::path& path, const ImageView& image);

/// The same for JPEG and PNG, with a comment in the file that tells is_marked_image() who made it.
/// \throws as write_image(); ContractError on another ending.
void write_marked_image(const std::filesystem::path& path, const ImageView& image);

/// Whether write_marked_image() made this file; no for what is not there or cannot be read.
bool is_marked_image(const std::filesystem::path& path);

}  // namespace mtcnn
