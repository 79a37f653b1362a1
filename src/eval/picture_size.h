#pragma once

#include "mtcnn/eval/fddb_regions.h"

#include <filesystem>

namespace mtcnn {

/// Width and height of a JPEG or PNG file from its header alone; no pixel is decoded and a turn noted in EXIF is not
/// applied.
/// \throws Error if the file is missing or unreadable, is of another kind, ends before its size, or states a size of 0.
/// Source: ITU-T T.81 annex B (markers), PNG specification section 11.2.2 (IHDR).
FddbSize read_picture_size(const std::filesystem::path& path);

}  // namespace mtcnn
