#pragma once

#include "mtcnn/engine/layer.h"
#include "mtcnn/engine/winograd.h"

#include <optional>
#include <vector>

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

/// R-Net or O-Net on square crops. Values of a crop: the face's logit, four offsets, for O-Net the points.
class CropNet {
 public:
  CropNet(const NetWeights& weights, const Kernels& kernels);

  int side() const { return side_; }              ///< of its crops
  int values() const { return heads_.channels; }  ///< of a crop
  ptrdiff_t crop_floats() const { return ptrdiff_t{3} * side_ * side_; }

  /// \param crops   [count, side(), side(), 3]
  /// \param values  [count, values()]
  /// \param exact   with floats alone; else most products are of numbers rounded to 15 bits, where that saves time.
  void run(const float* crops, int count, float* values, bool exact = true) const;

 private:
  /// A convolution, with max-pooling behind it where `pool` is not 0.
  struct Step {
    Layer layer;
    std::optional<WordLayer> words;         ///< the layer's, where that pays
    std::optional<WinogradLayer> winograd;  ///< instead of the layer, where that pays
    int pool;
  };

  const Kernels* kernels_;
  int side_;
  std::vector<Step> steps_;
  Layer dense_, heads_;
};

}  // namespace mtcnn::engine
