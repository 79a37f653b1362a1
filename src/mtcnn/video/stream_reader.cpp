#include "mtcnn/video/stream_reader.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/video/film.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <thread>
#include <utility>

namespace mtcnn {
namespace {

using Clock = NetworkWatch::Clock;
using Input = ffmpeg::Owned<AVFormatContext>;

constexpr double kLongestPause = 30;  ///< seconds between two attempts
constexpr double kLookAround = 5;     ///< seconds that FFmpeg may take to find out what a stream holds
constexpr std::array<std::string_view, 9> kSchemes = {"rtsp",  "rtsps", "rtmp", "rtmps", "http",
                                                      "https", "srt",   "udp",  "rtp"};

std::string_view scheme_of(std::string_view name) { return name.substr(0, std::min(name.find("://"), name.size())); }

/// The address as people may see it.
std::string without_password(const std::string& address) {
  const size_t host = address.find("://") + 3;
  const size_t at = address.substr(0, address.find('/', host)).rfind('@');
  if (at == std::string::npos) return address;
  const size_t colon = address.find(':', host);
  return colon < at ? address.substr(0, colon) + ":***" + address.substr(at) : address;
}

/// Seconds before attempt `index`, from 0.
double pause_before(int index) { return index == 0 ? 0 : std::min(kLongestPause, std::exp2(index - 1)); }

/// \return false where the user interrupts.
bool wait(double seconds) {
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (Clock::now() < end && !interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return !interrupted();
}

class Options {
 public:
  Options(std::string_view scheme, const StreamOptions& options) {
    const std::string microseconds = std::to_string(std::llround(options.timeout_s * 1e6));
    if (scheme.starts_with("rtsp")) {
      set("rtsp_flags", "prefer_tcp");  // images are whole then
#if LIBAVFORMAT_VERSION_MAJOR < 59
      set("stimeout", microseconds);
#else
      set("timeout", microseconds);
#endif
      return;
    }
    set("rw_timeout", microseconds);
    if (scheme.starts_with("http") && options.reconnects > 0) {
      set("reconnect", "1");
      set("reconnect_on_network_error", "0");  // a first connection that fails is told at once
      // FFmpeg waits 0, 1, 3, 7 … seconds, and gives up where that is more than this.
      set("reconnect_delay_max", std::to_string(std::llround(kLongestPause)));
      set("reconnect_max_retries", std::to_string(options.reconnects));  // FFmpeg 7
    }
  }
  ~Options() { av_dict_free(&entries_); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  AVDictionary** entries() { return &entries_; }

 private:
  void set(const char* key, const std::string& value) { av_dict_set(&entries_, key, value.c_str(), 0); }

  AVDictionary* entries_ = nullptr;
};

class Stream : public FrameSource {
 public:
  Stream(std::string address, const StreamOptions& options)
      : address_(std::move(address)), name_(without_password(address_)), options_(options) {
    open();
  }

  const std::string& name() const override { return name_; }
  double rate() const override { return film_->rate(); }
  int64_t expected_frames() const override { return live_ ? 0 : film_->expected_frames(); }
  bool endless() const override { return live_; }

  bool next(Frame& frame) override {
    while (!next_of_film(frame)) {
      if (!live_ || interrupted() || options_.reconnects == 0 || !reconnect()) return false;
    }
    if (width_ == 0) {
      width_ = frame.image.width();
      height_ = frame.image.height();
    }
    if (frame.image.width() != width_ || frame.image.height() != height_) {
      throw Error(ErrorCode::bad_format, concat("frame ", index_, " has another size than those before"),
                  {.where = name_,
                   .found = concat(frame.image.width(), "x", frame.image.height()),
                   .expected = concat(width_, "x", height_)});
    }
    last_time_s_ = std::max(start_s_ + frame.time_s, index_ == 0 ? 0 : last_time_s_ + 1e-6);
    frame.time_s = last_time_s_;
    frame.index = index_++;
    attempts_ = 0;
    last_ = Clock::now();
    return true;
  }

 private:
  [[noreturn]] void refuse(const std::string& message, int failure) const {
    if (interrupted()) throw Error(ErrorCode::interrupted, "stopped while connecting", {.where = name_});
    const bool late = watch_.timed_out();
    throw Error(failure == AVERROR_HTTP_NOT_FOUND ? ErrorCode::not_found : ErrorCode::unreadable, message,
                {.where = name_,
                 .found = late ? concat("no answer within ", significant(options_.timeout_s, 3), " s")
                               : ffmpeg::reason(failure),
                 .hint = late ? "--timeout waits longer" : "check the address, and that its server runs"});
  }

  void open() {
    film_.reset();
    Options options(scheme_of(address_), options_);
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) throw std::bad_alloc();
    context->interrupt_callback = {NetworkWatch::ask, &watch_};
    watch_.allow(options_.timeout_s);
    // Frees the context where it fails.
    const int failure = avformat_open_input(&context, address_.c_str(), nullptr, options.entries());
    if (failure == AVERROR_PROTOCOL_NOT_FOUND) {
      throw Error(ErrorCode::unsupported, "FFmpeg on this machine knows no such protocol",
                  {.where = name_, .found = std::string(scheme_of(address_))});
    }
    if (failure == AVERROR_INVALIDDATA)
      throw Error(ErrorCode::bad_format, "there is no video behind this address", {.where = name_});
    if (failure < 0) refuse("cannot open this stream", failure);
    Input input(context);
    refuse_still(name_, *input);
    watch_.allow(options_.timeout_s + kLookAround);
    if (const int bad = avformat_find_stream_info(input.get(), nullptr); bad < 0)
      refuse("no frames come from here", bad);
    const bool length_known = input->duration > 0 || (input->pb != nullptr && avio_size(input->pb) > 0);
    live_ = !length_known;
    // FFmpeg's own attempts to read a video on take their time.
    const double patience = live_ || options_.reconnects == 0 ? 0 : 4 * kLongestPause;
    film_ = make_film(name_, std::move(input), {&watch_, options_.timeout_s + patience, live_});
  }

  /// The video's next frame; of a live stream false also where it broke off.
  bool next_of_film(Frame& frame) {
    try {
      return film_->next(frame);
    } catch (const Error&) {
      if (interrupted()) return false;
      if (!live_) throw;
      return false;
    }
  }

  /// \return false where the user interrupts. \throws Error after the last attempt.
  bool reconnect() {
    for (;;) {
      if (attempts_ == options_.reconnects) {
        throw Error(ErrorCode::unreadable, "this stream broke off and did not come back",
                    {.where = name_,
                     .found = concat(index_, " frames, then ", attempts_, attempts_ == 1 ? " attempt" : " attempts"),
                     .hint = "--reconnects tries more often"});
      }
      const double pause = pause_before(attempts_++);
      log::warning(concat(name_, ": the stream broke off; attempt ", attempts_, " of ", options_.reconnects,
                          pause > 0 ? concat(" in ", pause, " s") : std::string()));
      if (!wait(pause)) return false;
      try {
        open();
      } catch (const Error&) {
        if (interrupted()) return false;
        continue;
      }
      start_s_ = last_time_s_ + std::chrono::duration<double>(Clock::now() - last_).count();
      live_ = true;
      return true;
    }
  }

  std::string address_;
  std::string name_;
  StreamOptions options_;
  NetworkWatch watch_;
  std::unique_ptr<FrameSource> film_;
  bool live_ = false;
  int attempts_ = 0;  ///< since the last frame
  int64_t index_ = 0;
  int width_ = 0;
  int height_ = 0;
  double start_s_ = 0;  ///< of the connection, on the clock of all
  double last_time_s_ = 0;
  Clock::time_point last_ = Clock::now();
};

}  // namespace

void NetworkWatch::allow(double seconds) {
  timed_out_ = false;
  end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

int NetworkWatch::ask(void* watch) {
  auto& self = *static_cast<NetworkWatch*>(watch);
  if (interrupted()) return 1;
  if (Clock::now() < self.end_) return 0;
  self.timed_out_ = true;
  return 1;
}

bool is_stream_name(std::string_view name) {
  return name.find("://") != std::string_view::npos &&
         std::find(kSchemes.begin(), kSchemes.end(), scheme_of(name)) != kSchemes.end();
}

std::unique_ptr<FrameSource> open_stream(const std::string& address, const StreamOptions& options) {
  require(options.timeout_s > 0 && options.reconnects >= 0, "open_stream: options out of range");
  return std::make_unique<Stream>(address, options);
}

}  // namespace mtcnn
