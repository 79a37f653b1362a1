#pragma once

#include "mtcnn/detect/detector.h"

#include <cstdint>
#include <functional>
#include <span>

namespace mtcnn {

/// How to measure.
struct BenchOptions {
  int warm_up = 1;   ///< passes over the frames that are not counted
  int repeats = 10;  ///< passes that are
};

/// Milliseconds of many frames.
struct Figures {
  double mean = 0;
  double median = 0;
  double p95 = 0;
};

/// \throws ContractError where there are no values.
Figures figures_of(std::vector<double> values);

/// What bench() measured; times in milliseconds, counts as means of a frame.
struct BenchResult {
  Figures frame_ms;
  double first_frame_ms = 0;  ///< the very first call, before any warm-up
  StageTimes stages;          ///< mean of a frame
  double windows_pnet = 0;    ///< mean of a frame, as are the next two
  double windows_rnet = 0;
  double faces = 0;
};

/// Searches the frames one at a time, again and again.
/// \param frames  at least one.
/// \param on_frame  told how many searches are done and how many there will be; may be empty.
/// \throws Error{interrupted} where the user stops it.
BenchResult bench(const Detector& detector, std::span<const ImageView> frames, const BenchOptions& options,
                  const std::function<void(int64_t done, int64_t total)>& on_frame);

/// At the same time: streams that each search frames one at a time, and threads that a single stream may use; several
/// streams have one thread each.
struct Load {
  int threads = 1;
  int streams = 1;
};

/// Frames a second of all streams together; with one stream sets the number of threads.
double frames_per_second(const Detector& detector, std::span<const ImageView> frames, const BenchOptions& options,
                         const Load& load);

/// A frame that asks a detector for some work of every kind: smooth shades, edges and some grain.
Image made_frame(int width, int height);

}  // namespace mtcnn
