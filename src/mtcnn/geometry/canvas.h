#pragma once

#include "mtcnn/geometry/pyramid.h"

#include <span>
#include <vector>

namespace mtcnn {

/// A part of one pyramid level, with its place on a canvas. Everything is even, so that P-Net's pooling sees each part
/// as if it were alone; neighbours need no gap, since cells that see two of them are simply not read.
struct Tile {
  int image = 0;  ///< index into the list of images
  int level = 0;  ///< index into that image's levels
  int x = 0;      ///< first column in the level
  int y = 0;      ///< first row in the level
  int width = 0;
  int height = 0;
  int canvas_x = 0;
  int canvas_y = 0;

  int columns() const { return (width - kPNetWindow) / kPNetStride + 1; }
  int rows() const { return (height - kPNetWindow) / kPNetStride + 1; }
};

/// One input of P-Net: many tiles side by side.
struct Canvas {
  int width = 0;
  int height = 0;
  std::vector<Tile> tiles;
};

/// No canvas has more pixels than this, whatever the images: it bounds the memory of one P-Net pass.
inline constexpr int kMaxCanvasPixels = 1024 * 640;

/// Cuts large levels into tiles (they overlap by one window less one step, so that every cell of every level lies in
/// exactly one tile) and packs the tiles of all images tightly onto as few canvases as fit. Canvas sides come from a
/// short list, so that a program which sees images of every size still runs the net in few shapes.
/// \param levels  for each image its pyramid; may be empty, then nothing is planned for it.
/// \return each cell of each level once; deterministic.
std::vector<Canvas> plan_canvases(std::span<const std::vector<Level>> levels);

}  // namespace mtcnn
