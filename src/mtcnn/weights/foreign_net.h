#pragma once

#include "mtcnn/weights/weights.h"

#include <array>
#include <string>
#include <string_view>

namespace mtcnn {

/// How the columns of the first dense layer are ordered.
enum class DenseColumns { chw, whc, cwh };

/// A net from another project's file: names and shapes are ours, some orders are not yet. Rows of landmarks are x0 x1
/// …, y0 y1 …. For this module alone.
struct ForeignNet {
  NetWeights weights;
  const char* layout = "";  ///< the kind of file, for metadata
  DenseColumns columns = DenseColumns::chw;
  bool turned_kernels = false;  ///< kernels are [..., W, H]
};

/// What Caffe calls the face heads of P-Net, R-Net and O-Net.
inline constexpr std::array<std::string_view, 3> kCaffeFaceHeads = {"conv4_1", "conv5_1", "conv6_1"};

/// The name of a layer that Caffe calls so: what it calls conv is dense with us where the feature map has ended.
std::string layer_from_caffe(std::string_view layer, NetKind net);

}  // namespace mtcnn
