#pragma once

#include <chrono>

namespace mtcnn {

/// Where the time of a search went, seconds.
struct StageTimes {
  double pyramid_s = 0;  ///< resampling the picture to the levels' sizes
  double pnet_s = 0;     ///< P-Net's forward
  double windows_s = 0;  ///< suppression and regression, of all stages
  double crops_s = 0;    ///< cutting windows out and resampling them
  double rnet_s = 0;
  double onet_s = 0;
};

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
