#pragma once

#include "mtcnn/geometry/face.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mtcnn {

/// How a face moves as a whole.
struct Motion {
  double x = 0;  ///< of its centre, pixels a second
  double y = 0;
  double growth = 0;  ///< of its size's natural logarithm, a second
};

/// `face` after moving for `seconds`: shifted, and grown about its centre.
Face moved(const Face& face, const Motion& motion, double seconds);

/// How long faces are remembered, and how far they may jump.
struct TrackerOptions {
  double max_unseen_s = 0.5;    ///< a track that was not seen for longer ends
  double max_distance = 0.6;    ///< between expected and found centre, over the size: beyond it is another face
  double max_distance_new = 1;  ///< the same for a track seen once, whose motion nobody knows
  double max_growth = 0.5;      ///< the same for the logarithm of the sizes' ratio
  double settling_s = 0.06;     ///< time constant of the motion's average
};

/// One face, followed over frames.
struct Track {
  int64_t id = 0;     ///< from 1, never given twice
  Face face;          ///< as last seen
  double seen_s = 0;  ///< when that was
  int seen = 0;       ///< in how many frames
  Motion motion;
};

/// Keeps faces' identities from frame to frame. Each track is expected to go on as it moved, and takes the found face
/// that is nearest to there: first the nearest pair of all, then the nearest of the rest, each track and each face
/// once. Faces that do not overlap are at least a size apart, so no face comes nearer to another's expected place than
/// to its own while it keeps about its speed, also where two pass each other; a sum of distances over all pairs would
/// change nothing then. Knows no pixels.
class Tracker {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  explicit Tracker(const TrackerOptions& options = {}) : options_(options) {}

  const std::vector<Track>& tracks() const { return tracks_; }

  /// Where each track's face should be, in the order of tracks(). A motion is believed for a quarter of a second.
  std::vector<Face> predict(double time_s) const;

  /// Which track each found face goes on with: its place in tracks(), or kNone for a new face.
  std::vector<size_t> match(std::span<const Face> found, double time_s) const;

  /// Takes the faces of one frame in and ends tracks that were unseen for too long.
  /// \param continued  for each face the place of its track in tracks(), or kNone; no track twice.
  /// \param time_s     later than in the call before.
  /// \return for each face its place in tracks(), as they are now.
  /// \throws ContractError on lists of different lengths, or a track that is not there.
  std::vector<size_t> update(std::span<const Face> faces, std::span<const size_t> continued, double time_s);

 private:
  TrackerOptions options_;
  std::vector<Track> tracks_;
  int64_t next_id_ = 1;
};

}  // namespace mtcnn
