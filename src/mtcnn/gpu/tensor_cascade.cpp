#include "mtcnn/gpu/tensor_cascade.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/detect/final_faces.h"
#include "mtcnn/detect/stages.h"
#include "mtcnn/gpu/agreement.h"
#include "mtcnn/gpu/boxes.h"
#include "mtcnn/gpu/pyramid_plan.h"
#include "mtcnn/gpu/sampler.h"
#include "mtcnn/gpu/suppression.h"
#include "mtcnn/gpu/torch_device.h"
#include "mtcnn/gpu/torch_nets.h"
#include "mtcnn/gpu/windows.h"
#include "mtcnn/model/model_folder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace mtcnn {
namespace {

constexpr int64_t kGroupPixels = int64_t{8} << 20;  ///< pictures searched together: bounds the device's memory
constexpr size_t kMostPictures = 32;
constexpr int64_t kCropsAtOnce = 1024;
constexpr int64_t kFewCandidates = 1024;  ///< of a picture, tried first
constexpr int64_t kFewRounds = 12;        ///< of suppression, tried first

/// The boxes of a tensor [N, 4] on the host.
std::vector<Box> boxes_on_host(const float* values, int64_t count) {
  std::vector<Box> boxes;
  for (int64_t i = 0; i < count; ++i, values += 4) boxes.push_back({values[0], values[1], values[2], values[3]});
  return boxes;
}

}  // namespace

struct TensorCascade::Impl {
  Impl(const Model& model, at::Device where)
      : device(where),
        weights(model.nets),
        full(weights, where, at::kFloat),
        points(landmark_count(model.nets.back())),
        inputs(inputs_of(model.nets)),
        mirror(mirrored_points(model.landmark_names)),
        planner(input(NetKind::pnet).window_first, input(NetKind::pnet).window_size, where) {}

  const InputOptions& input(NetKind net) const { return inputs[static_cast<size_t>(net)]; }

  /// Those in half precision are made when they are first asked for.
  const TorchNets& nets(bool in_half) const {
    if (!in_half) return full;
    std::call_once(half_made, [this] { half.emplace(weights, device, at::kHalf); });
    return *half;
  }

  at::Device device;
  std::array<NetWeights, 3> weights;
  TorchNets full;
  mutable std::once_flag half_made;
  mutable std::optional<TorchNets> half;
  int64_t points;
  NetInputs inputs;
  std::vector<size_t> mirror;  ///< mirrored_points()
  PyramidPlanner planner;
};

namespace {

using Samplers = std::array<std::shared_ptr<const Sampler>, 3>;

/// A sampler for each net; nets that want pixels alike share one.
Samplers samplers_for(const at::Tensor& pictures, const NetInputs& inputs) {
  Samplers samplers;
  for (size_t net = 0; net < samplers.size(); ++net) {
    const InputOptions& input = inputs[net];
    for (size_t other = 0; other < net && !samplers[net]; ++other) {
      const InputOptions& has = inputs[other];
      if (has.mean == input.mean && has.scale == input.scale && has.border == input.border)
        samplers[net] = samplers[other];
    }
    if (!samplers[net])
      samplers[net] = std::make_shared<const Sampler>(pictures, PixelScale{input.mean, input.scale, input.border});
  }
  return samplers;
}

/// One group of pictures of one size on its way through the cascade.
class Search {
 public:
  using Impl = TensorCascade::Impl;
  Search(const Impl& cascade, std::span<const ImageView> images, const DetectorOptions& options, StageTimes* times)
      : cascade_(cascade),
        options_(options),
        times_(times),
        nets_(cascade.nets(options.engine.half)),
        count_(static_cast<int64_t>(images.size())),
        height_(images.front().height),
        width_(images.front().width),
        samplers_(timed(&StageTimes::pyramid_s, [&] { return samplers_for(uploaded(images), cascade.inputs); })) {}

