#pragma once

#include "mtcnn/engine/layer.h"

/// The three nets for inference on the CPU, without LibTorch. Constant after construction, safe to use from several
/// threads; each call runs in the thread that makes it. Input: floats, channels last, values (pixel - 127.5) / 128.
/// Output: the values of one window next to each other (see runner.h).
namespace mtcnn::engine {

/// A part of an image in memory: [height, width, 3], rows `row_stride` floats apart.
struct Plane {
  const float* pixels = nullptr;
  ptrdiff_t row_stride = 0;
  int width = 0;
  int height = 0;
};

/// P-Net on maps of any size. Values of a cell: the face's logit, four offsets.
class PNet {
 public:
  static constexpr int kValues = 5;

  PNet(const NetWeights& weights, const Kernels& kernels);

  /// Rows [first, last) of its map of height / 2 - 5 rows and width / 2 - 5 columns.
  /// \param plane   even sides of at least 12.
  /// \param values  [last - first, width / 2 - 5, 5], rows `value_stride` floats apart.
  void run(const Plane& plane, int first, int last, float* values, ptrdiff_t value_stride) const;

 private:
  const Kernels* kernels_;
  Layer conv1_, conv2_, conv3_, heads_;
};

/// R-Net on crops of 24 x 24 pixels. Values of a crop: the face's logit, four offsets.
class RNet {
 public:
  static constexpr int kSide = 24;

  RNet(const NetWeights& weights, const Kernels& kernels);

  /// \param crops   [count, 24, 24, 3]
  /// \param values  [count, values()]
  void run(const float* crops, int count, float* values) const;
  int values() const { return heads_.channels; }  ///< 5

 private:
  const Kernels* kernels_;
  Layer conv1_, conv2_, conv3_, dense4_, heads_;
};

/// O-Net on crops of 48 x 48 pixels. Values of a crop: the face's logit, four offsets, the points.
class ONet {
 public:
  static constexpr int kSide = 48;

  ONet(const NetWeights& weights, const Kernels& kernels);

  /// \param crops   [count, 48, 48, 3]
  /// \param values  [count, values()]
  void run(const float* crops, int count, float* values) const;
  int values() const { return heads_.channels; }  ///< 5, and 2 a point

 private:
  const Kernels* kernels_;
  Layer conv1_, conv2_, conv3_, conv4_, dense5_, heads_;
};

}  // namespace mtcnn::engine
