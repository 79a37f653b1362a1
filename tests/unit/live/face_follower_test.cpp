#include "mtcnn/live/face_follower.h"

#include "mtcnn/core/error.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"
#include "mtcnn/live/session.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr double kStep = 1 / 30.0;

const Image& portrait() {
  static const Image image = read_image(std::filesystem::path(MTCNN_SAMPLES_DIR) / "astronaut.jpg");
  return image;
}

/// The portrait seen through a frame that begins at (x, y).
Image frame_at(int x, int y) {
  Image frame(320, 280);
  for (int row = 0; row < frame.height(); ++row)
    std::copy_n(portrait().row(y + row) + ptrdiff_t{3} * x, size_t{3} * 320, frame.row(row));
  return frame;
}

TEST(FaceFollower, WithoutOptionsItIsTheDetector) {
  const Detector detector;
  FaceFollower follower(detector, {});
  for (int i = 0; i < 3; ++i) {
    const Image frame = frame_at(60 + 3 * i, 2 * i);
    const std::vector<Face> faces = detector.detect(frame.view());
    const FollowResult result = follower.next(frame.view(), i * kStep);
    EXPECT_TRUE(result.searched);
    ASSERT_EQ(result.faces.size(), faces.size());
    ASSERT_GE(faces.size(), 1U);
    EXPECT_EQ(result.faces[0].id, 1);
    EXPECT_EQ(result.faces[0].face.box, faces[0].box);
    EXPECT_GT(result.stages.pnet_s, 0);
  }
}

TEST(FaceFollower, BetweenSearchesOnlyOnetLooks) {
  FaceFollower follower(Detector(), {.smooth = false, .search_every = 4});
  for (int i = 0; i < 12; ++i) {
    const Image frame = frame_at(60 + 3 * i, 2 * i);
    const FollowResult result = follower.next(frame.view(), i * kStep);
    EXPECT_EQ(result.searched, i % 4 == 0) << i;
    EXPECT_EQ(result.stages.pnet_s > 0, result.searched) << i;
    ASSERT_FALSE(result.faces.empty()) << i;
    EXPECT_EQ(result.faces[0].id, 1);
    const Box& box = result.faces[0].face.box;
    EXPECT_NEAR((box.x1 + box.x2) / 2, 224 - 60 - 3 * i, 8) << "the face of the portrait is about there";
  }
}

TEST(FaceFollower, AFaceThatIsGoneIsNotSeenAnyMore) {
  FaceFollower follower(Detector(), {.smooth = true, .search_every = 3});
  const Image with = frame_at(60, 0);
  const Image without(320, 280);
  EXPECT_FALSE(follower.next(with.view(), 0).faces.empty());
  EXPECT_TRUE(follower.next(without.view(), kStep).faces.empty());
  const FollowResult back = follower.next(with.view(), 2 * kStep);
  EXPECT_FALSE(back.searched);
  ASSERT_FALSE(back.faces.empty()) << "it is looked for where it was";
  EXPECT_EQ(back.faces[0].id, 1);
}

TEST(FaceFollower, ABudgetMakesSearchesRare) {
  const Detector detector;
  const auto searches = [&](double budget_ms) {
    FaceFollower follower(detector, {.smooth = false, .search_every = 1, .budget_ms = budget_ms});
    const Image frame = frame_at(60, 0);
    int count = 0;
    for (int i = 0; i < 30; ++i) count += follower.next(frame.view(), i * kStep).searched ? 1 : 0;
    return count;
  };
  EXPECT_EQ(searches(1e6), 30);
  EXPECT_LE(searches(1e-3), 2) << "the first frame, and none within two seconds";
}

TEST(FaceFollower, SmoothAnswersRepeat) {
  const auto run = [] {
    FaceFollower follower(Detector(), {.smooth = true, .search_every = 2});
    std::vector<Box> boxes;
    for (int i = 0; i < 6; ++i) {
      const Image frame = frame_at(60 + 2 * i, i);
      for (const FollowedFace& face : follower.next(frame.view(), i * kStep).faces) boxes.push_back(face.face.box);
    }
    return boxes;
  };
  EXPECT_EQ(run(), run());
}

TEST(FaceFollower, RefusesSenselessOptions) {
  const Detector detector;
  EXPECT_THROW(FaceFollower(detector, {.smooth = false, .search_every = 0}), ContractError);
  EXPECT_THROW(FaceFollower(detector, {.smooth = false, .search_every = 1, .budget_ms = -1}), ContractError);
}

/// Frames of the portrait; breaks off with an error where it is told to.
class Pan : public FrameSource {
 public:
  Pan(int frames, int breaks_at) : frames_(frames), breaks_at_(breaks_at) {}
  const std::string& name() const override { return name_; }
  double rate() const override { return 30; }
  int64_t expected_frames() const override { return frames_; }
  bool next(Frame& frame) override {
    if (next_ == breaks_at_) throw Error(ErrorCode::bad_format, "broken", {.where = name_});
    if (next_ == frames_) return false;
    frame.image = frame_at(60 + next_, 0);
    frame.index = next_;
    frame.time_s = next_++ * kStep;
    return true;
  }

 private:
  std::string name_ = "pan";
  int frames_;
  int breaks_at_;
  int next_ = 0;
};

TEST(Session, CountsFramesAndFaces) {
  Pan source(4, -1);
  FaceFollower follower(Detector(), {.smooth = false, .search_every = 2});
  const SessionTotals totals = run_session(source, follower, [](Frame&, const FollowResult&) { return true; });
  EXPECT_EQ(totals.frames, 4);
  EXPECT_EQ(totals.searched, 2);
  EXPECT_GE(totals.faces, 4);
  EXPECT_GE(totals.identities, 1);
  EXPECT_FALSE(totals.interrupted || totals.ended_by_use || totals.source_error);
}

TEST(Session, EndsWhereItsUserHasEnoughOrTheSourceBreaksOff) {
  Pan source(4, -1);
  FaceFollower follower(Detector(), {});
  const SessionTotals ended =
      run_session(source, follower, [](Frame& frame, const FollowResult&) { return frame.index < 1; });
  EXPECT_EQ(ended.frames, 2);
  EXPECT_TRUE(ended.ended_by_use);
  Pan broken(4, 2);
  FaceFollower other(Detector(), {});
  const SessionTotals totals = run_session(broken, other, [](Frame&, const FollowResult&) { return true; });
  EXPECT_EQ(totals.frames, 2);
  ASSERT_TRUE(totals.source_error);
  EXPECT_STREQ(totals.source_error->what(), "pan: broken");
}

}  // namespace
}  // namespace mtcnn