  /// Pyramid, P-Net and its suppression.
  Counted look_everywhere(const PyramidPlanner::Plan& plan) {
    std::vector<at::Tensor> values;
    std::vector<at::Tensor> windows;
    std::vector<at::Tensor> levels;
    for (const PlannedCanvas& planned : plan) {
      const at::Tensor canvas = timed(&StageTimes::pyramid_s, [&] { return filled(planned); });
      values.push_back(timed(&StageTimes::pnet_s, [&] {
        return nets_.run_pnet(canvas).view({count_, -1, kFaceValues}).index_select(1, planned.cells);
      }));
      windows.push_back(planned.windows);
      levels.push_back(planned.levels);
    }
    return timed(&StageTimes::windows_s,
                 [&] { return best_of(at::cat(values, 1), at::cat(windows), at::cat(levels)); });
  }

  /// R-Net and its suppression.
  Counted refine_windows(const Counted& before) {
    const at::Tensor values = answers(NetKind::rnet, before);
    return timed(&StageTimes::windows_s, [&] {
      const at::Tensor scores = values.select(2, 0).sigmoid();
      at::Tensor alive = usable(before.windows).logical_and(passes(scores, options_.thresholds[1]));
      const at::Tensor order = strongest_first(at::where(alive, scores, at::full({}, -1.0F, scores.options())));
      alive = at_places(alive, order);
      const at::Tensor boxes = at_places(before.windows.boxes, order);
      const at::Tensor offsets = at_places(values.slice(2, 1, kFaceValues), order);
      const at::Tensor votes = rnet_votes<at::Tensor>(options_, before.windows.votes, values.select(2, 0));
      auto [kept, counts] = settled(
          [&](int64_t rounds) { return suppress(boxes, alive, {}, options_.nms_rnet, Overlap::union_area, rounds); });
      return compacted({squared(regressed(boxes, offsets)), at_places(scores, order), at_places(votes, order), kept},
                       std::move(counts));
    });
  }

  /// O-Net, its suppression and votes: each picture's faces.
  std::vector<std::vector<FoundFace>> find_faces(const Counted& before) {
    const at::Tensor values = answers(NetKind::onet, before);
    return timed(&StageTimes::windows_s, [&] {
      const at::Tensor logits = face_logit<at::Tensor>(options_, before.windows.votes, values.select(2, 0));
      at::Tensor alive = usable(before.windows);
      const at::Tensor scores = at::where(alive, logits.sigmoid(), at::full({}, -1.0F, logits.options()));
      const at::Tensor order = strongest_first(scores);
      alive = at_places(alive, order);
      const at::Tensor confidences = at_places(scores, order).clamp_min(0);
      const at::Tensor shapes = at_places(shapes_of(before.windows.boxes, values), order);
      const at::Tensor passed = alive.logical_and(passes(confidences, options_.thresholds[2]));
      const at::Tensor boxes = shapes.slice(2, 0, 4).contiguous();
      const auto [kept, counts] = settled([&](int64_t rounds) {
        return suppress(boxes, passed, {}, options_.nms_onet, Overlap::smaller_area, rounds);
      });
      const at::Tensor weights = confidences * alive;
      const at::Tensor voted = options_.confidence.box_voting > 0
                                   ? means_of_agreeing(boxes, weights, shapes, options_.confidence.box_voting)
                                   : shapes;
      const at::Tensor agreement = options_.confidence.support > 0
                                       ? agreement_on(voted.slice(2, 0, 4), boxes, weights, confidences)
                                       : at::zeros_like(confidences);
      return faces_on_host(voted, confidences, agreement, kept);
    });
  }

