#pragma once

#include "mtcnn/image/image.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace mtcnn {

/// Larger images are refused: their pixels alone would take 0.8 GB.
inline constexpr int64_t kMaxImagePixels = int64_t{1} << 28;

/// Reads an image as RGB with 8 bits a channel, upright as its EXIF orientation says. Kinds: JPEG (also grey and
/// CMYK), PNG, BMP, WebP, TIFF (first page), PNM and JPEG 2000, and where the module of more_decoders.h is there HEIC,
/// AVIF, JPEG XL, GIF and animated WebP (the first frame); told by content, not by name. Grey becomes three equal
/// channels, 16 bits are rounded to 8. Where there is transparency the image is laid on white, as a browser would
/// show it; the alpha of grey TIFFs and of BMPs, and the colour key of grey PNGs, are ignored. A JPEG or PNG that lacks
/// nothing but its end marker is read, with a warning in the log.
/// \throws Error naming the file: missing, no plain file, over 1 GiB, empty, no image, cut off, damaged, of a kind
/// that is not handled (12-bit JPEG, float TIFF, a camera's raw file …) or with more than kMaxImagePixels. Damage
/// within a JPEG's compressed data does not always show; the pixels are then what the JPEG library makes of it.
Image read_image(const std::filesystem::path& path);

/// The same from memory.
/// \param where  the name that errors carry.
Image decode_image(std::span<const std::byte> bytes, const std::string& where);

/// The size that read_image() would give, without decoding pixels.
struct ImageSize {
  int width = 0;
  int height = 0;
};

/// \throws Error as read_image() does, but for damage that only decoding shows.
ImageSize read_image_size(const std::filesystem::path& path);

/// Whether the name ends, in any case, as images do: .jpg, .png, .tif, …, also those that read_image() names and
/// refuses, as .cr2 or .psd, so that no image of a folder is passed over without a word.
bool is_picture_name(const std::filesystem::path& path);

}  // namespace mtcnn
