#pragma once

#include "mtcnn/weights/weights.h"

namespace mtcnn {

/// How the columns of the first dense layer are ordered.
enum class DenseColumns { chw, whc, cwh };

/// A net from another project's file: names and shapes are ours, some orders are not yet. Rows of landmarks are x0 x1
/// …, y0 y1 …. For this room alone.
struct ForeignNet {
  NetWeights weights;
  const char* layout = "";  ///< the kind of file, for metadata
  DenseColumns columns = DenseColumns::chw;
  bool turned_kernels = false;  ///< kernels are [..., W, H]
};

}  // namespace mtcnn