  /// See final_faces.h.
  void look_again(std::span<const ImageView> images, std::span<std::vector<FoundFace>> found) {
    std::vector<SecondLook> looks = second_looks(images, found);
    if (looks.empty()) return;
    Counted all{{}, std::vector<int64_t>(found.size())};
    for (const SecondLook& look : looks) ++all.counts[look.picture];
    const int64_t places = *std::max_element(all.counts.begin(), all.counts.end());
    at::Tensor boxes = at::zeros({count_, places, 4}, at::kFloat);
    std::vector<int64_t> rows;  // of the looks
    std::vector<int64_t> seen(found.size());
    for (const SecondLook& look : looks) {
      const Box& window = look.window;
      rows.push_back(static_cast<int64_t>(look.picture) * places + seen[look.picture]++);
      std::ranges::copy(std::array{window.x1, window.y1, window.x2, window.y2},
                        boxes.mutable_data_ptr<float>() + rows.back() * 4);
    }
    all.windows.boxes = boxes.to(cascade_.device);
    const at::Tensor values = answers(NetKind::onet, all, true).cpu().contiguous();
    const int64_t value_count = values.size(2);
    if (rnet_looks_again(options_)) {
      const at::Tensor logits = answers(NetKind::rnet, all, true).select(2, 0).flatten().cpu().contiguous();
      for (size_t i = 0; i < looks.size(); ++i) looks[i].rnet_logit = logits.const_data_ptr<float>()[rows[i]];
    }
    for (size_t i = 0; i < looks.size(); ++i) {
      const float* row = values.const_data_ptr<float>() + rows[i] * value_count;
      add_second_look(looks[i], {row, static_cast<size_t>(value_count)}, options_, cascade_.input(NetKind::onet),
                      cascade_.mirror);
    }
  }

  /// O-Net's answer to each of one picture's windows, see Detector::refine().
  std::vector<std::optional<Face>> answer_windows(std::span<const Box> windows) {
    std::vector<float> edges;
    for (const Box& box : windows) edges.insert(edges.end(), {box.x1, box.y1, box.x2, box.y2});
    const auto count = static_cast<int64_t>(windows.size());
    const at::Tensor boxes = at::from_blob(edges.data(), {1, count, 4}, at::kFloat).to(cascade_.device, false, true);
    const at::Tensor none = at::zeros({1, count}, boxes.options());
    const Counted all{{boxes, none, none, at::ones({1, count}, boxes.options().dtype(at::kBool))}, {count}};
    const at::Tensor values = answers(NetKind::onet, all);
    const at::Tensor scores = values.select(2, 0).sigmoid();
    const at::Tensor passed = usable(all.windows).logical_and(passes(scores, options_.thresholds[2]));
    const at::Tensor table = table_of(shapes_of(boxes, values), scores, none, passed).cpu();
    std::vector<std::optional<Face>> faces(windows.size());
    for (int64_t i = 0; i < count; ++i) {
      const float* row = table.const_data_ptr<float>() + i * table.size(2);
      if (row[0] > 0) faces[static_cast<size_t>(i)] = face_in(row).face;
    }
    return faces;
  }

 private:
  /// Runs `work`; where times are asked for, waits for the device and adds the time to `stage`.
  template <class Work>
  std::invoke_result_t<Work> timed(double StageTimes::*stage, Work work) {
    if (times_ == nullptr) return work();
    const Stopwatch watch(times_->*stage);
    auto result = work();
    at::ones({1}, cascade_.device).cpu();
    return result;
  }

  at::Tensor uploaded(std::span<const ImageView> images) const {
    at::Tensor pixels = at::empty({count_, height_, width_, 3}, at::kByte);
    auto* to = pixels.mutable_data_ptr<uint8_t>();
    const auto row_bytes = static_cast<size_t>(width_) * 3;
    for (const ImageView& image : images) {
      for (int y = 0; y < image.height; ++y, to += row_bytes) std::memcpy(to, image.row(y), row_bytes);
    }
    return pixels.to(cascade_.device);
  }

  /// P-Net's input: the canvas of every picture.
  at::Tensor filled(const PlannedCanvas& planned) const {
    const Canvas& canvas = planned.canvas;
    const auto layout = at::TensorOptions(cascade_.device).memory_format(at::MemoryFormat::ChannelsLast);
    at::Tensor pixels = at::empty({count_, 3, canvas.height, canvas.width}, layout).zero_();
    const at::Tensor pictures = at::arange(count_, at::TensorOptions(cascade_.device).dtype(at::kLong));
    for (size_t i = 0; i < canvas.tiles.size(); ++i) {
      const Tile& tile = canvas.tiles[i];
      const at::Tensor box = planned.tile_boxes[static_cast<int64_t>(i)].expand({count_, 4});
      pixels.narrow(2, tile.canvas_y, tile.height)
          .narrow(3, tile.canvas_x, tile.width)
          .copy_(samplers_[0]->cut(box, pictures, tile.height, tile.width));
    }
    return pixels;
  }

