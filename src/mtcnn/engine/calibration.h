#pragma once

#include <vector>

namespace mtcnn::engine {

/// Images that excite a face net about as much as photographs do, painted by formulas: they tell which values its
/// layers take, without data.
struct Calibration {
  int side;
  int textures;              ///< blobs and checks of many sizes come first
  int faces;                 ///< then painted faces
  std::vector<float> crops;  ///< [textures + faces, side, side, 3], values (pixel - 127.5) / 128
};

/// The same on every machine.
Calibration painted_calibration(int side);

}  // namespace mtcnn::engine
