#pragma once

namespace mtcnn {

/// FFmpeg, OpenCV and Qt write nothing to stderr from here on: what matters comes back as an error. Changes settings of
/// the whole process, the environment too, so this is for programs, before they start threads.
void silence_media_libraries();

}  // namespace mtcnn
