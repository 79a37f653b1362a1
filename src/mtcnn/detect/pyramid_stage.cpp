#include "mtcnn/core/interrupt.h"
#include "mtcnn/detect/stages.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/geometry/canvas.h"
#include "mtcnn/geometry/nms.h"
#include "mtcnn/image/resample.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

constexpr int kBandRows = 32;  ///< rows of a tile that one thread resamples at a time

/// A cell that passed, before suppression.
struct Candidate {
  Box window;
  Offsets offsets;
  float logit;
};

/// The candidates of one level of one image.
using Candidates = std::vector<Candidate>;

/// Strongest first; equal ones in the order in which cells are read, so that thread counts and batches change nothing.
bool stronger(const Candidate& a, const Candidate& b) {
  if (a.logit != b.logit) return a.logit > b.logit;
  return a.window.y1 != b.window.y1 ? a.window.y1 < b.window.y1 : a.window.x1 < b.window.x1;
}

void keep_strongest(Candidates& candidates, size_t count) {
  if (candidates.size() <= count) return;
  std::nth_element(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(count), candidates.end(), stronger);
  candidates.resize(count);
}

/// Resamples every tile of the canvas from its image, in bands of rows shared among the threads.
void fill_canvas(const StageContext& context, std::span<const ImageView> images,
                 const std::vector<std::vector<Level>>& levels, const Canvas& canvas) {
  const InputOptions& input = context.input(NetKind::pnet);
  const Stopwatch watch(context.times.pyramid_s);
  std::vector<float>& pixels = context.workspace.pixels;
  struct Band {
    const Tile* tile;
    int first_row;
  };
  std::vector<Band> bands;
  for (const Tile& tile : canvas.tiles) {
    for (int row = 0; row < tile.height; row += kBandRows) bands.push_back({&tile, row});
  }
  pixels.resize(static_cast<size_t>(canvas.width) * static_cast<size_t>(canvas.height) * 3);
  const ptrdiff_t stride = static_cast<ptrdiff_t>(canvas.width) * 3;
  share_work(static_cast<int64_t>(bands.size()), [&](int64_t index) {
    const auto [tile, row] = bands[static_cast<size_t>(index)];
    const Level& level = levels[static_cast<size_t>(tile->image)][static_cast<size_t>(tile->level)];
    const int rows = std::min(kBandRows, tile->height - row);
    const auto edge = [](double first, int position, double scale) {
      return static_cast<float>(first + position / scale);
    };
    const Box window{edge(level.first_x, tile->x, level.scale_x), edge(level.first_y, tile->y + row, level.scale_y),
                     edge(level.first_x, tile->x + tile->width, level.scale_x),
                     edge(level.first_y, tile->y + row + rows, level.scale_y)};
    float* corner = pixels.data() + (tile->canvas_y + row) * stride + static_cast<ptrdiff_t>(tile->canvas_x) * 3;
    resample(images[static_cast<size_t>(tile->image)], window, input.border,
             {.pixels = corner,
              .width = tile->width,
              .height = rows,
              .row_stride = stride,
              .mean = input.mean,
              .scale = input.scale});
  });
}

void run_pnet(const StageContext& context, const Canvas& canvas) {
  const Stopwatch watch(context.times.pnet_s);
  std::vector<CanvasPart> parts;
  for (const Tile& tile : canvas.tiles) parts.push_back({tile.canvas_x, tile.canvas_y, tile.width, tile.height});
  context.nets.run_pnet(context.workspace.pixels, canvas.height, canvas.width, parts, context.workspace.values,
                        least_logit(context, NetKind::pnet, context.options.thresholds[0]));
}

/// Where a row of a tile's cells begins in the canvas's map of cells.
ptrdiff_t first_cell(const Canvas& canvas, const Tile& tile, int row) {
  const ptrdiff_t map_width = canvas.width / kPNetStride - kPNetWindow / kPNetStride + 1;
  return (tile.canvas_y / kPNetStride + row) * map_width + tile.canvas_x / kPNetStride;
}

/// Adds the cells of one tile that pass.
void collect(const StageContext& context, const Canvas& canvas, const Tile& tile, const Level& level,
             Candidates& candidates) {
  const float least = probability_to_logit(context.options.thresholds[0]);
  const auto most = static_cast<size_t>(context.options.engine.max_windows);
  for (int row = 0; row < tile.rows(); ++row) {
    const float* cell = context.workspace.values.data() + first_cell(canvas, tile, row) * kFaceValues;
    for (int column = 0; column < tile.columns(); ++column, cell += kFaceValues) {
      if (!passes(cell[0], least)) continue;
      const Box window =
          cell_window(level, tile.y / kPNetStride + row, tile.x / kPNetStride + column,
                      context.input(NetKind::pnet).window_first, context.input(NetKind::pnet).window_size);
      candidates.push_back({window, {cell[1], cell[2], cell[3], cell[4]}, cell[0]});
    }
    // Bounded memory, whatever the image: what is dropped here could not be among the strongest at the end.
    if (candidates.size() > 2 * most) keep_strongest(candidates, most);
  }
}

