#include "mtcnn/cli/live_flags.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/interrupt.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/progress.h"
#include "mtcnn/core/text.h"
#include "mtcnn/data/detections.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/draw.h"
#include "mtcnn/live/session.h"
#include "mtcnn/video/camera.h"
#include "mtcnn/video/film_reader.h"
#include "mtcnn/video/film_writer.h"
#include "mtcnn/video/silence.h"
#include "mtcnn/video/stream_reader.h"
#include "mtcnn/video/window.h"

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

/// For programs with FFmpeg: what `mtcnn live` does.
namespace mtcnn::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Milliseconds with three decimals, as files hold them.
double shown_ms(double seconds) { return std::round(1e6 * seconds) / 1000; }

std::string frame_line(const Frame& frame, const FollowResult& result, const std::vector<std::string>& landmark_names,
                       bool with_angles) {
  Json faces = Json::array();
  for (const FollowedFace& item : result.faces) {
    Json face = {{"id", item.id}};
    face.update(face_json(to_detection(item.face, with_angles), landmark_names));
    faces.push_back(std::move(face));
  }
  Json ms = {{"total", shown_ms(result.seconds)}};
  for (const auto& [name, seconds] : kTimedStages) ms[name] = shown_ms(result.stages.*seconds);
  const Json line = {{"frame", frame.index},         {"time", std::round(1e6 * frame.time_s) / 1e6},
                     {"width", frame.image.width()}, {"height", frame.image.height()},
                     {"searched", result.searched},  {"faces", std::move(faces)},
                     {"ms", std::move(ms)}};
  return line.dump() + "\n";
}

/// Figures on the image: running averages, as single frames' would flicker.
class Meter {
 public:
  std::vector<std::string> lines(const FollowResult& result) {
    const Clock::time_point now = Clock::now();
    const double step_s = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    std::array<double, kFigures> figures = {step_s, result.seconds};
    for (size_t i = 0; i < kTimedStages.size(); ++i) figures[i + 2] = result.stages.*kTimedStages[i].seconds;
    // All frames so far in the beginning, later about the last twenty.
    const double share = std::max(0.05, 1.0 / static_cast<double>(++count_));
    for (size_t i = 0; i < kFigures; ++i) means_[i] += share * (figures[i] - means_[i]);
    const auto ms = [&](const char* name, size_t i) { return concat(name, " ", fixed(1000 * means_[i], 1)); };
    const auto stage = [&](size_t i) { return ms(kTimedStages[i].name, i + 2); };
    return {concat(fixed(means_[0] > 0 ? 1 / means_[0] : 0, 1), " frames/s, ", ms("detector", 1), " ms"),
            join({stage(0), stage(1), stage(2)}, "  "), join({stage(3), stage(4), stage(5)}, "  ")};
  }

 private:
  static constexpr size_t kFigures = 2 + kTimedStages.size();
  std::array<double, kFigures> means_{};
  int64_t count_ = 0;
  Clock::time_point last_ = Clock::now();
};

/// The outputs that were asked for.
class LiveOutputs {
 public:
  LiveOutputs(const LiveFlags& flags, const FrameSource& source, const Detector& detector)
      : flags_(flags),
        live_(source.endless()),
        landmark_names_(detector.landmark_names()),
        with_angles_(detector.options().rotate != 0) {
    if (!flags.json.empty()) json_ = std::make_unique<ResultFile>(flags.json);
    if (!flags.save.empty()) film_ = std::make_unique<FilmWriter>(flags.save, source.rate());
    if (flags.show) window_ = std::make_unique<ScreenWindow>("mtcnn live: " + source.name());
  }

  /// \return false once the user has had enough.
  bool add(Frame& frame, const FollowResult& result) {
    if (json_) {
      json_->write(frame_line(frame, result, landmark_names_, with_angles_));
      json_->flush();
    }
    if (!film_ && !window_) return true;
    draw(frame.image, result);
    if (film_) film_->write(frame.image.view(), frame.time_s);
    return !window_ || window_->show(frame.image.view(), pause_ms(frame.time_s));
  }

