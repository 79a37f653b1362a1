#pragma once

#include "mtcnn/video/ffmpeg.h"
#include "mtcnn/video/frame_source.h"

#include <chrono>
#include <memory>
#include <string>

/// The part that files and streams share. For this module alone.
namespace mtcnn {

/// Ends FFmpeg's waiting for a network where the user interrupts or time is up.
class NetworkWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// From now on so long.
  void allow(double seconds);
  /// Whether time was up since the last allow().
  bool timed_out() const { return timed_out_; }
  /// For AVFormatContext::interrupt_callback, whose opaque pointer this must be.
  static int ask(void* watch);

 private:
  Clock::time_point end_ = Clock::time_point::max();
  bool timed_out_ = false;
};

/// What is told of a video that comes over a network.
struct Network {
  NetworkWatch* watch = nullptr;  ///< outlives the video
  double timeout_s = 0;           ///< to wait for data
  bool live = false;              ///< has no end of its own: one that comes is no error
};

/// The frames of an opened input whose streams are known.
/// \throws Error as open_film() does.
std::unique_ptr<FrameSource> make_film(std::string name, ffmpeg::Owned<AVFormatContext> input, const Network& network);

/// \throws Error where FFmpeg sees a still image or text.
void refuse_still(const std::string& name, const AVFormatContext& input);

}  // namespace mtcnn