  /// P-Net's windows from what it says of all cells: values [B, K, 5], windows [K, 4], levels [K].
  Counted best_of(const at::Tensor& values, const at::Tensor& windows, const at::Tensor& levels) {
    const double least = probability_to_logit(options_.thresholds[0]);
    const at::Tensor order = strongest_first(values.select(2, 0));
    const int64_t most = std::min<int64_t>(order.size(1), options_.engine.max_windows);
    int64_t rounds = kFewRounds;
    for (int64_t places = std::min(most, kFewCandidates);;) {
      const at::Tensor best = order.slice(1, 0, places);
      const at::Tensor flat = best.reshape({-1});
      const at::Tensor logits = at_places(values.select(2, 0), best);
      const at::Tensor alive = passes(logits, least);
      const at::Tensor boxes = windows.index_select(0, flat).view({count_, places, 4});
      const at::Tensor of_level = levels.index_select(0, flat).view({count_, places});
      const Suppression level = suppress(boxes, alive, of_level, options_.nms_level, Overlap::union_area, rounds);
      const Suppression all = suppress(boxes, level.kept, {}, options_.nms_levels, Overlap::union_area, rounds);
      std::vector<int64_t> told =
          to_host({level.settled, all.settled, alive.select(1, places - 1).any(), all.kept.sum(1)});
      if (told[2] != 0 && places < most) {
        places = std::min(most, places * 4);
      } else if (told[0] == 0 || told[1] == 0) {
        rounds *= 8;
      } else {
        const at::Tensor offsets = at_places(values.slice(2, 1, kFaceValues), best);
        told.erase(told.begin(), told.begin() + 3);
        return compacted({squared(regressed(boxes, offsets)), logits.sigmoid(), pnet_votes(options_, logits), all.kept},
                         std::move(told));
      }
    }
  }

  /// Suppresses with as many rounds as it takes; tells how many boxes of each picture stay.
  template <class Suppress>
  static std::pair<at::Tensor, std::vector<int64_t>> settled(Suppress run) {
    for (int64_t rounds = kFewRounds;; rounds *= 8) {
      Suppression done = run(rounds);
      std::vector<int64_t> told = to_host({done.settled, done.kept.sum(1)});
      if (told[0] == 0) continue;
      told.erase(told.begin());
      return {std::move(done.kept), std::move(told)};
    }
  }

  /// Which windows a net can be run on: finite, with area, and touching their picture.
  at::Tensor usable(const Windows& windows) const {
    const at::Tensor& boxes = windows.boxes;
    const auto edge = [&](int64_t i) { return boxes.select(2, i); };
    const at::Tensor area = areas_of(boxes);
    return windows.alive & area.isfinite() & touches_picture(edge(0), edge(1), edge(2), edge(3), area, width_, height_);
  }

