#include "mtcnn/video/camera.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <unistd.h>

namespace mtcnn {
namespace {

constexpr double kUnknownRate = 30;  ///< frames a second where the camera does not tell

class Camera : public FrameSource {
 public:
  explicit Camera(int index) : name_(concat("/dev/video", index)) {
    std::error_code ignored;
    if (!std::filesystem::exists(name_, ignored)) {
      throw Error(ErrorCode::not_found, "there is no such camera",
                  {.where = name_, .hint = "plug it in, or give another --camera, or a video with --video"});
    }
    if (::access(name_.c_str(), R_OK | W_OK) != 0)
      throw system_error(ErrorCode::unreadable, "this camera may not be used; join the group 'video'", name_);
    try {
      if (!capture_.open(index, cv::CAP_V4L2)) throw silent();
      capture_.set(cv::CAP_PROP_BUFFERSIZE, 1);  // the newest frame, not one that waited
      const double rate = capture_.get(cv::CAP_PROP_FPS);
      if (std::isfinite(rate) && rate >= 1 && rate <= 1000) rate_ = rate;
    } catch (const cv::Exception& error) {
      throw Error(ErrorCode::unreadable, error.what(), {.where = name_});
    }
  }

  const std::string& name() const override { return name_; }
  double rate() const override { return rate_; }
  int64_t expected_frames() const override { return 0; }
  bool endless() const override { return true; }

  bool next(Frame& frame) override {
    try {
      if (!capture_.read(bgr_) || bgr_.empty() || bgr_.type() != CV_8UC3) throw silent();
      check_size();
      if (frame.image.width() != bgr_.cols || frame.image.height() != bgr_.rows)
        frame.image = Image(bgr_.cols, bgr_.rows);
      cv::Mat rgb(bgr_.rows, bgr_.cols, CV_8UC3, frame.image.row(0));
      cv::cvtColor(bgr_, rgb, cv::COLOR_BGR2RGB);
    } catch (const cv::Exception& error) {
      throw Error(ErrorCode::unreadable, error.what(), {.where = name_});
    }
    const Clock::time_point now = Clock::now();
    if (count_ == 0) first_ = now;
    frame.time_s = std::chrono::duration<double>(now - first_).count();
    if (count_ > 0) frame.time_s = std::max(frame.time_s, last_s_ + 1e-6);
    last_s_ = frame.time_s;
    frame.index = count_++;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  Error silent() const {
    return {ErrorCode::unreadable,
            "this camera gives no frames",
            {.where = name_, .hint = "another program may use it, or it is no camera"}};
  }

  void check_size() {
    if (count_ == 0) size_ = bgr_.size();
    if (bgr_.size() == size_) return;
    throw Error(ErrorCode::bad_format, concat("frame ", count_, " has another size than those before"),
                {.where = name_,
                 .found = concat(bgr_.cols, "x", bgr_.rows),
                 .expected = concat(size_.width, "x", size_.height)});
  }

  std::string name_;
  cv::VideoCapture capture_;
  cv::Mat bgr_;
  cv::Size size_;
  double rate_ = kUnknownRate;
  int64_t count_ = 0;
  double last_s_ = 0;
  Clock::time_point first_;
};

}  // namespace

std::unique_ptr<FrameSource> open_camera(int index) {
  require(index >= 0, "open_camera: a camera's number is 0 or more");
  return std::make_unique<Camera>(index);
}

}  // namespace mtcnn
