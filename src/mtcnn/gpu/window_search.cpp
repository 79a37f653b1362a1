#include "mtcnn/engine/runner.h"
#include "mtcnn/gpu/boxes.h"
#include "mtcnn/gpu/suppression.h"
#include "mtcnn/gpu/tensor_search.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

constexpr int64_t kCropsAtOnce = 1024;
constexpr double kFarthest = 1e6;

/// What a net sees of the windows: double [N, 4].
at::Tensor crop_boxes(const at::Tensor& windows, const InputOptions& input, bool mirrored) {
  at::Tensor boxes = windows.to(at::kDouble, /*non_blocking=*/false, /*copy=*/true);
  const at::Tensor margins = (boxes.select(1, 2) - boxes.select(1, 0)).mul_(input.crop_margin);
  const Box leads = crop_leads(input.crop_lead, mirrored);
  // One by one, as numbers: a tensor of them would be a copy to the device.
  boxes.select(1, 0).sub_(margins).add_(leads.x1);
  boxes.select(1, 1).sub_(margins).add_(leads.y1);
  boxes.select(1, 2).add_(margins).add_(leads.x2);
  boxes.select(1, 3).add_(margins).add_(leads.y2);
  return boxes.nan_to_num(0).clamp(-kFarthest, kFarthest);
}

}  // namespace

at::Tensor crop_answers(const TensorSearch& search, NetKind net, const Counted& windows, bool mirrored) {
  const int64_t places = windows.windows.boxes.size(1);
  const int64_t count = std::accumulate(windows.counts.begin(), windows.counts.end(), int64_t{0});
  // Of each window its image and its place among all. The given size spares the host a wait.
  const at::Tensor& counts = windows.counts_on_device;
  const at::Tensor images = at::repeat_interleave(counts, std::optional<int64_t>(count));
  const at::Tensor before = (counts.cumsum(0) - counts).index_select(0, images);
  const at::Tensor flat = at::arange(count, counts.options()) - before + images * places;
  const at::Tensor boxes =
      crop_boxes(windows.windows.boxes.view({-1, 4}).index_select(0, flat), search.model.input(net), mirrored);
  const int64_t side = net_input_size(net);
  const int64_t value_count = kFaceValues + (net == NetKind::onet ? 2 * search.model.points : 0);
  at::Tensor values = at::zeros({search.images.count() * places, value_count}, windows.windows.boxes.options());
  for (int64_t begin = 0; begin < count; begin += kCropsAtOnce) {
    const int64_t end = std::min(count, begin + kCropsAtOnce);
    const at::Tensor crops = search.timed(&StageTimes::crops_s, [&] {
      const at::Tensor cut =
          search.images.sampler(net).cut(boxes.slice(0, begin, end), images.slice(0, begin, end), side, side);
      return mirrored ? cut.flip(3) : cut;
    });
    search.timed(net == NetKind::rnet ? &StageTimes::rnet_s : &StageTimes::onet_s,
                 [&] { return values.index_copy_(0, flat.slice(0, begin, end), search.nets.run_crops(net, crops)); });
  }
  return values.view({search.images.count(), places, value_count});
}

at::Tensor usable(const TensorSearch& search, const Windows& windows) {
  const at::Tensor& boxes = windows.boxes;
  const auto edge = [&](int64_t i) { return boxes.select(2, i); };
  const at::Tensor area = areas_of(boxes);
  return windows.alive & area.isfinite() &
         touches_picture(edge(0), edge(1), edge(2), edge(3), area, search.images.width(), search.images.height());
}

Counted refine_windows(const TensorSearch& search, const Counted& before) {
  const DetectorOptions& options = search.options;
  const at::Tensor values = crop_answers(search, NetKind::rnet, before);
  return search.timed(&StageTimes::windows_s, [&] {
    const at::Tensor scores = values.select(2, 0).sigmoid();
    at::Tensor alive = usable(search, before.windows).logical_and(passes(scores, options.thresholds[1]));
    const at::Tensor order = strongest_first(at::where(alive, scores, at::full({}, -1.0F, scores.options())));
    alive = at_places(alive, order);
    const at::Tensor boxes = at_places(before.windows.boxes, order);
    const at::Tensor offsets = at_places(values.slice(2, 1, kFaceValues), order);
    const at::Tensor votes = rnet_votes<at::Tensor>(options, before.windows.votes, values.select(2, 0));
    for (int64_t rounds = kFewRounds;; rounds *= 8) {
      const Suppression done = suppress(boxes, alive, {}, options.nms_rnet, Overlap::union_area, rounds);
      std::vector<int64_t> told = to_host({done.settled, done.kept.sum(1)});
      if (told[0] == 0) continue;
      told.erase(told.begin());
      return compacted(
          {squared(regressed(boxes, offsets)), at_places(scores, order), at_places(votes, order), done.kept},
          std::move(told));
    }
  });
}

}  // namespace mtcnn
