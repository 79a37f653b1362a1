#include "data_prep/mosaic.h"

#include "mtcnn/core/error.h"
#include "mtcnn/geometry/face.h"
#include "mtcnn/image/draw.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

constexpr int kTile = 144;  ///< pixels
constexpr int kGap = 6;
constexpr int kMostColumns = 10;

/// The crop enlarged without smoothing, so that its own pixels show.
Image enlarged(const Shard& shard, int64_t row) {
  const std::span<const uint8_t> pixels = shard.pixels(row);
  const int size = shard.size();
  Image tile(kTile, kTile);
  for (int y = 0; y < kTile; ++y) {
    uint8_t* out = tile.row(y);
    for (int x = 0; x < kTile; ++x) {
      const int row_in = y * size / kTile;
      const int column_in = x * size / kTile;
      const size_t from = static_cast<size_t>(row_in) * static_cast<size_t>(size) + static_cast<size_t>(column_in);
      for (size_t c = 0; c < 3; ++c) *out++ = pixels[c * static_cast<size_t>(size) * static_cast<size_t>(size) + from];
    }
  }
  return tile;
}

/// What the label says, in pixels of the tile.
Face face_of(const Shard& shard, const CropLabel& label, const InputOptions& input) {
  const float side = label.window.width();
  const float margin = input.crop_margin * side;
  const float scale = kTile / (side + 2 * margin + input.crop_lead);  // tile pixels for one of the image
  const float first = scale * (margin + input.crop_lead);
  const Box window{first, first, kTile - scale * margin, kTile - scale * margin};
  Face face{.box = decode_offsets(window, label.offsets), .confidence = label.overlap};
  if (label.mirrored) {
    const float sum = kTile + scale * input.crop_lead;
    face.box = {sum - face.box.x2, face.box.y1, sum - face.box.x1, face.box.y2};
  }
  if (shard.kind() != CropKind::landmark) return face;
  face.landmarks = decode_landmarks(window, label.landmarks);
  for (Point& point : face.landmarks) {
    point.x += scale * input.landmark_shift;
    point.y += scale * input.landmark_shift;
  }
  return face;
}

}  // namespace

Image draw_mosaic(std::span<const std::pair<const Shard*, int64_t>> crops, const InputOptions& input) {
  require(!crops.empty(), "draw_mosaic: no crops");
  const auto count = static_cast<int>(crops.size());
  const int columns = std::min(kMostColumns, static_cast<int>(std::ceil(std::sqrt(count))));
  const int rows = (count + columns - 1) / columns;
  Image mosaic(columns * (kTile + kGap) + kGap, rows * (kTile + kGap) + kGap);
  for (int i = 0; i < count; ++i) {
    const auto& [shard, row] = crops[static_cast<size_t>(i)];
    Image tile = enlarged(*shard, row);
    if (shard->kind() != CropKind::negative) {
      const Face face = face_of(*shard, shard->label(row), input);
      draw_faces(tile, std::span(&face, 1));
    }
    const int left = kGap + (i % columns) * (kTile + kGap);
    const int top = kGap + (i / columns) * (kTile + kGap);
    for (int y = 0; y < kTile; ++y) std::copy_n(tile.row(y), 3 * kTile, mosaic.row(top + y) + ptrdiff_t{3} * left);
  }
  return mosaic;
}

}  // namespace mtcnn
