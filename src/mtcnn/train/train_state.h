#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>

namespace mtcnn {

/// Sums over the steps of an epoch so far.
struct EpochTotals {
  int64_t steps = 0;
  int64_t samples = 0;
  double loss = 0;
  std::map<std::string, double> tasks = {{"face", 0}, {"box", 0}, {"landmark", 0}, {"teacher", 0}};  ///< their losses
  double kept = 0;   ///< face samples that were learnt from
  double faces = 0;  ///< face samples
  double right = 0;  ///< of them, classified rightly
  double found = 0;  ///< positives classified as faces
  double positives = 0;
  double claimed = 0;  ///< face samples classified as faces
  double seconds = 0;
  double waited_s = 0;
};

/// Where a run is. The loader needs nothing but the step.
struct TrainState {
  int64_t step = 0;                                       ///< steps that are done
  int epoch = 0;                                          ///< epochs that are done
  double seconds = 0;                                     ///< of all processes that worked on the run
  double best = std::numeric_limits<double>::infinity();  ///< smaller is better
  int best_epoch = 0;                                     ///< from 1; 0 = none yet
  EpochTotals totals;
};

}  // namespace mtcnn