  /// What R-Net or O-Net says of the windows: float [B, N, values], zeros where there is no window.
  at::Tensor answers(NetKind net, const Counted& windows, bool mirrored = false) {
    const int64_t places = windows.windows.boxes.size(1);
    std::vector<int64_t> indices;
    for (size_t picture = 0; picture < windows.counts.size(); ++picture) {
      for (int64_t i = 0; i < windows.counts[picture]; ++i)
        indices.push_back(static_cast<int64_t>(picture) * places + i);
    }
    const auto count = static_cast<int64_t>(indices.size());
    const at::Tensor flat = at::from_blob(indices.data(), {count}, at::kLong).to(cascade_.device, false, true);
    constexpr double kFarthest = 1e6;
    at::Tensor boxes = windows.windows.boxes.view({-1, 4}).index_select(0, flat).to(at::kDouble);
    const Box margins = crop_margins(cascade_.input(net).crop_lead, mirrored);
    // One by one, as numbers: a tensor of them would be a copy to the device.
    boxes.select(1, 0).add_(margins.x1);
    boxes.select(1, 1).add_(margins.y1);
    boxes.select(1, 2).add_(margins.x2);
    boxes.select(1, 3).add_(margins.y2);
    boxes = boxes.nan_to_num(0).clamp(-kFarthest, kFarthest);
    const at::Tensor pictures = flat.div(places, "floor");
    const int64_t side = net_input_size(net);
    const int64_t value_count = kFaceValues + (net == NetKind::onet ? 2 * cascade_.points : 0);
    at::Tensor values = at::zeros({count_ * places, value_count}, windows.windows.boxes.options());
    for (int64_t begin = 0; begin < count; begin += kCropsAtOnce) {
      const int64_t end = std::min(count, begin + kCropsAtOnce);
      const at::Tensor crops = timed(&StageTimes::crops_s, [&] {
        const at::Tensor cut = samplers_[static_cast<size_t>(net)]->cut(boxes.slice(0, begin, end),
                                                                        pictures.slice(0, begin, end), side, side);
        return mirrored ? cut.flip(3) : cut;
      });
      timed(net == NetKind::rnet ? &StageTimes::rnet_s : &StageTimes::onet_s,
            [&] { return values.index_copy_(0, flat.slice(0, begin, end), nets_.run_crops(net, crops)); });
    }
    return values.view({count_, places, value_count});
  }

  /// Boxes and points in image pixels, [B, N, 4 + 2 points].
  at::Tensor shapes_of(const at::Tensor& boxes, const at::Tensor& values) const {
    const at::Tensor corner = boxes.slice(2, 0, 2).unsqueeze(2);
    const at::Tensor size = boxes.slice(2, 2, 4).unsqueeze(2) - corner;
    const at::Tensor targets = values.slice(2, kFaceValues).reshape({boxes.size(0), boxes.size(1), cascade_.points, 2});
    const at::Tensor points = landmark_at<at::Tensor>(corner + targets * size, cascade_.input(NetKind::onet));
    return at::cat({regressed(boxes, values.slice(2, 1, kFaceValues)), points.flatten(2)}, 2);
  }

  /// Rows of kept, agreement, confidence, box, points: float [B, N, 7 + 2 points].
  static at::Tensor table_of(const at::Tensor& shapes, const at::Tensor& confidences, const at::Tensor& agreement,
                             const at::Tensor& kept) {
    return at::cat({kept.to(at::kFloat).unsqueeze(2), agreement.unsqueeze(2), confidences.unsqueeze(2), shapes}, 2)
        .contiguous();
  }

  FoundFace face_in(const float* row) const {
    FoundFace found{{.box = {row[3], row[4], row[5], row[6]}, .confidence = row[2]}, row[1]};
    for (int64_t i = 0; i < cascade_.points; ++i) found.face.landmarks.push_back({row[7 + 2 * i], row[8 + 2 * i]});
    return found;
  }

  std::vector<std::vector<FoundFace>> faces_on_host(const at::Tensor& shapes, const at::Tensor& confidences,
                                                    const at::Tensor& agreement, const at::Tensor& kept) const {
    const at::Tensor table = table_of(shapes, confidences, agreement, kept).cpu();
    std::vector<std::vector<FoundFace>> found(static_cast<size_t>(count_));
    const float* row = table.const_data_ptr<float>();
    for (std::vector<FoundFace>& faces : found) {
      for (int64_t i = 0; i < table.size(1); ++i, row += table.size(2)) {
        if (row[0] > 0) faces.push_back(face_in(row));
      }
    }
    return found;
  }

