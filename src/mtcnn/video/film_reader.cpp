#include "mtcnn/video/film_reader.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/read.h"
#include "mtcnn/video/film.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string_view>
#include <utility>

#include <opencv2/core.hpp>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

using ffmpeg::Owned;

constexpr double kUnknownRate = 25;  ///< frames a second where a video gives none that can be meant

using Input = Owned<AVFormatContext>;

[[noreturn]] void refuse(const std::string& name, const std::string& message, const std::string& found = {},
                         ErrorCode code = ErrorCode::bad_format) {
  throw Error(code, message, {.where = name, .found = found, .hint = "give a video that FFmpeg can play"});
}

/// The number in a field that a decoder may have filled with one that the enumeration lacks.
template <class Enumeration>
int number_of(const Enumeration& field) {
  int number = 0;
  static_assert(sizeof number == sizeof field);
  std::memcpy(&number, &field, sizeof number);
  return number;
}

/// Images and text, which FFmpeg would show as videos of one frame or of letters.
bool is_still(const AVFormatContext& input) {
  const std::string_view format = input.iformat->name;
  return format.ends_with("_pipe") || format == "image2" || format == "tty" || format == "bin" || format == "xbin" ||
         format == "idf" || format == "ico";
}

Input open_input(const fs::path& path) {
  const MappedFile file(path);  // tells what is missing, a folder or not to be read in our own words
  if (file.bytes().empty()) refuse(path, "this file is empty, a video was expected");
  AVFormatContext* opened = nullptr;
  // With the protocol in front no name can mean anything but a file.
  const int failure = avformat_open_input(&opened, ("file:" + path.string()).c_str(), nullptr, nullptr);
  if (failure < 0) refuse(path, "this is no video, or one that was cut off or damaged", ffmpeg::reason(failure));
  Input input(opened);
  refuse_still(path, *input);
  if (const int bad = avformat_find_stream_info(input.get(), nullptr); bad < 0)
    refuse(path, "this video is damaged", ffmpeg::reason(bad));
  return input;
}

/// The video's images; music brings the image of its cover as one more stream.
AVStream* video_stream(const std::string& path, AVFormatContext& input) {
  const int index = av_find_best_stream(&input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0 || (input.streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    const bool sound = av_find_best_stream(&input, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0) >= 0;
    refuse(path, sound ? "there is only sound in this file, no frames" : "there are no frames in this file",
           input.iformat->long_name);
  }
  return input.streams[index];
}

Owned<AVCodecContext> open_decoder(const std::string& path, const AVStream& stream) {
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (codec == nullptr)
    refuse(path, "FFmpeg on this machine cannot decode this video", avcodec_get_name(stream.codecpar->codec_id),
           ErrorCode::unsupported);
  Owned<AVCodecContext> decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw std::bad_alloc();
  if (avcodec_parameters_to_context(decoder.get(), stream.codecpar) < 0) refuse(path, "this video is damaged");
  decoder->pkt_timebase = stream.time_base;
  decoder->thread_count = 0;  // as many as there are cores
  decoder->max_pixels = kMaxImagePixels;
  if (const int failure = avcodec_open2(decoder.get(), codec, nullptr); failure < 0)
    refuse(path, "the decoder does not take this video", ffmpeg::reason(failure), ErrorCode::unsupported);
  return decoder;
}

/// The stream's display matrix, 3 x 3 fixed-point numbers; nullptr where it has none.
const int32_t* display_matrix(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)  // FFmpeg 6.1; the older function is gone in FFmpeg 8
  const AVPacketSideData* found = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const uint8_t* data = found == nullptr ? nullptr : found->data;
  const size_t size = found == nullptr ? 0 : found->size;
#else
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  return size < 9 * sizeof(int32_t) ? nullptr : reinterpret_cast<const int32_t*>(data);
}

/// How stored frames are to be shown: mirrored left to right, then turned.
struct Placing {
  bool mirrored = false;
  int quarters = 0;  ///< clockwise
};

/// \param matrix  of a stream or a frame: rows (a, b, u), (c, d, v), …; x' = a x + c y, y' = b x + d y. nullptr: none
Placing placing_of(const int32_t* matrix) {
  if (matrix == nullptr) return {};
  const double a = matrix[0];
  const double b = matrix[1];
  const double c = matrix[3];
  const double d = matrix[4];
  const bool mirrored = a * d - b * c < 0;
  const double side = mirrored ? -1 : 1;  // a mirrored matrix is a turn after x' = -x
  if (a == 0 && b == 0) return {};
  const double degrees = std::atan2(side * b, side * a) * 180 / std::numbers::pi;
  return {mirrored, ((static_cast<int>(std::lround(degrees / 90)) % 4) + 4) % 4};
}

