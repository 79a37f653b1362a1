#include "mtcnn/geometry/nms.h"

#include "mtcnn/core/error.h"

#include <cmath>
#include <numeric>
#include <unordered_map>

namespace mtcnn {
namespace {

/// Kept boxes by octave of their width and by the cell their centre lies in; cells are as wide as the octave's smallest
/// box. Only boxes with area come in here.
class KeptGrid {
 public:
  KeptGrid(std::span<const Box> boxes, float threshold) : boxes_(boxes), threshold_(threshold) {}

  bool suppresses(const Box& box) const {
    for (const auto& [octave, cells] : octaves_) {
      // IoU > t needs both widths within a factor t of each other.
      const float smallest = std::ldexp(1.0F, octave);
      if (2 * smallest < threshold_ * box.width() || smallest * threshold_ > box.width()) continue;
      if (overlaps_any(cells, smallest, box)) return true;
    }
    return false;
  }

  void add(int32_t index) {
    const Box& box = boxes_[static_cast<size_t>(index)];
    const int octave = std::ilogb(box.width());
    const float side = std::ldexp(1.0F, octave);
    Octave& cells = octaves_[octave];
    cells.tallest = std::max(cells.tallest, box.height());
    cells.members.push_back(index);
    cells.grid[key(cell(centre_x(box), side), cell(centre_y(box), side))].push_back(index);
  }

 private:
  struct Octave {
    float tallest = 0;
    std::vector<int32_t> members;
    std::unordered_map<uint64_t, std::vector<int32_t>> grid;
  };

  static float centre_x(const Box& box) { return (box.x1 + box.x2) / 2; }
  static float centre_y(const Box& box) { return (box.y1 + box.y2) / 2; }
  static int64_t cell(float position, float side) {
    return static_cast<int64_t>(std::floor(std::clamp(position / side, -1e9F, 1e9F)));
  }
  static uint64_t key(int64_t x, int64_t y) {
    return (static_cast<uint64_t>(x) << 32U) ^ (static_cast<uint64_t>(y) & 0xFFFFFFFFU);
  }

  bool overlaps_any(const Octave& octave, float side, const Box& box) const {
    const float reach_x = box.width() / 2 + side;
    const float reach_y = (box.height() + octave.tallest) / 2;
    const int64_t x1 = cell(centre_x(box) - reach_x, side);
    const int64_t x2 = cell(centre_x(box) + reach_x, side);
    const int64_t y1 = cell(centre_y(box) - reach_y, side);
    const int64_t y2 = cell(centre_y(box) + reach_y, side);
    if (static_cast<double>(x2 - x1 + 1) * static_cast<double>(y2 - y1 + 1) >
        static_cast<double>(octave.members.size())) {
      return any_of(octave.members, box);
    }
    for (int64_t y = y1; y <= y2; ++y) {
      for (int64_t x = x1; x <= x2; ++x) {
        const auto found = octave.grid.find(key(x, y));
        if (found != octave.grid.end() && any_of(found->second, box)) return true;
      }
    }
    return false;
  }

  bool any_of(const std::vector<int32_t>& indices, const Box& box) const {
    return std::any_of(indices.begin(), indices.end(),
                       [&](int32_t k) { return iou(boxes_[static_cast<size_t>(k)], box) > threshold_; });
  }

  std::span<const Box> boxes_;
  float threshold_;
  std::unordered_map<int, Octave> octaves_;
};

}  // namespace

std::vector<int32_t> nms(std::span<const Box> boxes, std::span<const float> scores, float threshold, Overlap overlap) {
  require(boxes.size() == scores.size(), "nms: as many scores as boxes");
  require(threshold >= 0 && threshold <= 1, "nms: the threshold lies in [0, 1]");
  std::vector<int32_t> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  std::vector<int32_t> kept;
  KeptGrid grid(boxes, threshold);
  for (const int32_t index : order) {
    const Box& box = boxes[static_cast<size_t>(index)];
    if (!(box.area() > 0)) {
      kept.push_back(index);
      continue;
    }
    if (overlap == Overlap::union_area) {
      if (grid.suppresses(box)) continue;
      grid.add(index);
    } else {
      const auto covers = [&](int32_t k) { return iom(boxes[static_cast<size_t>(k)], box) > threshold; };
      if (std::any_of(kept.begin(), kept.end(), covers)) continue;
    }
    kept.push_back(index);
  }
  return kept;
}

void visit_overlapping(std::span<const Box> boxes, std::span<const Box> chosen, float least,
                       const std::function<void(size_t m, size_t n)>& visit) {
  require(least > 0 && least <= 1, "visit_overlapping: the least overlap lies in (0, 1]");
  std::vector<std::pair<float, size_t>> by_left;
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (boxes[i].area() > 0) by_left.emplace_back(boxes[i].x1, i);
  }
  std::sort(by_left.begin(), by_left.end());
  for (size_t m = 0; m < chosen.size(); ++m) {
    const Box& box = chosen[m];
    // IoU >= t needs t * width <= other's width <= width / t, and an intersection of t * the wider of the two.
    const float left = box.x1 - box.width() * (1 / least - 1);
    const float right = box.x1 + box.width() * (1 - least);
    for (auto at = std::lower_bound(by_left.begin(), by_left.end(), std::pair{left, size_t{0}});
         at != by_left.end() && at->first <= right; ++at) {
      if (iou(boxes[at->second], box) >= least) visit(m, at->second);
    }
  }
}

}  // namespace mtcnn