  const Impl& cascade_;
  const DetectorOptions& options_;
  StageTimes* times_;
  const TorchNets& nets_;
  int64_t count_;
  int64_t height_;
  int64_t width_;
  Samplers samplers_;  ///< of each net
};

bool any(const Counted& windows) { return windows.windows.boxes.size(1) > 0; }

/// Adds each picture's windows to Found.
void tell(const Counted& windows, std::span<Found> found, std::vector<Box> Found::*where) {
  const at::Tensor boxes = windows.windows.boxes.cpu().contiguous();
  for (size_t i = 0; i < found.size(); ++i)
    found[i].*where =
        boxes_on_host(boxes.const_data_ptr<float>() + static_cast<int64_t>(i) * boxes.size(1) * 4, windows.counts[i]);
}

void search_group(const TensorCascade::Impl& cascade, std::span<const ImageView> images, const DetectorOptions& options,
                  NetKind last, StageTimes* times, std::span<Found> found) {
  const auto plan = cascade.planner.plan(levels_of(images.front(), options));
  if (plan->empty()) return;
  Search search(cascade, images, options, times);
  const Counted after_pnet = search.look_everywhere(*plan);
  if (!any(after_pnet)) return;
  if (last == NetKind::pnet) return tell(after_pnet, found, &Found::after_pnet);
  const Counted after_rnet = search.refine_windows(after_pnet);
  std::vector<std::vector<FoundFace>> faces(images.size());
  if (any(after_rnet) && last == NetKind::onet) faces = search.find_faces(after_rnet);
  if (options.confidence.mirror_weight > 0) search.look_again(images, faces);
  tell(after_pnet, found, &Found::after_pnet);
  if (any(after_rnet)) tell(after_rnet, found, &Found::after_rnet);
  for (size_t i = 0; i < images.size(); ++i)
    found[i].faces = finished(faces[i], options, images[i].width, images[i].height);
}

/// Indices of pictures of one size that are searched together; empty pictures are in no group.
std::vector<std::vector<size_t>> groups_of(std::span<const ImageView> images) {
  std::map<std::pair<int, int>, std::vector<size_t>> open;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < images.size(); ++i) {
    const ImageView& image = images[i];
    if (image.empty()) continue;
    std::vector<size_t>& group = open[{image.width, image.height}];
    group.push_back(i);
    const int64_t pixels = static_cast<int64_t>(image.width) * image.height * static_cast<int64_t>(group.size() + 1);
    if (group.size() == kMostPictures || pixels > kGroupPixels) groups.push_back(std::exchange(group, {}));
  }
  for (auto& [size, group] : open) {
    if (!group.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

/// Runs `work` without gradients; LibTorch's errors become ours.
template <class Work>
auto on_device(at::Device device, Work work) {
  try {
    const c10::InferenceMode no_gradients;
    return work();
  } catch (const c10::Error& error) {
    throw Error(ErrorCode::unsupported,
                concat("LibTorch failed on ", device.str(), ": ", error.what_without_backtrace()));
  }
}

}  // namespace

std::unique_ptr<Cascade> gpu_cascade(const Model& model, const std::string& device) {
  const bool on_cpu = device == kTensorsOnCpu;
  const at::Device chosen = on_cpu ? at::Device(at::kCPU) : choose_device(device);
  if (chosen.is_cpu() && !on_cpu) return nullptr;
  return std::make_unique<TensorCascade>(
      on_device(chosen, [&] { return std::make_unique<TensorCascade::Impl>(model, chosen); }));
}

TensorCascade::TensorCascade(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TensorCascade::~TensorCascade() = default;

std::vector<Found> TensorCascade::search(std::span<const ImageView> images, const DetectorOptions& options,
                                         NetKind last, StageTimes* times) const {
  std::vector<Found> found(images.size());
  on_device(impl_->device, [&] {
    for (const std::vector<size_t>& group : groups_of(images)) {
      std::vector<ImageView> pictures;
      for (const size_t i : group) pictures.push_back(images[i]);
      std::vector<Found> group_found(group.size());
      search_group(*impl_, pictures, options, last, times, group_found);
      for (size_t i = 0; i < group.size(); ++i) found[group[i]] = std::move(group_found[i]);
    }
  });
  return found;
}

std::vector<std::optional<Face>> TensorCascade::refine(const ImageView& image, std::span<const Box> windows,
                                                       const DetectorOptions& options, StageTimes* times) const {
  if (image.empty() || windows.empty()) return std::vector<std::optional<Face>>(windows.size());
  return on_device(impl_->device,
                   [&] { return Search(*impl_, std::span(&image, 1), options, times).answer_windows(windows); });
}

std::string TensorCascade::device() const { return impl_->device.is_cpu() ? kTensorsOnCpu : impl_->device.str(); }

}  // namespace mtcnn
