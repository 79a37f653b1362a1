#include "mtcnn/video/film_writer.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/video/ffmpeg.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>

#include <fcntl.h>
#include <unistd.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

using ffmpeg::Owned;

constexpr int kTicks = 60000;  ///< a second; MPEG-4 allows 65535. Holds 24, 25, 30, 50 and 60 / 1.001 exactly

/// FFmpeg's name of the container.
const char* container_for(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  if (ending == ".mp4" || ending == ".m4v") return "mp4";
  if (ending == ".mov") return "mov";
  if (ending == ".mkv") return "matroska";
  throw Error(ErrorCode::usage, "videos of this kind are not written",
              {.where = path.string(),
               .found = ending.empty() ? "no ending" : ending,
               .expected = "a name that ends in .mp4, .m4v, .mov or .mkv"});
}

const AVCodec* find_encoder(const fs::path& path) {
  for (const AVCodecID id : {AV_CODEC_ID_H264, AV_CODEC_ID_MPEG4}) {
    const AVCodec* codec = avcodec_find_encoder(id);
    if (codec != nullptr) return codec;
  }
  throw Error(ErrorCode::unsupported, "FFmpeg on this machine can encode neither H.264 nor MPEG-4",
              {.where = path.string(), .hint = "install FFmpeg's libavcodec with one of them"});
}

/// So that the new name never stands for a file that is not on the disk. \param shown  the video's name for messages.
void sync(const fs::path& temporary, const fs::path& shown) {
  const int file = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw system_error(ErrorCode::unwritable, "writing this video failed", shown);
  const bool synced = ::fsync(file) == 0;
  const int reason = errno;
  ::close(file);
  errno = reason;
  if (!synced) throw system_error(ErrorCode::unwritable, "writing this video failed", shown);
}

}  // namespace

