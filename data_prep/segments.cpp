#include "data_prep/segments.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

constexpr double kSegmentBytes = 16 << 20;
constexpr size_t kMostPictures = 2048;  ///< work that a cut run may lose
constexpr double kMinedPerFace = 20;    ///< windows around a face that the nets let through, by experience

double expected_crops(const SourcePicture& picture, float weight, const SampleOptions& options, bool mining) {
  double crops = options.negatives;
  for (const FaceAnnotation& face : picture.annotation.faces) {
    const double side = std::min(face.w, face.h);
    if (face.ignore || side < options.min_face) continue;
    double of_face =
        options.positives + options.parts + options.near_negatives + (face.landmarks ? options.landmarks : 0);
    if (mining) of_face += kMinedPerFace;
    crops += of_face * options.share_of(side);
  }
  if (mining) crops += options.mine.negatives;
  return std::min<double>(crops * weight, options.max_samples);
}

}  // namespace

std::vector<Segment> plan_segments(const Sources& sources, const SampleOptions& options, int crop_size, bool mining) {
  const double crop_bytes = 3.0 * crop_size * crop_size;
  std::vector<Segment> segments;
  double bytes = 0;
  for (size_t i = 0; i < sources.pictures.size(); ++i) {
    const SourcePicture& picture = sources.pictures[i];
    const double more = crop_bytes * expected_crops(picture, sources.datasets[picture.dataset].weight, options, mining);
    const bool full = segments.empty() || segments.back().count == kMostPictures || bytes + more > kSegmentBytes;
    if (full) {
      segments.push_back({.index = static_cast<int64_t>(segments.size()), .first = i});
      bytes = 0;
    }
    ++segments.back().count;
    bytes += more;
  }
  return segments;
}

}  // namespace mtcnn
