#include "mtcnn/image/resample.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/simd.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

namespace mtcnn {
namespace {

/// One RGB pixel as a vector of four; the fourth lane is ignored.
using Lanes = float __attribute__((vector_size(16)));
constexpr ptrdiff_t kChannels = 3;
constexpr size_t kSlack = 4;  ///< floats after a row, so that a pixel may be loaded as four

/// The source pixels inside the image that one target pixel is made of.
struct Taps {
  int first = 0;
  int count = 0;       ///< 0 where the target pixel lies wholly outside
  size_t weights = 0;  ///< position in Axis::weights
  float inside = 0;    ///< sum of the weights; the rest, to 1, is border
};

struct Axis {
  std::vector<Taps> taps;
  std::vector<float> weights;
  int begin = 0;  ///< the source range that any tap touches; empty where begin == end
  int end = 0;
};

/// Adds the taps of target pixel [low, high) in source coordinates, `density` being the weight of one whole source
/// pixel.
Taps area_taps(double low, double high, double density, int size, std::vector<float>& weights) {
  const double from = std::clamp(low, 0.0, static_cast<double>(size));
  const double to = std::clamp(high, 0.0, static_cast<double>(size));
  Taps taps{.first = static_cast<int>(from), .weights = weights.size()};
  for (int k = taps.first; k < to; ++k) {
    const double covered = std::min(to, k + 1.0) - std::max(from, static_cast<double>(k));
    if (covered <= 0) continue;
    weights.push_back(static_cast<float>(covered * density));
    ++taps.count;
  }
  return taps;
}

Taps linear_taps(double centre, int size, std::vector<float>& weights) {
  const double below = std::floor(centre);
  const double fraction = centre - below;
  Taps taps{.weights = weights.size()};
  const double parts[2] = {1 - fraction, fraction};
  for (int side = 0; side < 2; ++side) {
    const double position = below + side;
    if (position < 0 || position >= size || parts[side] == 0) continue;
    if (taps.count++ == 0) taps.first = static_cast<int>(position);
    weights.push_back(static_cast<float>(parts[side]));
  }
  return taps;
}

/// Fills `axis`, whose memory is used again.
void make_axis(double low, double high, int count, int size, Axis& axis) {
  const double step = (high - low) / count;
  axis.taps.clear();
  axis.weights.clear();
  axis.begin = size;
  axis.end = 0;
  for (int i = 0; i < count; ++i) {
    Taps taps = step >= 1 ? area_taps(low + i * step, low + (i + 1) * step, 1 / step, size, axis.weights)
                          : linear_taps(low + (i + 0.5) * step - 0.5, size, axis.weights);
    for (int k = 0; k < taps.count; ++k) taps.inside += axis.weights[taps.weights + static_cast<size_t>(k)];
    if (taps.count > 0) {
      axis.begin = std::min(axis.begin, taps.first);
      axis.end = std::max(axis.end, taps.first + taps.count);
    }
    axis.taps.push_back(taps);
  }
  axis.begin = std::min(axis.begin, axis.end);
}

/// Sums of bytes of up to kMostSummed rows fit into 16 bits.
constexpr int kMostSummed = 257;
/// 64 bytes as pairs: the low halves of words, where machines are little-endian.
using Pairs = uint16_t __attribute__((vector_size(64)));
using Sums = uint32_t __attribute__((vector_size(128)));
static_assert(std::endian::native == std::endian::little);

/// The source rows that one target row is made of: weighted alike but for the first and the last.
struct SourceRows {
  const uint8_t* first = nullptr;
  ptrdiff_t stride = 0;
  int count = 0;  ///< at least 1
  float first_weight = 0;
  float inner_weight = 0;
  float last_weight = 0;

