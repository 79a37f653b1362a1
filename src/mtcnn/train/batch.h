#pragma once

#include "mtcnn/data/shard.h"

#include <cstdint>
#include <vector>

namespace mtcnn {

/// How many crops of each kind a batch holds. Its rows lie in this order, so that each loss reads one range: the face
/// loss negatives and positives, the box loss positives and parts, the landmark loss the landmark samples.
struct BatchCounts {
  int64_t negatives = 0;
  int64_t positives = 0;
  int64_t parts = 0;
  int64_t landmarks = 0;

  int64_t faces() const { return negatives + positives; }
  int64_t boxes() const { return positives + parts; }
  int64_t total() const { return negatives + positives + parts + landmarks; }
  bool operator==(const BatchCounts&) const = default;
};

/// One crop of a data set: its kind, and its place among all crops of that kind.
struct SampleId {
  CropKind kind = CropKind::negative;
  int64_t index = 0;
};

/// A batch in plain memory, ready for a net.
struct Batch {
  BatchCounts counts;
  int size = 0;                   ///< side of a crop in pixels
  int64_t points = 0;             ///< of a landmark sample
  std::vector<float> pixels;      ///< [total, size, size, 3], (value - 127.5) / 128
  std::vector<float> offsets;     ///< [positives + parts, 4]
  std::vector<float> landmarks;   ///< [landmarks, 2 points]
  std::vector<SampleId> samples;  ///< a row each
};

}  // namespace mtcnn
