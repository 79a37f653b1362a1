#include "mtcnn/engine/runner.h"
#include "mtcnn/gpu/agreement.h"
#include "mtcnn/gpu/boxes.h"
#include "mtcnn/gpu/suppression.h"
#include "mtcnn/gpu/tensor_search.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

/// Boxes and points in image pixels, [B, N, 4 + 2 points].
at::Tensor shapes_of(const TensorModel& model, const at::Tensor& boxes, const at::Tensor& values) {
  const at::Tensor corner = boxes.slice(2, 0, 2).unsqueeze(2);
  const at::Tensor size = boxes.slice(2, 2, 4).unsqueeze(2) - corner;
  const at::Tensor targets = values.slice(2, kFaceValues).reshape({boxes.size(0), boxes.size(1), model.points, 2});
  const at::Tensor points = landmark_at<at::Tensor>(corner + targets * size, model.input(NetKind::onet));
  return at::cat({regressed(boxes, values.slice(2, 1, kFaceValues)), points.flatten(2)}, 2);
}

/// Rows of kept, agreement, confidence, box, points: float [B, N, 7 + 2 points].
at::Tensor table_of(const at::Tensor& shapes, const at::Tensor& confidences, const at::Tensor& agreement,
                    const at::Tensor& kept) {
  return at::cat({kept.to(at::kFloat).unsqueeze(2), agreement.unsqueeze(2), confidences.unsqueeze(2), shapes}, 2);
}

bool is_kept(const float* row) { return row[0] > 0; }

FoundFace face_in(const float* row, int64_t points) {
  FoundFace found{{.box = {row[3], row[4], row[5], row[6]}, .confidence = row[2]}, row[1]};
  for (int64_t i = 0; i < points; ++i) found.face.landmarks.push_back({row[7 + 2 * i], row[8 + 2 * i]});
  return found;
}

/// Each image's faces, from a table on the host.
std::vector<std::vector<FoundFace>> faces_in(const at::Tensor& table, int64_t points) {
  std::vector<std::vector<FoundFace>> found(static_cast<size_t>(table.size(0)));
  const float* row = table.const_data_ptr<float>();
  for (std::vector<FoundFace>& faces : found) {
    for (int64_t i = 0; i < table.size(1); ++i, row += table.size(2)) {
      if (is_kept(row)) faces.push_back(face_in(row, points));
    }
  }
  return found;
}

/// Windows of the host as windows of a group of images, without scores and votes.
/// \param boxes   [B, N, 4] on the host.
/// \param counts  of each image, which has the first ones of its N places.
Counted from_host(const at::Tensor& boxes, std::vector<int64_t> counts, c10::Device device) {
  const at::Tensor counted = at::from_blob(counts.data(), {static_cast<int64_t>(counts.size())}, at::kLong);
  Counted all{{.boxes = boxes.to(device)}, {}, counted.to(device, /*non_blocking=*/false, /*copy=*/true)};
  all.counts = std::move(counts);
  return all;
}

}  // namespace

std::vector<std::vector<FoundFace>> find_faces(const TensorSearch& search, const Counted& before,
                                               std::vector<at::Tensor>& others) {
  const DetectorOptions& options = search.options;
  const at::Tensor values = crop_answers(search, NetKind::onet, before);
  return search.timed(&StageTimes::windows_s, [&] {
    const at::Tensor logits = face_logit<at::Tensor>(options, before.windows.votes, values.select(2, 0));
    at::Tensor alive = usable(search, before.windows);
    const at::Tensor scores = at::where(alive, logits.sigmoid(), at::full({}, -1.0F, logits.options()));
    const at::Tensor order = strongest_first(scores);
    alive = at_places(alive, order);
    const at::Tensor confidences = at_places(scores, order).clamp_min(0);
    const at::Tensor shapes = at_places(shapes_of(search.model, before.windows.boxes, values), order);
    const at::Tensor passed = alive.logical_and(passes(confidences, options.thresholds[2]));
    const at::Tensor boxes = shapes.slice(2, 0, 4).contiguous();
    const at::Tensor weights = confidences * alive;
    const at::Tensor voted = options.confidence.box_voting > 0
                                 ? means_of_agreeing(boxes, weights, shapes, options.confidence.box_voting)
                                 : shapes;
    const at::Tensor agreement = options.confidence.support > 0
                                     ? agreement_on(voted.slice(2, 0, 4), boxes, weights, confidences)
                                     : at::zeros_like(confidences);
    for (int64_t rounds = kFewRounds;; rounds *= 8) {
      const Suppression done = suppress(boxes, passed, {}, options.nms_onet, Overlap::smaller_area, rounds);
      std::vector<at::Tensor> told = others;
      told.push_back(done.settled);
      told.push_back(table_of(voted, confidences, agreement, done.kept));
      told = floats_to_host(told);
      if (told[others.size()].item<float>() == 0) continue;
      std::copy_n(told.begin(), others.size(), others.begin());
      return faces_in(told.back(), search.model.points);
    }
  });
}