  const uint8_t* last() const { return first + (count - 1) * stride; }
};

MTCNN_SIMD_CLONES
void weigh_one(const uint8_t* row, float weight, size_t count, float* sum) {
  for (size_t i = 0; i < count; ++i) sum[i] = weight * static_cast<float>(row[i]);
}

MTCNN_SIMD_CLONES
void weigh_two(const uint8_t* a, float weight_a, const uint8_t* b, float weight_b, size_t count, float* sum) {
  for (size_t i = 0; i < count; ++i) sum[i] = weight_a * static_cast<float>(a[i]) + weight_b * static_cast<float>(b[i]);
}

/// Adds rows [begin, end) of the inner ones, at most kMostSummed, to `sum`; where they are the first, `sum` becomes the
/// outer rows' weighted sum before. A block of columns stays in registers, which is why this is far quicker than one
/// row after the other.
MTCNN_SIMD_CLONES
void add_inner(const SourceRows& rows, int begin, int end, size_t columns, float* sum) {
  constexpr size_t kBlock = sizeof(Pairs);
  const uint8_t* last_row = rows.last();
  const uint8_t* begin_row = rows.first + begin * rows.stride;
  const bool outer = begin == 1;
  size_t i = 0;
  for (; i < columns; i += kBlock) {
    if (i + kBlock > columns) {
      if (!outer || columns < kBlock) break;
      i = columns - kBlock;  // some again, to the same sums
    }
    // Bytes are added in pairs without being spread: the sum of pairs, and the sum of their high halves.
    Pairs both = {};
    Pairs high = {};
    const uint8_t* row = begin_row + i;
    for (int k = begin; k < end; ++k, row += rows.stride) {
      Pairs pairs;
      std::memcpy(&pairs, row, kBlock);
      both += pairs;
      high += pairs >> 8;
    }
    const Pairs low = both - (high << 8);
    const Sums sums = __builtin_convertvector(low, Sums) | (__builtin_convertvector(high, Sums) << 16);
    uint16_t inner[kBlock];
    std::memcpy(inner, &sums, sizeof inner);
    const uint8_t* first = rows.first + i;
    const uint8_t* last = last_row + i;
    float* out = sum + i;
    if (outer) {
      for (size_t k = 0; k < kBlock; ++k)
        out[k] = rows.first_weight * static_cast<float>(first[k]) + rows.last_weight * static_cast<float>(last[k]) +
                 rows.inner_weight * static_cast<float>(inner[k]);
    } else {
      for (size_t k = 0; k < kBlock; ++k) out[k] += rows.inner_weight * static_cast<float>(inner[k]);
    }
  }
  for (; i < columns; ++i) {
    int inner = 0;
    for (int k = begin; k < end; ++k) inner += rows.first[k * rows.stride + static_cast<ptrdiff_t>(i)];
    if (outer)
      sum[i] =
          rows.first_weight * static_cast<float>(rows.first[i]) + rows.last_weight * static_cast<float>(last_row[i]);
    sum[i] += rows.inner_weight * static_cast<float>(inner);
  }
}

/// sum[i] = the rows' weighted sum.
void weigh_rows(const SourceRows& rows, size_t count, float* sum) {
  if (rows.count == 1) return weigh_one(rows.first, rows.first_weight, count, sum);
  if (rows.count == 2) return weigh_two(rows.first, rows.first_weight, rows.last(), rows.last_weight, count, sum);
  for (int row = 1; row < rows.count - 1; row += kMostSummed)
    add_inner(rows, row, std::min(row + kMostSummed, rows.count - 1), count, sum);
}

[[gnu::always_inline]] inline Lanes load(const float* pixel) {
  Lanes lanes;
  std::memcpy(&lanes, pixel, sizeof lanes);
  return lanes;
}

/// The columns of a target row, all made of equally many source pixels: shorter ones are filled up with weight 0.
struct Columns {
  int taps = 0;
  std::vector<float> weights;    ///< [columns, taps]
  std::vector<ptrdiff_t> first;  ///< where in the weighted row a column's first source pixel lies
  std::vector<float> inside;     ///< see Taps
};

void make_columns(const Axis& axis, Columns& columns) {
  columns.taps = 0;
  columns.weights.clear();
  columns.first.clear();
  columns.inside.clear();
  for (const Taps& taps : axis.taps) columns.taps = std::max(columns.taps, taps.count);
  for (const Taps& taps : axis.taps) {
    const auto weights = axis.weights.begin() + static_cast<ptrdiff_t>(taps.weights);
    columns.weights.insert(columns.weights.end(), weights, weights + taps.count);
    columns.weights.resize(columns.weights.size() + static_cast<size_t>(columns.taps - taps.count));
    columns.first.push_back(taps.count > 0 ? kChannels * (taps.first - axis.begin) : 0);
    columns.inside.push_back(taps.inside);
  }
}

/// What a thread keeps from one call to the next: memory, and the columns, which all bands of a pyramid's level share.
struct Room {
  Axis rows;
  double low = 0, high = 0;  ///< what `across` and `columns` were made for
  int count = 0, size = 0;
  Axis across;
  Columns columns;
  std::vector<float> sum;      ///< of a target row's source rows
  std::vector<float> offsets;  ///< of a target row

