#include "mtcnn/live/face_follower.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/geometry/box.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace mtcnn {
namespace {

constexpr double kLongestPause = 2;  ///< seconds without a search, whatever the budget: new faces must show up

/// Windows about a face: shift and growth, as shares of its size. They cancel out.
struct Variation {
  float x, y, growth;
};
constexpr std::array<Variation, 9> kVariations = {{{0, 0, 0},
                                                   {0.08F, 0.04F, 0},
                                                   {-0.08F, -0.04F, 0},
                                                   {0.04F, -0.08F, 0.1F},
                                                   {-0.04F, 0.08F, -0.1F},
                                                   {0.06F, 0.1F, 0.05F},
                                                   {-0.06F, -0.1F, -0.05F},
                                                   {0.1F, -0.02F, -0.06F},
                                                   {-0.1F, 0.02F, 0.06F}}};

void add_windows(const Box& box, std::vector<Box>& windows) {
  const Box base = square(box);
  const float side = base.width();
  for (const Variation& variation : kVariations) {
    const float x = (base.x1 + base.x2) / 2 + variation.x * side;
    const float y = (base.y1 + base.y2) / 2 + variation.y * side;
    const float half = side * (1 + variation.growth) / 2;
    windows.push_back({x - half, y - half, x + half, y + half});
  }
}

/// The mean of the answers; nothing where fewer than half of the windows see a face.
std::optional<Face> mean_face(std::span<const std::optional<Face>> answers) {
  Face mean{};
  float count = 0;
  for (const std::optional<Face>& answer : answers) count += answer ? 1.0F : 0.0F;
  if (2 * count < static_cast<float>(answers.size())) return std::nullopt;
  for (const std::optional<Face>& answer : answers) {
    if (!answer) continue;
    mean.box.x1 += answer->box.x1 / count;
    mean.box.y1 += answer->box.y1 / count;
    mean.box.x2 += answer->box.x2 / count;
    mean.box.y2 += answer->box.y2 / count;
    mean.confidence += answer->confidence / count;
    mean.landmarks.resize(answer->landmarks.size());
    for (size_t i = 0; i < mean.landmarks.size(); ++i) {
      mean.landmarks[i].x += answer->landmarks[i].x / count;
      mean.landmarks[i].y += answer->landmarks[i].y / count;
    }
  }
  return mean;
}

/// What O-Net says of each of the places, several windows each.
std::vector<std::optional<Face>> look_at(const Detector& detector, const ImageView& image, std::span<const Box> places,
                                         StageTimes& times) {
  std::vector<Box> windows;
  for (const Box& place : places) add_windows(place, windows);
  const std::vector<std::optional<Face>> answers = detector.refine(image, windows, &times);
  std::vector<std::optional<Face>> faces;
  for (size_t i = 0; i < places.size(); ++i)
    faces.push_back(mean_face(std::span(answers).subspan(i * kVariations.size(), kVariations.size())));
  return faces;
}

/// True where the box mostly covers, or lies in, a box that is there already.
template <class Items>
bool is_covered(const Box& box, const Items& items, float limit) {
  return std::any_of(items.begin(), items.end(), [&](const auto& item) { return iom(box, item.face.box) > limit; });
}

}  // namespace

FaceFollower::FaceFollower(const Detector& detector, const FollowOptions& options)
    : detector_(detector), options_(options) {
  require(options.search_every >= 1, "FaceFollower: search every frame or less often");
  require(options.budget_ms >= 0, "FaceFollower: a budget of 0 or more");
  const bool refines = options.smooth || options.search_every > 1 || options.budget_ms > 0;
  if (refines && detector.options().rotate != 0) {
    throw Error(ErrorCode::usage, "faces at any angle need a search of every frame, without smoothing",
                {.where = "rotate",
                 .found = concat(detector.options().rotate),
                 .expected = "0 with --smooth, --detect-every or --budget",
                 .hint = "leave these three out, or search upright faces alone with --rotate 0"});
  }
}

bool FaceFollower::is_search_due(double time_s) const {
  if (!any_search_) return true;
  if (options_.budget_ms > 0)
    return credit_ms_ + options_.budget_ms >= search_cost_ms_ || time_s - last_search_s_ >= kLongestPause;
  return frames_since_search_ >= options_.search_every;
}

