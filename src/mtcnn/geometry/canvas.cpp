#include "mtcnn/geometry/canvas.h"

#include <algorithm>
#include <array>
#include <optional>

namespace mtcnn {
namespace {

constexpr int kTileWidth = 1024;
constexpr int kTileHeight = 640;
static_assert(kTileWidth * kTileHeight <= kMaxCanvasPixels);

constexpr std::array kSides = {32,  64,  96,  128, 160, 192, 224, 256, 288, 320,
                               352, 384, 448, 512, 576, 640, 704, 768, 896, 1024};

struct Shape {
  int width;
  int height;
  int area() const { return width * height; }
};

/// Every canvas shape, smallest area first.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = [] {
    std::vector<Shape> made;
    for (const int width : kSides) {
      for (const int height : kSides) {
        if (width * height <= kMaxCanvasPixels) made.push_back({width, height});
      }
    }
    std::stable_sort(made.begin(), made.end(), [](const Shape& a, const Shape& b) { return a.area() < b.area(); });
    return made;
  }();
  return all;
}

/// The upper outline of what has been placed, as runs of equal height from left to right.
class Skyline {
 public:
  explicit Skyline(const Shape& shape) : shape_(shape), runs_{{0, shape.width, 0}} {}

  /// The lowest place, and of those the leftmost, where the tile fits; false where there is none.
  bool place(Tile& tile) {
    std::optional<size_t> best;
    int best_y = shape_.height - tile.height + 1;
    for (size_t i = 0; i < runs_.size() && runs_[i].x + tile.width <= shape_.width; ++i) {
      const int y = top_over(i, tile.width);
      if (y < best_y) {
        best_y = y;
        best = i;
      }
    }
    if (!best) return false;
    tile.canvas_x = runs_[*best].x;
    tile.canvas_y = best_y;
    raise(*best, tile.width, best_y + tile.height);
    return true;
  }

 private:
  struct Run {
    int x;
    int width;
    int y;
  };

  int top_over(size_t first, int width) const {
    int y = 0;
    for (size_t i = first; width > 0; width -= runs_[i++].width) y = std::max(y, runs_[i].y);
    return y;
  }

  void raise(size_t first, int width, int y) {
    const Run raised{runs_[first].x, width, y};
    size_t last = first;
    while (width > 0 && runs_[last].width <= width) width -= runs_[last++].width;
    if (width > 0) {
      runs_[last].x += width;
      runs_[last].width -= width;
    }
    runs_.erase(runs_.begin() + static_cast<ptrdiff_t>(first), runs_.begin() + static_cast<ptrdiff_t>(last));
    runs_.insert(runs_.begin() + static_cast<ptrdiff_t>(first), raised);
  }

  Shape shape_;
  std::vector<Run> runs_;
};

bool fits(const Shape& shape, std::span<Tile> tiles) {
  Skyline skyline(shape);
  return std::all_of(tiles.begin(), tiles.end(), [&](Tile& tile) { return skyline.place(tile); });
}

/// Tiles of one level: cut so that neighbours share the pixels that a window needs beyond its step.
void add_tiles(int image, int level_index, const Level& level, std::vector<Tile>& tiles) {
  constexpr int kShared = kPNetWindow - kPNetStride;
  for (int y = 0; y + kShared < level.height; y += kTileHeight - kShared) {
    for (int x = 0; x + kShared < level.width; x += kTileWidth - kShared) {
      tiles.push_back({.image = image,
                       .level = level_index,
                       .x = x,
                       .y = y,
                       .width = std::min(kTileWidth, level.width - x),
                       .height = std::min(kTileHeight, level.height - y)});
    }
  }
}

/// The smallest canvas that holds all tiles, or nothing where they are too many.
std::optional<Canvas> pack(std::span<Tile> tiles) {
  int area = 0;
  int widest = 0;
  for (const Tile& tile : tiles) {
    area += tile.width * tile.height;
    widest = std::max(widest, tile.width);
  }
  for (const Shape& shape : shapes()) {
    if (shape.area() < area || shape.width < widest || shape.height < tiles.front().height) continue;
    if (fits(shape, tiles)) return Canvas{shape.width, shape.height, {tiles.begin(), tiles.end()}};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Canvas> plan_canvases(std::span<const std::vector<Level>> levels) {
  std::vector<Tile> tiles;
  for (size_t image = 0; image < levels.size(); ++image) {
    for (size_t level = 0; level < levels[image].size(); ++level) {
      add_tiles(static_cast<int>(image), static_cast<int>(level), levels[image][level], tiles);
    }
  }
  std::stable_sort(tiles.begin(), tiles.end(), [](const Tile& a, const Tile& b) { return a.height > b.height; });
  std::vector<Canvas> canvases;
  for (std::span<Tile> left = tiles; !left.empty();) {
    size_t count = 0;
    for (int area = 0; count < left.size() && area + left[count].width * left[count].height <= kMaxCanvasPixels;
         ++count) {
      area += left[count].width * left[count].height;
    }
    std::optional<Canvas> canvas = pack(left.first(count));
    for (; !canvas; canvas = pack(left.first(count))) count -= std::max<size_t>(1, count / 16);
    left = left.subspan(count);
    canvases.push_back(std::move(*canvas));
  }
  return canvases;
}

}  // namespace mtcnn
