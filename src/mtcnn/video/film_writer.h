#pragma once

#include "mtcnn/image/image.h"

#include <filesystem>
#include <memory>

namespace mtcnn {

/// Writes a video of one size: H.264 where FFmpeg on this machine has its encoder, else MPEG-4. A reader sees all of it
/// or nothing: it gets its name from finish(); without that the destructor removes what was written. FFmpeg's encoder
/// writes to stderr, unless the program has called silence_media_libraries().
class FilmWriter {
 public:
  /// \param path  its ending states the kind: mp4, m4v, mov or mkv, in any case. Missing folders are made.
  /// \param rate  nominal frames a second, above 0; what counts is the time of each frame.
  /// \throws Error{usage} on another ending; Error if nothing can be written there, or FFmpeg has no encoder.
  /// \throws ContractError on a rate that is not above 0.
  FilmWriter(const std::filesystem::path& path, double rate);
  ~FilmWriter();
  FilmWriter(const FilmWriter&) = delete;
  FilmWriter& operator=(const FilmWriter&) = delete;

  /// \param image   of the size of the first; an odd last row or column is left out, as videos have even sizes.
  /// \param time_s  since the video's beginning, later than that of the frame before.
  /// \throws Error if writing fails (a full disk) or the image has less than 2 x 2 pixels; ContractError on another
  /// size.
  void write(const ImageView& image, double time_s);

  /// Completes the video and gives it its name; a video without frames is not written.
  /// \throws Error on failure; an older file of that name is then untouched. Call once, last.
  void finish();

 private:
  class Encoder;
  std::filesystem::path path_;
  std::filesystem::path target_;  ///< path_, or what it links to
  std::filesystem::path temporary_;
  double rate_;
  std::unique_ptr<Encoder> encoder_;  ///< from the first frame on, whose size it needs
};

}  // namespace mtcnn