void FaceFollower::spend(bool searched, double seconds, double time_s) {
  const double spent_ms = 1000 * seconds;
  if (searched) {
    search_cost_ms_ = any_search_ ? 0.7 * search_cost_ms_ + 0.3 * spent_ms : spent_ms;
    any_search_ = true;
    last_search_s_ = time_s;
    frames_since_search_ = 0;
  }
  ++frames_since_search_;
  credit_ms_ = std::clamp(credit_ms_ + options_.budget_ms - spent_ms, -search_cost_ms_, search_cost_ms_);
}

std::vector<FaceFollower::Seen> FaceFollower::search(const ImageView& image, double time_s, StageTimes& times) const {
  std::vector<Face> found = detector_.detect_stages(std::span(&image, 1), NetKind::onet, &times).front().faces;
  const std::vector<size_t> tracks = tracker_.match(found, time_s);
  std::vector<Seen> seen;
  for (size_t i = 0; i < found.size(); ++i) seen.push_back({found[i], tracks[i]});
  if (!options_.smooth) return seen;

  // Calmer at the expected place, which moves with the face, than at the found one.
  constexpr float kAgreement = 0.6F;  // IoU
  const std::vector<Face> expected = tracker_.predict(time_s);
  std::vector<Box> places;
  for (const Seen& item : seen) {
    const bool agree = item.track != Tracker::kNone && iou(expected[item.track].box, item.face.box) > kAgreement;
    places.push_back(agree ? expected[item.track].box : item.face.box);
  }
  // A known face that the search missed may still be there.
  std::vector<size_t> missed;
  for (size_t track = 0; track < expected.size(); ++track) {
    if (std::find(tracks.begin(), tracks.end(), track) == tracks.end()) {
      missed.push_back(track);
      places.push_back(expected[track].box);
    }
  }
  const std::vector<std::optional<Face>> looks = look_at(detector_, image, places, times);
  for (size_t i = 0; i < seen.size(); ++i) {
    // Where it sees another face, or none, the search is right.
    if (!looks[i] || iou(looks[i]->box, seen[i].face.box) < kAgreement) continue;
    seen[i].face.box = looks[i]->box;
    seen[i].face.landmarks = looks[i]->landmarks;
  }
  for (size_t i = 0; i < missed.size(); ++i) {
    const std::optional<Face>& face = looks[found.size() + i];
    if (face && !is_covered(face->box, seen, detector_.options().nms_onet)) seen.push_back({*face, missed[i]});
  }
  return seen;
}

std::vector<FaceFollower::Seen> FaceFollower::look(const ImageView& image, double time_s, StageTimes& times) const {
  std::vector<Box> places;
  for (const Face& face : tracker_.predict(time_s)) places.push_back(face.box);
  const std::vector<std::optional<Face>> faces = look_at(detector_, image, places, times);
  std::vector<Seen> seen;
  // Older tracks come first, so where two have come upon one face the younger goes.
  for (size_t track = 0; track < faces.size(); ++track) {
    if (faces[track] && !is_covered(faces[track]->box, seen, detector_.options().nms_onet))
      seen.push_back({*faces[track], track});
  }
  return seen;
}

FollowResult FaceFollower::next(const ImageView& image, double time_s) {
  FollowResult result;
  const auto start = std::chrono::steady_clock::now();
  result.searched = is_search_due(time_s);
  const std::vector<Seen> seen =
      result.searched ? search(image, time_s, result.stages) : look(image, time_s, result.stages);
  std::vector<Face> faces;
  std::vector<size_t> continued;
  for (const Seen& item : seen) {
    faces.push_back(item.face);
    continued.push_back(item.track);
  }
  const std::vector<size_t> places = tracker_.update(faces, continued, time_s);
  for (size_t i = 0; i < faces.size(); ++i) {
    const Track& track = tracker_.tracks()[places[i]];
    const Face face = options_.smooth ? smoothers_[track.id].update(faces[i], track.motion, time_s) : faces[i];
    result.faces.push_back({track.id, face});
  }
  std::sort(result.faces.begin(), result.faces.end(),
            [](const FollowedFace& a, const FollowedFace& b) { return a.id < b.id; });
  std::erase_if(smoothers_, [&](const auto& entry) {
    return std::none_of(tracker_.tracks().begin(), tracker_.tracks().end(),
                        [&](const Track& track) { return track.id == entry.first; });
  });
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spend(result.searched, result.seconds, time_s);
  return result;
}

}  // namespace mtcnn