void look_again(const TensorSearch& search, std::span<const ImageView> images,
                std::span<std::vector<FoundFace>> found) {
  std::vector<SecondLook> looks = second_looks(images, found);
  if (looks.empty()) return;
  std::vector<int64_t> counts(found.size());
  for (const SecondLook& look : looks) ++counts[look.picture];
  const int64_t places = *std::max_element(counts.begin(), counts.end());
  at::Tensor boxes = at::zeros({search.images.count(), places, 4}, at::kFloat);
  std::vector<int64_t> rows;  // of the looks
  std::vector<int64_t> seen(found.size());
  for (const SecondLook& look : looks) {
    const Box& window = look.window;
    rows.push_back(static_cast<int64_t>(look.picture) * places + seen[look.picture]++);
    std::ranges::copy(std::array{window.x1, window.y1, window.x2, window.y2},
                      boxes.mutable_data_ptr<float>() + rows.back() * 4);
  }
  const Counted all = from_host(boxes, std::move(counts), search.model.device);
  std::vector<at::Tensor> answers = {crop_answers(search, NetKind::onet, all, true)};
  if (rnet_looks_again(search.options)) answers.push_back(crop_answers(search, NetKind::rnet, all, true));
  answers = floats_to_host(answers);
  const int64_t value_count = answers[0].size(2);
  for (size_t i = 0; i < looks.size(); ++i) {
    if (answers.size() > 1) looks[i].rnet_logit = answers[1].const_data_ptr<float>()[rows[i] * answers[1].size(2)];
    const float* row = answers[0].const_data_ptr<float>() + rows[i] * value_count;
    add_second_look(looks[i], {row, static_cast<size_t>(value_count)}, search.options,
                    search.model.input(NetKind::onet), search.model.mirror);
  }
}

std::vector<std::optional<Face>> answers_to(const TensorSearch& search, std::span<const Box> windows) {
  const auto count = static_cast<int64_t>(windows.size());
  at::Tensor edges = at::empty({1, count, 4}, at::kFloat);
  auto* to = edges.mutable_data_ptr<float>();
  for (const Box& box : windows) to = std::ranges::copy(std::array{box.x1, box.y1, box.x2, box.y2}, to).out;
  Counted all = from_host(edges, {count}, search.model.device);
  const at::Tensor& boxes = all.windows.boxes;
  all.windows.alive = at::ones({1, count}, boxes.options().dtype(at::kBool));
  const at::Tensor values = crop_answers(search, NetKind::onet, all);
  const at::Tensor scores = values.select(2, 0).sigmoid();
  const at::Tensor passed = usable(search, all.windows).logical_and(passes(scores, search.options.thresholds[2]));
  const at::Tensor shapes = shapes_of(search.model, boxes, values);
  const at::Tensor table = floats_to_host({table_of(shapes, scores, at::zeros_like(scores), passed)}).front();
  std::vector<std::optional<Face>> faces(windows.size());
  for (int64_t i = 0; i < count; ++i) {
    const float* row = table.const_data_ptr<float>() + i * table.size(2);
    if (is_kept(row)) faces[static_cast<size_t>(i)] = face_in(row, search.model.points).face;
  }
  return faces;
}

}  // namespace mtcnn
