#pragma once

#include "mtcnn/video/frame_source.h"

#include <filesystem>
#include <memory>

namespace mtcnn {

/// Opens a video of any kind that FFmpeg decodes. Frames come upright, as the video says that they are to be turned,
/// and with the times that it gives them. Frames whose data is damaged are left out. FFmpeg writes to stderr what it
/// thinks of a file, unless the program has called silence_media_libraries().
///
/// FrameSource::next() throws Error at a frame of another size than the first, and at the end where the video was cut
/// off: its index or its length promise more than there was.
/// \throws Error naming the file: missing, a folder, empty, no video, only sound, a still image, of a kind that cannot
/// be decoded here, or with frames of more than kMaxImagePixels.
std::unique_ptr<FrameSource> open_film(const std::filesystem::path& path);

}  // namespace mtcnn
