#pragma once

#include "mtcnn/image/formats.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// The kinds that OpenCV does not read: HEIC and AVIF (libheif), JPEG XL (libjxl), GIF (giflib) and animated WebP
/// (libwebpdemux). Their libraries are linked by a module, mtcnn-images.so, which is loaded when the first such image
/// comes: a program that meets none starts without them. The environment variable MTCNN_IMAGE_MODULE names another
/// place for it.
namespace mtcnn {

/// Pixels, as they are decoded.
struct MoreSize {
  int64_t width = 0;
  int64_t height = 0;
};

/// The size that an image of `kind` claims, turned as its container says, without decoding pixels.
/// \throws Error naming `where`: damaged, cut off, or of a kind that this build or this machine cannot decode.
MoreSize more_size(PictureKind kind, std::span<const std::byte> bytes, const std::string& where);

/// Decodes the first frame, upright, into `pixels`: R, G, B, A, not multiplied by alpha, width * height * 4 bytes.
/// \param size  as more_size() has said.
/// \throws Error as more_size() does.
void decode_more(PictureKind kind, std::span<const std::byte> bytes, const MoreSize& size, uint8_t* pixels,
                 const std::string& where);

/// Whether all pixels of a JPEG are there that has no end marker. False also where no module can tell.
bool is_whole_jpeg(std::span<const std::byte> bytes);

}  // namespace mtcnn