Placing placing_of(const AVStream& stream, const AVFrame& frame) {
  const int32_t* matrix = display_matrix(stream);
  if (matrix == nullptr) {
    const AVFrameSideData* found = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
    if (found != nullptr && found->size >= 9 * sizeof(int32_t)) matrix = reinterpret_cast<const int32_t*>(found->data);
  }
  return placing_of(matrix);
}

Image placed(Image& image, const Placing& placing) {
  constexpr cv::RotateFlags kTurns[] = {cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_COUNTERCLOCKWISE};
  const bool lies = placing.quarters % 2 != 0;
  Image result(lies ? image.height() : image.width(), lies ? image.width() : image.height());
  const cv::Mat from(image.height(), image.width(), CV_8UC3, image.row(0));
  cv::Mat to(result.height(), result.width(), CV_8UC3, result.row(0));
  constexpr int kLeftToRight = 1;
  if (placing.quarters == 0) {
    cv::flip(from, to, kLeftToRight);
    return result;
  }
  cv::Mat first = from;
  if (placing.mirrored) {
    first = cv::Mat();
    cv::flip(from, first, kLeftToRight);
  }
  cv::rotate(first, to, kTurns[placing.quarters - 1]);
  return result;
}

class Film : public FrameSource {
 public:
  Film(std::string name, Input input, const Network& network)
      : name_(std::move(name)),
        network_(network),
        input_(std::move(input)),
        stream_(video_stream(name_, *input_)),
        decoder_(open_decoder(name_, *stream_)),
        packet_(av_packet_alloc()),
        decoded_(av_frame_alloc()) {
    if (!packet_ || !decoded_) throw std::bad_alloc();
    const double rate = av_q2d(av_guess_frame_rate(input_.get(), stream_, nullptr));
    if (std::isfinite(rate) && rate >= 0.001 && rate <= 1000) rate_ = rate;
    for (unsigned i = 0; i < input_->nb_streams; ++i) {
      if (input_->streams[i] != stream_) input_->streams[i]->discard = AVDISCARD_ALL;
    }
  }

  const std::string& name() const override { return name_; }
  double rate() const override { return rate_; }

  int64_t expected_frames() const override {
    if (stream_->nb_frames > 0) return stream_->nb_frames;
    return static_cast<int64_t>(std::llround(promised_s() * rate_));
  }

  bool next(Frame& frame) override {
    if (!decode()) {
      if (next_index_ == 0) throw broken("there is no frame in this video that can be decoded", "");
      check_whole();
      return false;
    }
    convert(frame.image);
    if (next_index_ == 0) placing_ = placing_of(*stream_, *decoded_);
    if (placing_.mirrored || placing_.quarters != 0) frame.image = placed(frame.image, placing_);
    frame.index = next_index_++;
    frame.time_s = time_of_decoded();
    av_frame_unref(decoded_.get());
    return true;
  }

 private:
  Error broken(const std::string& message, const std::string& found, const std::string& expected = {}) const {
    return {ErrorCode::bad_format, message, {.where = name_, .found = found, .expected = expected}};
  }

  /// The next frame into `decoded_`; false at the end.
  bool decode() {
    constexpr int kMostInARow = 1000;
    for (int damaged = 0; damaged < kMostInARow;) {
      const int status = avcodec_receive_frame(decoder_.get(), decoded_.get());
      if (status == 0) return true;
      if (status == AVERROR_EOF) return false;
      if (status != AVERROR(EAGAIN)) {
        ++damaged;  // the next may be good
      } else if (!feed()) {
        return false;
      }
    }
    throw broken("this video is damaged", concat(next_index_, " frames, then none that can be decoded"));
  }

  /// Gives the decoder one more packet of the video, or at its end tells it so.
  bool feed() {
    for (;;) {
      if (network_.watch != nullptr) network_.watch->allow(network_.timeout_s);
      const int status = av_read_frame(input_.get(), packet_.get());
      if (status == AVERROR(EAGAIN)) continue;
      if (status < 0) {
        read_failure_ = status == AVERROR_EOF ? 0 : status;
        return avcodec_send_packet(decoder_.get(), nullptr) == 0;
      }
      const bool ours = packet_->stream_index == stream_->index;
      if (ours) avcodec_send_packet(decoder_.get(), packet_.get());  // refuses damaged packets, which are then left out
      av_packet_unref(packet_.get());
      if (ours) return true;
    }
  }

