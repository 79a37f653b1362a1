#pragma once

#include "mtcnn/live/tracker.h"

#include <vector>

namespace mtcnn {

/// How calm and how quick a filter is.
struct OneEuroOptions {
  double min_cutoff_hz = 2;   ///< of the low pass while nothing happens; lower is calmer
  double beta = 80;           ///< hertz by which the cutoff rises for each `unit` a second of deviation
  double rate_cutoff_hz = 8;  ///< of the low pass on that deviation
};

/// One value, freed of jitter: a low pass whose cutoff rises with how fast the value changes, so that it is calm at
/// rest and quick in motion. Change that is known beforehand (`drift`) passes untouched and does not count as
/// deviation; without drift this is the filter of the paper. Source: Casiez, Roussel, Vogel 2012, "1€ filter: a simple
/// speed-based low-pass filter for noisy input".
class OneEuro {
 public:
  /// \param passed_s  since the call before, above 0; of no matter in the first call.
  /// \param drift     by how much the value is expected to have changed since.
  /// \param unit      what deviations are measured in, above 0.
  double update(double value, double passed_s, double drift, double unit, const OneEuroOptions& options);

 private:
  bool started_ = false;
  double value_ = 0;
  double rate_ = 0;
};

/// A face's box and points, each coordinate through a filter of its own, with the face's size as unit.
class FaceSmoother {
 public:
  explicit FaceSmoother(const OneEuroOptions& options = {}) : options_(options) {}

  /// \param motion  of the face as a whole, which is no jitter.
  /// \param time_s  later than in the call before.
  /// \return the face with calm box and points; confidence as it was.
  Face update(const Face& face, const Motion& motion, double time_s);

 private:
  OneEuroOptions options_;
  std::vector<OneEuro> filters_;  ///< of each coordinate
  Face last_;
  double last_s_ = 0;
};

}  // namespace mtcnn
