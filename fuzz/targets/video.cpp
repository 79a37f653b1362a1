#include "mtcnn/video/film_reader.h"
#include "mtcnn/video/frame_source.h"
#include "mtcnn/video/silence.h"

#include "input.h"

/// The first frames of a video.
MTCNN_FUZZ_TARGET(input) {
  static const bool silent = (mtcnn::silence_media_libraries(), true);
  static_cast<void>(silent);
  constexpr int kFrames = 8;
  const auto video = mtcnn::open_film(mtcnn::fuzz::input_file("video.mp4", input));
  mtcnn::Frame frame;
  for (int i = 0; i < kFrames && video->next(frame); ++i) {
  }
}
