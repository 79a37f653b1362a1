#pragma once

#include "mtcnn/image/image.h"

#include <cstdint>
#include <string>

namespace mtcnn {

/// One image of a video or camera.
struct Frame {
  Image image;
  int64_t index = 0;  ///< from 0
  double time_s = 0;  ///< since the first frame; rises strictly
};

/// Where frames come from, one after the other.
class FrameSource {
 public:
  FrameSource() = default;
  virtual ~FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;

  /// The next frame, in `frame`, whose memory is used again.
  /// \return false at the end.
  /// \throws Error naming the source where it breaks off, or where a frame has another size than the first.
  virtual bool next(Frame& frame) = 0;

  /// The name that errors carry.
  virtual const std::string& name() const = 0;
  /// Nominal frames a second, above 0.
  virtual double rate() const = 0;
  /// Whether it goes on until somebody stops it: a camera, a live stream.
  virtual bool endless() const { return false; }
  /// About how many frames there are; 0 where nobody knows.
  virtual int64_t expected_frames() const = 0;
};

}  // namespace mtcnn
