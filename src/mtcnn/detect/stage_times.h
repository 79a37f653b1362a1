#pragma once

#include <array>
#include <chrono>

namespace mtcnn {

/// Where the time of a search went, seconds.
struct StageTimes {
  double pyramid_s = 0;  ///< resampling the image to the levels' sizes
  double pnet_s = 0;     ///< P-Net's forward
  double windows_s = 0;  ///< suppression and regression, of all stages
  double crops_s = 0;    ///< cutting windows out and resampling them
  double rnet_s = 0;
  double onet_s = 0;
};

/// A stage by the name that reports give it.
struct TimedStage {
  const char* name;
  double StageTimes::*seconds;
};

/// All stages in their order.
inline constexpr std::array<TimedStage, 6> kTimedStages = {{{"pyramid", &StageTimes::pyramid_s},
                                                            {"pnet", &StageTimes::pnet_s},
                                                            {"nms", &StageTimes::windows_s},
                                                            {"crops", &StageTimes::crops_s},
                                                            {"rnet", &StageTimes::rnet_s},
                                                            {"onet", &StageTimes::onet_s}}};

/// Adds the time from its construction to its end to `total`.
class Stopwatch {
 public:
  explicit Stopwatch(double& total) : total_(total) {}
  ~Stopwatch() { total_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace mtcnn
