#pragma once

#include "mtcnn/video/frame_source.h"

#include <memory>
#include <string>
#include <string_view>

namespace mtcnn {

/// Whether `name` is an address of a network (rtsp://, http://, …) rather than a file.
bool is_stream_name(std::string_view name);

/// How patient open_stream() and what it gives are.
struct StreamOptions {
  double timeout_s = 10;  ///< for an answer, and for data once it flows
  int reconnects = 5;     ///< attempts after a connection is lost: at once, then after 1, 2, 4, … seconds, at most 30
};

/// Opens a stream, or a video behind an address, through FFmpeg: rtsp, rtmp, http, srt, udp, rtp, also encrypted.
///
/// FrameSource::next(): a video behind HTTP is read on where a lost connection left it and ends at its end. A live
/// stream that breaks off is opened anew; indices go on and times too, the gap included. Waiting ends at once when the
/// user interrupts (core/interrupt.h), and next() is then false.
/// \throws Error naming the address without its password: no answer in time, refused, not found, no video; and, from
/// next(), a connection that was lost and does not come back, or frames of another size than the first.
std::unique_ptr<FrameSource> open_stream(const std::string& address, const StreamOptions& options);

}  // namespace mtcnn
