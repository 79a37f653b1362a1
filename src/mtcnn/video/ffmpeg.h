#pragma once

#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

/// FFmpeg's objects as C++ owns them. For this module alone.
namespace mtcnn::ffmpeg {

/// Frees each kind of object as FFmpeg wants it.
struct Free {
  void operator()(AVCodecContext* it) const { avcodec_free_context(&it); }
  void operator()(AVFrame* it) const { av_frame_free(&it); }
  void operator()(AVFormatContext* it) const { avformat_close_input(&it); }
  void operator()(AVPacket* it) const { av_packet_free(&it); }
  void operator()(SwsContext* it) const { sws_freeContext(it); }
};

/// An object of FFmpeg with one owner.
template <class Object>
using Owned = std::unique_ptr<Object, Free>;

/// FFmpeg's own words for one of its error codes.
inline std::string reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

}  // namespace mtcnn::ffmpeg
