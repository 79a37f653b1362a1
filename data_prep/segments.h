#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data_prep/options.h"
#include "data_prep/sources.h"

namespace mtcnn {

/// Images whose crops are written together, one shard a kind. The cut depends on the lists and options alone, so
/// segments can be made in any order, by any number of threads and machines, and give the same files.
struct Segment {
  int64_t index = 0;
  size_t first = 0;  ///< image
  size_t count = 0;  ///< images, at least 1
};

/// Cuts the list so that no segment's crops are expected to take more than about 16 MiB.
/// \param crop_size  side of a crop in pixels.
/// \param mining     whether mined windows come on top.
std::vector<Segment> plan_segments(const Sources& sources, const SampleOptions& options, int crop_size, bool mining);

}  // namespace mtcnn
