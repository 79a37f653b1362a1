#pragma once

#include "mtcnn/image/formats.h"
#include "mtcnn/image/picture_bytes.h"

#include <optional>

namespace mtcnn {

/// Whether a BMP starts here, or an OS/2 bitmap array, whose first image counts.
bool starts_bmp(const PictureBytes& bytes);

/// Size and completeness of a BMP with a header of Windows or OS/2.
/// \throws Error as inspect_picture does.
PictureFacts inspect_bmp(const PictureBytes& bytes);

/// The same image in a form that every decoder reads right: those of OpenCV take the colours of OS/2 for greys and
/// know few of the layouts that masks can describe.
/// \return nothing where the file is such a form already.
std::optional<std::string> plain_bmp(const PictureBytes& bytes);

}  // namespace mtcnn
