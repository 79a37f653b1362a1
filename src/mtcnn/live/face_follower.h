#pragma once

#include "mtcnn/detect/detector.h"
#include "mtcnn/live/one_euro.h"
#include "mtcnn/live/tracker.h"

#include <cstdint>
#include <map>
#include <vector>

namespace mtcnn {

/// How faces are followed over frames.
struct FollowOptions {
  bool smooth = false;   ///< calm boxes and points
  int search_every = 1;  ///< whole frames are searched so often, in frames; between them O-Net alone looks at the
                         ///< places where known faces should be
  double budget_ms = 0;  ///< instead: search so often that a frame takes this long on average; 0 = no budget
};

/// A face with its identity.
struct FollowedFace {
  int64_t id = 0;  ///< from 1; the same for the same face as long as it is not out of sight for half a second
  Face face;
};

/// What is known of one frame.
struct FollowResult {
  std::vector<FollowedFace> faces;  ///< those seen in this frame, by rising identity
  bool searched = false;            ///< the whole frame was, not only places of known faces
  StageTimes stages;                ///< where the time went
  double seconds = 0;               ///< all of it
};

/// Finds faces in the frames of one video or camera and follows them.
///
/// Without `smooth` a searched frame's faces are those of Detector::detect(). With it O-Net looks at every face through
/// nine windows about the place where it is expected, whose answers are averaged: most of the jitter is that of the one
/// window that happens to win in a frame, and the mean is late by nothing. What is left goes through the one-euro
/// filter.
class FaceFollower {
 public:
  /// \throws ContractError if search_every is below 1 or the budget negative; Error{usage} where the detector searches
  /// turned images and O-Net alone is to look at faces, which it sees upright only: all of `options` but the defaults.
  FaceFollower(const Detector& detector, const FollowOptions& options);

  /// \param image   RGB, all of one size.
  /// \param time_s  later than that of the frame before.
  /// \throws Error as the detector does.
  FollowResult next(const ImageView& image, double time_s);

 private:
  /// A face seen in this frame, and the track that it goes on with or Tracker::kNone.
  struct Seen {
    Face face;
    size_t track;
  };

  bool is_search_due(double time_s) const;
  std::vector<Seen> search(const ImageView& image, double time_s, StageTimes& times) const;
  std::vector<Seen> look(const ImageView& image, double time_s, StageTimes& times) const;
  void spend(bool searched, double seconds, double time_s);

  Detector detector_;
  FollowOptions options_;
  Tracker tracker_;
  std::map<int64_t, FaceSmoother> smoothers_;  ///< by identity
  int64_t frames_since_search_ = 0;
  double last_search_s_ = 0;
  bool any_search_ = false;
  double search_cost_ms_ = 0;  ///< running average
  double credit_ms_ = 0;       ///< saved for the next search
};

}  // namespace mtcnn
