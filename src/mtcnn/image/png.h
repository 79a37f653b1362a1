#pragma once

#include "mtcnn/image/formats.h"
#include "mtcnn/image/picture_bytes.h"

#include <optional>
#include <string>

namespace mtcnn {

/// Size, orientation and completeness of a PNG, from its signature on.
/// \throws Error as inspect_picture does.
PictureFacts inspect_png(const PictureBytes& bytes);

/// The same image with nothing but what its pixels are decoded from, and with an end: libpng prints complaints about
/// colour profiles, texts and other notes to stderr, without the file's name.
/// \param bytes  that inspect_png() has accepted.
/// \return nothing where the file is so already.
std::optional<std::string> plain_png(const PictureBytes& bytes);

}  // namespace mtcnn