/// One video under way.
class FilmWriter::Encoder {
 public:
  Encoder(const fs::path& shown, const fs::path& file, double rate, int width, int height)
      : shown_(shown), width_(width), height_(height), ticks_per_frame_(std::max(1LL, std::llround(kTicks / rate))) {
    check(avformat_alloc_output_context2(&output_, nullptr, container_for(shown), nullptr));
    try {
      open_encoder(rate);
      stream_ = avformat_new_stream(output_, nullptr);
      if (stream_ == nullptr) throw std::bad_alloc();
      check(avcodec_parameters_from_context(stream_->codecpar, encoder_.get()));
      stream_->time_base = encoder_->time_base;
      stream_->avg_frame_rate = encoder_->framerate;
      check(avio_open(&output_->pb, ("file:" + file.string()).c_str(), AVIO_FLAG_WRITE));
      check(avformat_write_header(output_, nullptr));
      frame_.reset(av_frame_alloc());
      packet_.reset(av_packet_alloc());
      if (!frame_ || !packet_) throw std::bad_alloc();
      scaler_.reset(sws_getContext(even(width), even(height), AV_PIX_FMT_RGB24, even(width), even(height),
                                   AV_PIX_FMT_YUV420P, SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
      if (!scaler_) throw std::bad_alloc();
    } catch (...) {
      close();
      throw;
    }
  }
  ~Encoder() { close(); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  void write(const ImageView& image, double time_s) {
    require(image.width == width_ && image.height == height_, "FilmWriter: frames of one size");
    AVFrame& frame = *frame_;
    av_frame_unref(&frame);
    frame.width = even(width_);
    frame.height = even(height_);
    frame.format = AV_PIX_FMT_YUV420P;
    check(av_frame_get_buffer(&frame, 0));
    const uint8_t* const planes[] = {image.pixels};
    const int strides[] = {static_cast<int>(image.stride)};
    sws_scale(scaler_.get(), planes, strides, 0, frame.height, frame.data, frame.linesize);
    frame.pts = std::max<int64_t>(last_tick_ + 1, std::llround(time_s * kTicks));
    last_tick_ = frame.pts;
    encode(&frame);
  }

  void finish() {
    encode(nullptr);
    check(av_write_trailer(output_));
    check(avio_closep(&output_->pb));
  }

 private:
  static int even(int size) { return size & ~1; }

  void check(int status) const {
    if (status >= 0) return;
    throw Error(ErrorCode::unwritable, "writing this video failed (" + ffmpeg::reason(status) + ")",
                {.where = shown_.string()});
  }

  void open_encoder(double rate) {
    const AVCodec* codec = find_encoder(shown_);
    encoder_.reset(avcodec_alloc_context3(codec));
    if (!encoder_) throw std::bad_alloc();
    encoder_->width = even(width_);
    encoder_->height = even(height_);
    encoder_->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder_->time_base = {1, kTicks};
    encoder_->framerate = av_d2q(rate, kTicks);
    encoder_->colorspace = AVCOL_SPC_SMPTE170M;  // what the scaler makes
    encoder_->color_range = AVCOL_RANGE_MPEG;
    if ((output_->oformat->flags & AVFMT_GLOBALHEADER) != 0) encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    // Fast, so that the cores are left to the detector. Encoders pass over options that they do not know.
    av_opt_set(encoder_->priv_data, "preset", "veryfast", 0);
    av_opt_set(encoder_->priv_data, "crf", "20", 0);
    if (codec->id == AV_CODEC_ID_MPEG4) {
      encoder_->flags |= AV_CODEC_FLAG_QSCALE;
      encoder_->global_quality = 3 * FF_QP2LAMBDA;
    }
    check(avcodec_open2(encoder_.get(), codec, nullptr));
  }

  /// nullptr ends the video.
  void encode(const AVFrame* frame) {
    check(avcodec_send_frame(encoder_.get(), frame));
    for (;;) {
      const int status = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
      check(status);
      packet_->duration = ticks_per_frame_;
      packet_->stream_index = stream_->index;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, stream_->time_base);
      check(av_interleaved_write_frame(output_, packet_.get()));
      if (output_->pb->error < 0) check(output_->pb->error);
    }
  }

  void close() {
    if (output_ == nullptr) return;
    if (output_->pb != nullptr) avio_closep(&output_->pb);
    avformat_free_context(output_);
    output_ = nullptr;
  }

  fs::path shown_;
  int width_;
  int height_;
  int64_t ticks_per_frame_;
  int64_t last_tick_ = -1;
  AVFormatContext* output_ = nullptr;
  AVStream* stream_ = nullptr;  ///< the output's
  Owned<AVCodecContext> encoder_;
  Owned<AVFrame> frame_;
  Owned<AVPacket> packet_;
  Owned<SwsContext> scaler_;
};

FilmWriter::FilmWriter(const fs::path& path, double rate) : path_(path), rate_(rate) {
  require(rate > 0, "FilmWriter: a rate above 0");
  container_for(path);
  find_encoder(path);
  if (is_folder(path))
    throw Error(ErrorCode::unwritable, "this is a folder, a video was to be written", {.where = path.string()});
  target_ = link_target(path);
  if (target_.has_parent_path()) make_folder(target_.parent_path());
  temporary_ = make_temporary_file(target_);  // tells at once, not after the first frame, where nothing can be written
}

FilmWriter::~FilmWriter() {
  encoder_.reset();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void FilmWriter::write(const ImageView& image, double time_s) {
  if (image.width < 2 || image.height < 2) {
    throw Error(ErrorCode::unsupported, "frames are too small for a video",
                {.where = path_.string(), .found = concat(image.width, "x", image.height), .expected = "at least 2x2"});
  }
  if (!encoder_) encoder_ = std::make_unique<Encoder>(path_, temporary_, rate_, image.width, image.height);
  encoder_->write(image, time_s);
}

void FilmWriter::finish() {
  if (!encoder_) return;
  encoder_->finish();
  encoder_.reset();
  sync(temporary_, path_);
  rename_temporary(temporary_, target_);
  temporary_.clear();
}

}  // namespace mtcnn
