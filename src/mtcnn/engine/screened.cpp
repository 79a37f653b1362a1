#include "mtcnn/engine/screened.h"

#include "mtcnn/engine/maps.h"

#include <algorithm>
#include <vector>

namespace mtcnn::engine {
namespace {

constexpr int kBlockRows = 4;    ///< of cells that are looked at together by the float net
constexpr int kMostGap = 4;      ///< columns between two candidates that one block still spans
constexpr int kDenseShare = 12;  ///< one candidate in so many cells, and the float net runs over all
constexpr int kWindow = 12;      ///< P-Net's

}  // namespace

ScreenedPNet::ScreenedPNet(const NetWeights& weights, const Kernels& kernels)
    : net_(weights, kernels), screen_(usable_screen<PNetScreen>(weights, kernels)) {}

void ScreenedPNet::run(const Plane& plane, int first, int last, float least, float* values,
                       ptrdiff_t value_stride) const {
  if (screen_ == nullptr || least <= kSurelyNone) return net_.run(plane, first, last, values, value_stride);
  thread_local std::vector<float> room;
  thread_local std::vector<int> candidates;  // columns
  const int columns = plane.width / 2 - 5;
  const ptrdiff_t cells = ptrdiff_t{columns} * (last - first);
  float* logits = scratch(room, cells);
  const float may_reach = least - screen_->margin();
  screen_->run(plane, first, last, logits, may_reach);
  if (std::count_if(logits, logits + cells, [may_reach](float logit) { return logit >= may_reach; }) >
      cells / kDenseShare)
    return net_.run(plane, first, last, values, value_stride);

  const float below = least - 1;
  for (int row = first; row < last; row += kBlockRows) {
    const int rows = std::min(kBlockRows, last - row);
    candidates.clear();
    for (int x = 0; x < columns; ++x) {
      bool any = false;
      for (int y = 0; y < rows; ++y) {
        const ptrdiff_t at = row - first + y;
        values[at * value_stride + ptrdiff_t{x} * PNet::kValues] = below;
        any |= logits[at * columns + x] >= may_reach;
      }
      if (any) candidates.push_back(x);
    }
    for (size_t begin = 0; begin < candidates.size();) {
      size_t end = begin + 1;
      while (end < candidates.size() && candidates[end] - candidates[end - 1] <= kMostGap) ++end;
      const int x = candidates[begin];
      const int width = candidates[end - 1] - x + 1;
      const Plane part{plane.pixels + ptrdiff_t{2} * row * plane.row_stride + 2 * kColours * x, plane.row_stride,
                       2 * (width - 1) + kWindow, 2 * (rows - 1) + kWindow};
      net_.run(part, 0, rows, values + (row - first) * value_stride + ptrdiff_t{x} * PNet::kValues, value_stride);
      begin = end;
    }
  }
}

}  // namespace mtcnn::engine
