#pragma once

#include "mtcnn/image/formats.h"
#include "mtcnn/image/picture_bytes.h"

namespace mtcnn {

/// Whether a TIFF file (or an EXIF block, which has the same form) starts here.
bool starts_tiff(const PictureBytes& bytes);

/// Size, alpha and completeness of a TIFF file by its first directory.
/// \throws Error as inspect_picture does.
PictureFacts inspect_tiff(const PictureBytes& bytes);

/// The orientation, 1..8, that an EXIF block states (with or without "Exif\0\0" before it); 1 where it states none or
/// is damaged: a picture is not refused for its notes.
int exif_orientation(const PictureBytes& block);

}  // namespace mtcnn