/// What P-Net saw in one tile and what it said.
void trace_tile(const StageContext& context, const Canvas& canvas, const Tile& tile, LevelTrace& level) {
  for (int row = 0; row < tile.height; ++row) {
    const ptrdiff_t from = (tile.canvas_y + row) * static_cast<ptrdiff_t>(canvas.width) + tile.canvas_x;
    const ptrdiff_t to = (tile.y + row) * static_cast<ptrdiff_t>(level.level.width) + tile.x;
    std::copy_n(context.workspace.pixels.data() + from * 3, tile.width * 3, level.pixels.data() + to * 3);
  }
  for (int row = 0; row < tile.rows(); ++row) {
    const float* cell = context.workspace.values.data() + first_cell(canvas, tile, row) * kFaceValues;
    const ptrdiff_t to =
        (tile.y / kPNetStride + row) * static_cast<ptrdiff_t>(level.level.columns()) + tile.x / kPNetStride;
    for (int column = 0; column < tile.columns(); ++column, cell += kFaceValues)
      level.probabilities[static_cast<size_t>(to + column)] = logit_to_probability(cell[0]);
  }
}

/// Levels with space for what trace_tile() fills in.
std::vector<LevelTrace> levels_to_trace(const std::vector<Level>& levels) {
  std::vector<LevelTrace> traces;
  for (const Level& level : levels) {
    traces.push_back(
        {.level = level,
         .pixels = std::vector<float>(static_cast<size_t>(level.width) * static_cast<size_t>(level.height) * 3),
         .probabilities =
             std::vector<float>(static_cast<size_t>(level.columns()) * static_cast<size_t>(level.rows()))});
  }
  return traces;
}

Candidates suppress(const Candidates& candidates, float threshold) {
  std::vector<Box> boxes;
  std::vector<float> scores;
  for (const Candidate& candidate : candidates) {
    boxes.push_back(candidate.window);
    scores.push_back(candidate.logit);
  }
  Candidates kept;
  for (const int32_t index : nms(boxes, scores, threshold, Overlap::union_area))
    kept.push_back(candidates[static_cast<size_t>(index)]);
  return kept;
}

/// All levels of one image to its final windows.
std::vector<Window> merge_levels(const DetectorOptions& options, std::vector<Candidates>& levels, Trace* trace) {
  Candidates all;
  for (size_t i = 0; i < levels.size(); ++i) {
    Candidates& level = levels[i];
    keep_strongest(level, static_cast<size_t>(options.engine.max_windows));
    std::sort(level.begin(), level.end(), stronger);
    const Candidates kept = suppress(level, options.nms_level);
    all.insert(all.end(), kept.begin(), kept.end());
    if (trace == nullptr) continue;
    for (const Candidate& candidate : kept)
      trace->levels[i].windows.push_back({candidate.window, logit_to_probability(candidate.logit)});
  }
  all = suppress(all, options.nms_levels);
  all.resize(std::min(all.size(), static_cast<size_t>(options.engine.max_windows)));  // they come strongest first
  std::vector<Window> windows;
  for (const Candidate& candidate : all) {
    windows.push_back({square(decode_offsets(candidate.window, candidate.offsets)),
                       logit_to_probability(candidate.logit), pnet_votes(options, candidate.logit)});
  }
  return windows;
}

}  // namespace

std::vector<Level> levels_of(const ImageView& image, const DetectorOptions& options) {
  if (image.empty()) return {};
  const int longer = std::max(image.width, image.height);
  const double shrink =
      options.max_side > 0 && longer > options.max_side ? static_cast<double>(longer) / options.max_side : 1;
  const auto margin =
      static_cast<int>(std::lround(static_cast<double>(options.padding) * std::min(image.width, image.height)));
  std::vector<Level> levels = pyramid_levels(image.width + 2 * margin, image.height + 2 * margin,
                                             options.min_face * shrink, options.max_face, options.factor);
  for (Level& level : levels) level.first_x = level.first_y = -margin;
  return levels;
}

float least_logit(const StageContext& context, NetKind net, float probability) {
  const auto is_unit = [&input = context.input(net)](float pixel, float value) {
    return std::abs((pixel - input.mean) * input.scale - value) < 0.01F;
  };
  const bool all = context.trace != nullptr || !context.options.engine.screen;  // a trace shows what every window got
  return !all && is_unit(0, -1) && is_unit(255, 1) ? probability_to_logit(probability) : kEveryLogit;
}

std::vector<std::vector<Window>> run_pyramid_stage(const StageContext& context, std::span<const ImageView> images) {
  std::vector<std::vector<Level>> levels;
  std::vector<std::vector<Candidates>> candidates;
  for (const ImageView& image : images) {
    levels.push_back(levels_of(image, context.options));
    candidates.emplace_back(levels.back().size());
  }
  if (context.trace != nullptr) context.trace->levels = levels_to_trace(levels.front());
  for (const Canvas& canvas : plan_canvases(levels)) {
    stop_if_interrupted();  // a large image searched for tiny faces has thousands
    fill_canvas(context, images, levels, canvas);
    run_pnet(context, canvas);
    const Stopwatch watch(context.times.windows_s);
    for (const Tile& tile : canvas.tiles) {
      const auto image = static_cast<size_t>(tile.image);
      const auto level = static_cast<size_t>(tile.level);
      collect(context, canvas, tile, levels[image][level], candidates[image][level]);
      if (context.trace != nullptr) trace_tile(context, canvas, tile, context.trace->levels[level]);
    }
  }
  const Stopwatch watch(context.times.windows_s);
  std::vector<std::vector<Window>> windows;
  for (std::vector<Candidates>& picture : candidates) {
    windows.push_back(merge_levels(context.options, picture, context.trace));
    if (context.trace != nullptr) context.trace->after_pnet = windows.back();
  }
  return windows;
}

}  // namespace mtcnn