  void set_columns(double from, double to, int target_count, int source_size) {
    if (low == from && high == to && count == target_count && size == source_size) return;
    count = 0;  // of no window: what an exception leaves half made is not used again
    make_axis(from, to, target_count, source_size, across);
    make_columns(across, columns);
    low = from, high = to, count = target_count, size = source_size;
  }
};

/// How a target row's values are finished: (value + the border's share - mean) * scale.
struct Finish {
  float inside_y;  ///< the share of the row that lies in the image
  float border;
  float mean;
  float scale;
  float* offsets;  ///< space for one of each column
};

/// Few taps are a chain of known length, which the compiler unrolls.
template <int N>
[[gnu::always_inline]] inline void write_columns(const float* sum, const Columns& columns, const Finish& finish,
                                                 float* out) {
  const float* weight = columns.weights.data();
  const int taps = N > 0 ? N : columns.taps;
  const size_t count = columns.first.size();
  for (size_t x = 0; x < count; ++x, out += kChannels, weight += taps) {
    const float* pixel = sum + columns.first[x];
    Lanes value{};
    if constexpr (N > 0) {
#pragma GCC unroll 4
      for (int k = 0; k < N; ++k) value += weight[k] * load(pixel + k * kChannels);
    } else {
      Lanes second{};  // two chains: additions need not wait for each other
      int k = 0;
      for (; k + 2 <= taps; k += 2) {
        value += weight[k] * load(pixel + k * kChannels);
        second += weight[k + 1] * load(pixel + (k + 1) * kChannels);
      }
      if (k < taps) value += weight[k] * load(pixel + k * kChannels);
      value += second;
    }
    value = (value + finish.offsets[x]) * finish.scale;
    if (x + 1 < count) {
      std::memcpy(out, &value, sizeof value);  // the next column writes over the fourth lane
    } else {
      std::memcpy(out, &value, kChannels * sizeof(float));
    }
  }
}

/// One target row from the weighted sum of its source rows.
MTCNN_SIMD_CLONES
void write_row(const float* sum, const Columns& columns, const Finish& finish, float* out) {
  for (size_t x = 0; x < columns.inside.size(); ++x)
    finish.offsets[x] = finish.border * (1 - finish.inside_y * columns.inside[x]) - finish.mean;
  switch (columns.taps) {
    case 1:
      return write_columns<1>(sum, columns, finish, out);
    case 2:
      return write_columns<2>(sum, columns, finish, out);
    case 3:
      return write_columns<3>(sum, columns, finish, out);
    case 4:
      return write_columns<4>(sum, columns, finish, out);
    default:
      return write_columns<0>(sum, columns, finish, out);
  }
}

}  // namespace

void resample(const ImageView& image, const Box& window, float border, const ResampleTarget& target) {
  require(!image.empty() && image.pixels != nullptr, "resample: an empty image");
  require(target.width > 0 && target.height > 0 && target.pixels != nullptr, "resample: an empty target");
  require(window.width() > 0 && window.height() > 0 && std::isfinite(window.area()),
          "resample: the window has no area");
  thread_local Room room;
  room.set_columns(window.x1, window.x2, target.width, image.width);
  make_axis(window.y1, window.y2, target.height, image.height, room.rows);
  const auto& [rows, across, columns] = std::tie(room.rows, room.across, room.columns);
  std::vector<float>& sum = room.sum;
  const size_t count = static_cast<size_t>(across.end - across.begin) * kChannels;
  // Values behind `count` meet weights of 0, so they only have to be finite.
  sum.resize(count + static_cast<size_t>(columns.taps) * kChannels + kSlack);
  room.offsets.resize(columns.inside.size());
  for (int y = 0; y < target.height; ++y) {
    const Taps& taps = rows.taps[static_cast<size_t>(y)];
    const float* weights = rows.weights.data() + taps.weights;
    if (taps.count > 0) {
      weigh_rows({.first = image.row(taps.first) + kChannels * across.begin,
                  .stride = image.stride,
                  .count = taps.count,
                  .first_weight = weights[0],
                  .inner_weight = weights[taps.count > 2 ? 1 : 0],
                  .last_weight = weights[taps.count - 1]},
                 count, sum.data());
    } else {
      std::fill(sum.begin(), sum.end(), 0.0F);
    }
    write_row(sum.data(), columns,
              {.inside_y = taps.inside,
               .border = border,
               .mean = target.mean,
               .scale = target.scale,
               .offsets = room.offsets.data()},
              target.pixels + y * target.row_stride);
  }
}

}  // namespace mtcnn
