#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mtcnn {

/// The kinds that read_image() reads; those from animated_webp on with the module of more_decoders.h.
enum class PictureKind { jpeg, png, bmp, webp, tiff, pnm, jpeg2000, animated_webp, gif, heif, jpeg_xl };

/// What an encoded image says about itself before anything is decoded.
struct PictureFacts {
  PictureKind kind = PictureKind::jpeg;
  int64_t width = 0;            ///< pixels as stored, before `orientation` is applied
  int64_t height = 0;           ///< never negative
  int orientation = 1;          ///< EXIF's 1..8 where it is left to us; 1 where the decoder applies it (HEIF, JPEG XL)
  uint32_t largest_sample = 0;  ///< the value that means white, where the file states it (PNM); 0 for the usual
  bool premultiplied = false;   ///< colours are decoded as already multiplied by alpha (TIFF)
  bool alpha_is_undefined = false;  ///< a fourth channel, if any, carries nothing (BMP, TIFF)
  bool white_is_zero = false;       ///< the decoder leaves an image negative that is stored so (TIFF)
  bool lacks_end = false;           ///< the end marker alone may be missing; decoding tells (JPEG, PNG)
  const char* doubtful = "";        ///< a compression that the decoder may silently not know (TIFF)

  /// Whether `orientation` changes width and height.
  bool lies_on_its_side() const { return orientation >= 5; }
};

/// Tells the kind of an image by its first bytes and walks its structure, without decoding pixels: the size it claims,
/// its orientation, and that it is all there, which the decoders themselves do not all report (a JPEG that is cut off
/// decodes to a partly grey image).
/// \param where  the name that errors carry.
/// \throws Error if this is no image, of a kind that is not handled, damaged or cut off. Sources: ITU T.81 annex B
/// (JPEG), W3C PNG 1.2, RFC 9649 (WebP), TIFF 6.0 with the BigTIFF note, Netpbm's format pages, ITU T.800 annexes A and
/// I (JPEG 2000), ISO 14496-12 (HEIF), CIPA DC-008 (EXIF).
PictureFacts inspect_picture(std::span<const std::byte> bytes, const std::string& where);

}  // namespace mtcnn