  void convert(Image& image) {
    const AVFrame& from = *decoded_;
    if (next_index_ == 0) {
      width_ = from.width;
      height_ = from.height;
    }
    if (from.width != width_ || from.height != height_) {
      throw broken(concat("frame ", next_index_, " has another size than those before"),
                   concat(from.width, "x", from.height), concat(width_, "x", height_));
    }
    const auto format = static_cast<AVPixelFormat>(from.format);
    scaler_.reset(sws_getCachedContext(scaler_.release(), width_, height_, format, width_, height_, AV_PIX_FMT_RGB24,
                                       SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr,
                                       nullptr));
    if (!scaler_) throw broken("pixels of a kind that is not handled", concat("pixel format ", from.format));
    const int named = number_of(from.colorspace);
    const int matrix = named == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : named;
    const bool full_range = number_of(from.color_range) == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(matrix), full_range ? 1 : 0,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    if (image.width() != width_ || image.height() != height_) image = Image(width_, height_);
    uint8_t* const planes[] = {image.row(0)};
    const int strides[] = {3 * width_};
    sws_scale(scaler_.get(), from.data, from.linesize, 0, height_, planes, strides);
  }

  double time_of_decoded() {
    const double earliest = last_s_ + 1e-6;
    double time_s = last_s_ + 1 / rate_;
    if (decoded_->best_effort_timestamp != AV_NOPTS_VALUE) {
      const double stamp = static_cast<double>(decoded_->best_effort_timestamp) * av_q2d(stream_->time_base);
      if (next_index_ == 1) first_s_ = stamp;
      time_s = stamp - first_s_;
    } else if (next_index_ == 1) {
      time_s = 0;
    }
    last_s_ = next_index_ == 1 ? time_s : std::max(earliest, time_s);
    return last_s_;
  }

  /// How long the video says that it is; 0 where it does not or where FFmpeg only guesses by its size.
  double promised_s() const {
    if (stream_->duration > 0) return static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
    const bool guessed = input_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE;
    return !guessed && input_->duration > 0 ? static_cast<double>(input_->duration) / AV_TIME_BASE : 0;
  }

  /// \throws Error where the video ended too soon.
  void check_whole() const {
    if (network_.watch != nullptr && (network_.live || interrupted())) return;
    const std::string found = concat(next_index_, next_index_ == 1 ? " frame" : " frames");
    if (read_failure_ != 0) throw broken("this video breaks off (" + ffmpeg::reason(read_failure_) + ")", found);
    const int64_t size = avio_size(input_->pb);
    const int count = avformat_index_get_entries_count(stream_);
    int64_t needed = 0;
    for (int i = 0; i < count; ++i) {
      const AVIndexEntry* entry = avformat_index_get_entry(stream_, i);
      needed = std::max(needed, entry->pos + entry->size);
    }
    // Lengths are rounded and leave space for an end of sound alone.
    const bool too_short = last_s_ + 1 / rate_ < 0.9 * promised_s() - 1;
    const bool fewer = std::string_view(input_->iformat->name) == "avi" && next_index_ + 2 < stream_->nb_frames;
    if ((size > 0 && needed > size) || too_short || fewer) {
      throw broken("this video was cut off or is damaged", found,
                   expected_frames() > 0 ? concat("about ", expected_frames()) : "more");
    }
  }

  std::string name_;
  Network network_;
  Input input_;
  AVStream* stream_;  ///< the input's
  Owned<AVCodecContext> decoder_;
  Owned<AVPacket> packet_;
  Owned<AVFrame> decoded_;
  Owned<SwsContext> scaler_;
  Placing placing_;
  double rate_ = kUnknownRate;
  int width_ = 0;  ///< of frames as they are stored
  int height_ = 0;
  int64_t next_index_ = 0;
  double first_s_ = 0;
  double last_s_ = 0;
  int read_failure_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> make_film(std::string name, Owned<AVFormatContext> input, const Network& network) {
  return std::make_unique<Film>(std::move(name), std::move(input), network);
}

void refuse_still(const std::string& name, const AVFormatContext& input) {
  if (is_still(input))
    refuse(name, "this is no video; faces in images are found by mtcnn detect", input.iformat->long_name);
}

std::unique_ptr<FrameSource> open_film(const fs::path& path) { return make_film(path.string(), open_input(path), {}); }

}  // namespace mtcnn
