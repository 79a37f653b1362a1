#pragma once

#include "mtcnn/core/error.h"
#include "mtcnn/live/face_follower.h"
#include "mtcnn/video/frame_source.h"

#include <functional>
#include <optional>

namespace mtcnn {

/// What a whole session came to.
struct SessionTotals {
  int64_t frames = 0;
  int64_t searched = 0;               ///< frames
  int64_t faces = 0;                  ///< summed over frames
  int64_t identities = 0;             ///< different faces
  double follow_s = 0;                ///< spent in finding and following alone
  bool interrupted = false;           ///< by Ctrl-C
  bool ended_by_use = false;          ///< `use` had enough
  std::optional<Error> source_error;  ///< why the source broke off; what came before it was used
};

/// Follows faces through a source's frames, one at a time, until it ends, the user interrupts or `use` returns false.
/// \param use  called for every frame, which it may draw into; what it throws ends the session.
SessionTotals run_session(FrameSource& source, FaceFollower& follower,
                          const std::function<bool(Frame&, const FollowResult&)>& use);

}  // namespace mtcnn
