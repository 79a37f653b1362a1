#pragma once

#include "mtcnn/image/formats.h"
#include "mtcnn/image/picture_bytes.h"

#include <optional>
#include <string>

namespace mtcnn {

/// Whether a TIFF file (or an EXIF block, which has the same form) starts here.
bool starts_tiff(const PictureBytes& bytes);

/// Size, orientation, layout and completeness of a TIFF file by its first directory.
/// \throws Error as inspect_picture does.
PictureFacts inspect_tiff(const PictureBytes& bytes);

/// The orientation, 1..8, that the first directory states; nothing where it states none.
/// \throws Error where the file is cut off.
std::optional<int> tiff_orientation(const PictureBytes& bytes);

/// A copy that states no orientation. The decoder would turn the image itself, tiled ones wrongly.
std::string without_orientation(const PictureBytes& bytes);

}  // namespace mtcnn
