#include "mtcnn/live/session.h"

#include "mtcnn/core/interrupt.h"

#include <algorithm>

namespace mtcnn {

SessionTotals run_session(FrameSource& source, FaceFollower& follower,
                          const std::function<bool(Frame&, const FollowResult&)>& use) {
  SessionTotals totals;
  Frame frame;
  for (;;) {
    if (interrupted()) {
      totals.interrupted = true;
      return totals;
    }
    try {
      if (!source.next(frame)) {
        totals.interrupted = interrupted();  // waiting for a network ends so
        return totals;
      }
    } catch (const Error& error) {
      // A wait for the next frame that a signal cut short is no fault of the source.
      totals.interrupted = interrupted();
      if (!totals.interrupted) totals.source_error = error;
      return totals;
    }
    const auto followed = unless_interrupted([&] { return follower.next(frame.image.view(), frame.time_s); });
    if (!followed) continue;
    const FollowResult& result = *followed;
    ++totals.frames;
    totals.searched += result.searched ? 1 : 0;
    totals.faces += static_cast<int64_t>(result.faces.size());
    for (const FollowedFace& face : result.faces) totals.identities = std::max(totals.identities, face.id);
    totals.follow_s += result.seconds;
    if (!use(frame, result)) {
      totals.ended_by_use = true;
      return totals;
    }
  }
}

}  // namespace mtcnn
