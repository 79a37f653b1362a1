#include "mtcnn/engine/runner.h"
#include "mtcnn/gpu/boxes.h"
#include "mtcnn/gpu/suppression.h"
#include "mtcnn/gpu/tensor_search.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace mtcnn {
namespace {

constexpr int64_t kFewCandidates = 1024;  ///< of an image, tried first

/// P-Net's input: the canvas of every image.
at::Tensor filled(const TensorSearch& search, const PlannedCanvas& planned) {
  const Canvas& canvas = planned.canvas;
  const int64_t count = search.images.count();
  const auto layout = at::TensorOptions(search.model.device).memory_format(at::MemoryFormat::ChannelsLast);
  at::Tensor pixels = at::empty({count, 3, canvas.height, canvas.width}, layout).zero_();
  const at::Tensor images = at::arange(count, at::TensorOptions(search.model.device).dtype(at::kLong));
  for (size_t i = 0; i < canvas.tiles.size(); ++i) {
    const Tile& tile = canvas.tiles[i];
    const at::Tensor box = planned.tile_boxes[static_cast<int64_t>(i)].expand({count, 4});
    pixels.narrow(2, tile.canvas_y, tile.height)
        .narrow(3, tile.canvas_x, tile.width)
        .copy_(search.images.sampler(NetKind::pnet).cut(box, images, tile.height, tile.width));
  }
  return pixels;
}

/// P-Net's windows from what it says of all cells: values [B, K, 5], windows [K, 4], levels [K].
Counted best_of(const DetectorOptions& options, const at::Tensor& values, const at::Tensor& windows,
                const at::Tensor& levels) {
  const double least = probability_to_logit(options.thresholds[0]);
  const int64_t count = values.size(0);
  const at::Tensor order = strongest_first(values.select(2, 0));
  const int64_t most = std::min<int64_t>(order.size(1), options.engine.max_windows);
  int64_t rounds = kFewRounds;
  for (int64_t places = std::min(most, kFewCandidates);;) {
    const at::Tensor best = order.slice(1, 0, places);
    const at::Tensor flat = best.reshape({-1});
    const at::Tensor logits = at_places(values.select(2, 0), best);
    const at::Tensor alive = passes(logits, least);
    const at::Tensor boxes = windows.index_select(0, flat).view({count, places, 4});
    const at::Tensor of_level = levels.index_select(0, flat).view({count, places});
    const Suppression level = suppress(boxes, alive, of_level, options.nms_level, Overlap::union_area, rounds);
    const Suppression all = suppress(boxes, level.kept, {}, options.nms_levels, Overlap::union_area, rounds);
    std::vector<int64_t> told =
        to_host({level.settled, all.settled, alive.select(1, places - 1).any(), all.kept.sum(1)});
    if (told[2] != 0 && places < most) {
      places = std::min(most, places * 4);
    } else if (told[0] == 0 || told[1] == 0) {
      rounds *= 8;
    } else {
      const at::Tensor offsets = at_places(values.slice(2, 1, kFaceValues), best);
      told.erase(told.begin(), told.begin() + 3);
      return compacted({squared(regressed(boxes, offsets)), logits.sigmoid(), pnet_votes(options, logits), all.kept},
                       std::move(told));
    }
  }
}

}  // namespace

Counted look_everywhere(const TensorSearch& search, const PyramidPlanner::Plan& plan) {
  std::vector<at::Tensor> values;
  std::vector<at::Tensor> windows;
  std::vector<at::Tensor> levels;
  for (const PlannedCanvas& planned : plan) {
    const at::Tensor canvas = search.timed(&StageTimes::pyramid_s, [&] { return filled(search, planned); });
    values.push_back(search.timed(&StageTimes::pnet_s, [&] {
      return search.nets.run_pnet(canvas).view({search.images.count(), -1, kFaceValues}).index_select(1, planned.cells);
    }));
    windows.push_back(planned.windows);
    levels.push_back(planned.levels);
  }
  return search.timed(&StageTimes::windows_s,
                      [&] { return best_of(search.options, at::cat(values, 1), at::cat(windows), at::cat(levels)); });
}

}  // namespace mtcnn