  void finish() {
    if (json_) json_->commit();
    if (film_) film_->finish();
  }

 private:
  void draw(Image& image, const FollowResult& result) {
    std::vector<Face> faces;
    std::vector<std::string> labels;
    for (const FollowedFace& face : result.faces) {
      faces.push_back(face.face);
      labels.push_back(concat("#", face.id, " ", fixed(face.face.confidence, 2)));
    }
    draw_faces(image, faces, labels);
    if (flags_.fps) draw_notes(image, meter_.lines(result));
  }

  /// Videos are shown at their own speed, or slower where the detector is; cameras keep time by themselves.
  int pause_ms(double time_s) {
    if (live_) return 1;
    if (!started_) started_ = Clock::now();
    const double early_s = time_s - std::chrono::duration<double>(Clock::now() - *started_).count();
    if (early_s < -0.1)
      *started_ -= std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(early_s));
    return static_cast<int>(std::lround(1000 * std::clamp(early_s, 0.0, 1.0)));
  }

  const LiveFlags& flags_;
  bool live_;
  std::vector<std::string> landmark_names_;
  bool with_angles_;
  std::unique_ptr<ResultFile> json_;
  std::unique_ptr<FilmWriter> film_;
  std::unique_ptr<ScreenWindow> window_;
  Meter meter_;
  std::optional<Clock::time_point> started_;
};

void summarise(const SessionTotals& totals, double seconds) {
  const auto frames = static_cast<double>(std::max<int64_t>(1, totals.frames));
  std::cerr << totals.frames << " frames, " << totals.searched << " searched, " << totals.identities
            << (totals.identities == 1 ? " face, " : " different faces, ")
            << fixed(static_cast<double>(totals.faces) / frames, 2) << " a frame; " << fixed(seconds, 1) << " s, "
            << fixed(frames / std::max(seconds, 1e-6), 1) << " frames/s, the detector "
            << fixed(1000 * totals.follow_s / frames, 2) << " ms a frame (" << thread_count() << " threads)\n";
}

std::unique_ptr<FrameSource> open_source(const LiveFlags& flags) {
  if (flags.video.empty()) return open_camera(flags.camera.value_or(0));
  if (is_stream_name(flags.video)) return open_stream(flags.video, {flags.timeout_s, flags.reconnects});
  return open_film(flags.video);
}

}  // namespace

void run_live(LiveFlags& flags) {
  if (flags.save.empty() && flags.json.empty()) flags.show = true;
  const std::vector<Output> written = {{flags.save, "--save"}, json_output(flags.json)};
  std::vector<std::filesystem::path> inputs = files_read(flags.detector);
  if (!is_stream_name(flags.video)) inputs.emplace_back(flags.video);
  require_apart(written, inputs);
  require_distinct(written);
  silence_media_libraries();
  const Detector detector = make_detector(flags.detector);  // before the camera, as it may go on in another program
  const InterruptGuard guard;
  const std::unique_ptr<FrameSource> source = open_source(flags);
  FaceFollower follower(detector, flags.follow);
  LiveOutputs outputs(flags, *source, detector);
  const Clock::time_point start = Clock::now();
  SessionTotals totals;
  {
    Progress progress("frames", source->expected_frames(), flags.detector.common.quiet);
    totals = run_session(*source, follower, [&](Frame& frame, const FollowResult& result) {
      progress.update(frame.index + 1);
      return outputs.add(frame, result);
    });
  }
  outputs.finish();
  if (!flags.detector.common.quiet) summarise(totals, std::chrono::duration<double>(Clock::now() - start).count());
  if (totals.source_error) throw Error(*totals.source_error);
  // A camera or a live stream never ends by itself, so to stop is the way to end.
  if (totals.interrupted && !source->endless())
    throw Error(ErrorCode::interrupted, concat("stopped after ", totals.frames, " frames; their results are kept"));
}

}  // namespace mtcnn::cli
