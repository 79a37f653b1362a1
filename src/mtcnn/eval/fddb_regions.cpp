#include "mtcnn/eval/fddb_regions.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <utility>

namespace mtcnn {
namespace {

// Coordinates of ellipses are kept in 1/65536 pixel.
constexpr int kFractionBits = 16;
constexpr int64_t kOne = int64_t{1} << kFractionBits;
constexpr int64_t kHalf = kOne / 2;

struct FixedPoint {
  int64_t x = 0;
  int64_t y = 0;
  bool operator==(const FixedPoint&) const = default;
};

int64_t nearest_pixel(int64_t fixed_point) { return (fixed_point + kHalf) >> kFractionBits; }

/// Single precision comes first: 150.5000001 becomes 150.5, then 150.
int64_t rounded(double coordinate) { return std::llrint(static_cast<float>(coordinate)); }

/// Collects the pixels of a convex shape; what lies outside the image is dropped. Outline and scan line touch in
/// every row and so make one run. Only in the top row can there be gaps, where the outline was cut off and its pixels
/// went missing.
class Canvas {
 public:
  Canvas(const FddbSize& picture, int64_t first_row, int64_t last_row) : width_(picture.width) {
    top_ = std::clamp<int64_t>(first_row, 0, picture.height);
    const int64_t end = std::clamp<int64_t>(last_row + 1, top_, picture.height);
    rows_.assign(static_cast<size_t>(end - top_), {width_, -1});
    if (top_ == 0) top_row_.assign(static_cast<size_t>(width_), false);
  }

  int64_t end() const { return top_ + static_cast<int64_t>(rows_.size()); }

  void add_run(int64_t row, int64_t first, int64_t last) {
    if (row < top_ || row >= end() || first >= width_ || last < 0) return;
    const auto from = static_cast<int>(std::max<int64_t>(first, 0));
    const auto to = static_cast<int>(std::min<int64_t>(last, width_ - 1));
    auto& [left, right] = rows_[static_cast<size_t>(row - top_)];
    left = std::min(left, from);
    right = std::max(right, to);
    if (row == 0) std::fill(top_row_.begin() + from, top_row_.begin() + to + 1, true);
  }

  FddbMask mask() const {
    FddbMask mask;
    mask.runs.reserve(rows_.size());
    for (size_t i = 0; i < rows_.size(); ++i) {
      const auto& [left, right] = rows_[i];
      const int row = static_cast<int>(top_) + static_cast<int>(i);
      if (row == 0) {
        add_top_row(mask);
      } else if (left <= right) {
        mask.runs.push_back({row, left, right});
      }
    }
    for (const FddbMask::Run& run : mask.runs) mask.pixels += run.last - run.first + 1;
    return mask;
  }

 private:
  void add_top_row(FddbMask& mask) const {
    const auto begin = top_row_.begin();
    for (auto first = std::find(begin, top_row_.end(), true); first != top_row_.end();) {
      const auto after = std::find(first, top_row_.end(), false);
      mask.runs.push_back({0, static_cast<int>(first - begin), static_cast<int>(after - begin) - 1});
      first = std::find(after, top_row_.end(), true);
    }
  }

  int width_;
  int64_t top_ = 0;
  std::vector<std::pair<int, int>> rows_;  ///< leftmost and rightmost pixel
  std::vector<bool> top_row_;              ///< row 0 pixel by pixel, where the shape reaches it
};

/// The sine that the drawing uses: whole degrees, seven decimals, single precision.
double table_sine(int degrees) {
  static const std::array<float, 360> table = [] {
    std::array<float, 360> sines{};
    for (size_t i = 0; i < sines.size(); ++i) {
      const double exact = std::sin(static_cast<double>(i) * std::numbers::pi / 180);
      sines[i] = static_cast<float>(std::round(exact * 1e7) / 1e7);
    }
    return sines;
  }();
  return static_cast<double>(table[static_cast<size_t>(degrees % 360)]);
}

double table_cosine(int degrees) { return table_sine(degrees + 90); }

int whole_degrees(double angle, FddbAngle rule) {
  const double degrees = (std::numbers::pi - angle) * 180 / std::numbers::pi;
  const auto whole = std::llrint(rule == FddbAngle::opencv4 ? degrees : 180 - degrees);
  return static_cast<int>((whole % 360 + 360) % 360);
}

std::vector<FixedPoint> ellipse_polygon(const FddbEllipse& ellipse, FddbAngle rule) {
  const auto a = static_cast<int>(ellipse.major);
  const auto b = static_cast<int>(ellipse.minor);
  const int larger = std::max(a, b);
  const int step = larger < 3 ? 90 : larger < 10 ? 30 : larger < 15 ? 18 : 5;
  const int turn = whole_degrees(ellipse.angle, rule);
  const double cosine = table_cosine(turn);
  const double sine = table_sine(turn);
  const auto center_x = static_cast<double>(rounded(ellipse.x) * kOne);
  const auto center_y = static_cast<double>(rounded(ellipse.y) * kOne);
  std::vector<FixedPoint> vertices;
  for (int degrees = 0; degrees <= 360; degrees += step) {
    const double x = static_cast<double>(a * kOne) * table_cosine(degrees);
    const double y = static_cast<double>(b * kOne) * table_sine(degrees);
    const FixedPoint vertex{std::llrint(center_x + x * cosine - y * sine),
                            std::llrint(center_y + x * sine + y * cosine)};
    if (vertices.empty() || vertices.back() != vertex) vertices.push_back(vertex);
  }
  return vertices;
}

/// Bits for the sides on which a point lies outside [0, right] x [0, bottom].
enum Side : unsigned { left_of = 1, right_of = 2, above = 4, below = 8 };

unsigned outside(const FixedPoint& p, int64_t right, int64_t bottom) {
  return (p.x < 0 ? left_of : 0U) | (p.x > right ? right_of : 0U) | (p.y < 0 ? above : 0U) |
         (p.y > bottom ? below : 0U);
}

int64_t shift_along(int64_t distance, int64_t rise, int64_t run) {
  return static_cast<int64_t>(static_cast<double>(distance) * static_cast<double>(rise) / static_cast<double>(run));
}

/// Cuts a line to the image, first by rows, then by columns, in steps that see each other's result; false where
/// nothing is left. The cuts round towards zero, which decides some pixels at the border.
bool clip_line(FixedPoint& p, FixedPoint& q, const FddbSize& picture) {
  const int64_t right = picture.width * kOne - 1;
  const int64_t bottom = picture.height * kOne - 1;
  const auto hopeless = [&] { return (outside(p, right, bottom) & outside(q, right, bottom)) != 0; };
  if (hopeless()) return false;
  for (FixedPoint* end : {&p, &q}) {
    const unsigned sides = outside(*end, right, bottom);
    if ((sides & (above | below)) == 0) continue;
    const int64_t edge = (sides & above) != 0 ? 0 : bottom;
    end->x += shift_along(edge - end->y, q.x - p.x, q.y - p.y);
    end->y = edge;
  }
  if (hopeless()) return false;
  for (FixedPoint* end : {&p, &q}) {
    const unsigned sides = outside(*end, right, bottom);
    if ((sides & (left_of | right_of)) == 0) continue;
    const int64_t edge = (sides & left_of) != 0 ? 0 : right;
    end->y += shift_along(edge - end->x, q.y - p.y, q.x - p.x);
    end->x = edge;
  }
  return true;
}

/// An 8-connected line: one pixel a column where it is flat, a row where it is steep, plus its far end.
void draw_line(FixedPoint p, FixedPoint q, const FddbSize& picture, Canvas& canvas) {
  if (!clip_line(p, q, picture)) return;
  const bool flat = std::abs(q.x - p.x) > std::abs(q.y - p.y);
  if (flat ? q.x < p.x : q.y < p.y) std::swap(p, q);
  const int64_t length = flat ? q.x - p.x : q.y - p.y;
  const int64_t slope = (flat ? q.y - p.y : q.x - p.x) * kOne / (length | 1);
  canvas.add_run(nearest_pixel(q.y), nearest_pixel(q.x), nearest_pixel(q.x));
  const int64_t start = nearest_pixel(flat ? p.x : p.y);
  const int64_t other = flat ? p.y : p.x;
  for (int64_t i = 0; i <= length >> kFractionBits; ++i) {
    const int64_t across = nearest_pixel(other + i * slope);
    const int64_t column = flat ? start + i : across;
    canvas.add_run(flat ? across : start + i, column, column);
  }
}

/// One side of the polygon on its way down.
struct DescendingEdge {
  size_t vertex;      ///< where the present piece ends
  size_t direction;   ///< step to the next vertex, modulo their number
  int64_t end_row;    ///< row of that vertex
  int64_t x = 0;      ///< in the present row
  int64_t slope = 0;  ///< per row
};

/// Moves the edge on to the piece that leaves `row` downwards; false once no piece is left for either side.
bool next_piece(DescendingEdge& edge, int64_t row, std::span<const FixedPoint> vertices, size_t& pieces_left) {
  size_t from = edge.vertex;
  for (; pieces_left > 0; --pieces_left) {
    const size_t to = (from + edge.direction) % vertices.size();
    const int64_t rows = nearest_pixel(vertices[to].y) - row;
    if (rows > 0) {
      --pieces_left;
      const int64_t slope = ((vertices[to].x - vertices[from].x) * 2 + rows) / (2 * rows);
      edge = {to, edge.direction, row + rows, vertices[from].x, slope};
      return true;
    }
    from = to;
  }
  return false;
}

/// Fills between the two sides. A piece starts with the exact x of its upper vertex at that vertex's rounded row, so
/// the filling may lie a little off the true shape; the outline covers the rest, and mostly the lowest row alone.
void fill_convex(std::span<const FixedPoint> vertices, Canvas& canvas) {
  const auto higher = [](const FixedPoint& a, const FixedPoint& b) { return a.y < b.y; };
  const auto highest = std::min_element(vertices.begin(), vertices.end(), higher);
  const auto start = static_cast<size_t>(highest - vertices.begin());
  const int64_t first_row = nearest_pixel(highest->y);
  std::array<DescendingEdge, 2> edges = {DescendingEdge{start, 1, first_row},
                                         DescendingEdge{start, vertices.size() - 1, first_row}};
  size_t pieces_left = vertices.size();
  for (int64_t row = first_row; row < canvas.end(); ++row) {
    for (DescendingEdge& edge : edges) {
      if (row >= edge.end_row && !next_piece(edge, row, vertices, pieces_left)) return;
    }
    const auto [left, right] = std::minmax({edges[0].x, edges[1].x});
    canvas.add_run(row, nearest_pixel(left), nearest_pixel(right));
    for (DescendingEdge& edge : edges) edge.x += edge.slope;
  }
}

FddbMask draw(const FddbEllipse& ellipse, const FddbSize& picture, FddbAngle rule) {
  const std::vector<FixedPoint> vertices = ellipse_polygon(ellipse, rule);
  const auto [top, bottom] = std::minmax_element(vertices.begin(), vertices.end(),
                                                 [](const FixedPoint& a, const FixedPoint& b) { return a.y < b.y; });
  Canvas canvas(picture, nearest_pixel(top->y), nearest_pixel(bottom->y));
  for (size_t i = 0; i < vertices.size(); ++i) {
    draw_line(vertices[i == 0 ? vertices.size() - 1 : i - 1], vertices[i], picture, canvas);
  }
  if (vertices.size() > 2) fill_convex(vertices, canvas);
  return canvas.mask();
}

FddbMask draw(const FddbRectangle& box, const FddbSize& picture, FddbAngle) {
  const auto [left, right] = std::minmax({rounded(box.x), rounded(box.x + box.w)});
  const auto [top, bottom] = std::minmax({rounded(box.y), rounded(box.y + box.h)});
  Canvas canvas(picture, top, bottom);
  for (int64_t row = std::max<int64_t>(top, 0); row < canvas.end(); ++row) canvas.add_run(row, left, right);
  return canvas.mask();
}

bool plausible(double value) { return std::abs(value) <= kFddbLargest; }  // false for NaN

}  // namespace

bool fddb_drawable(const FddbRegion& region) {
  if (const auto* box = std::get_if<FddbRectangle>(&region)) {
    return plausible(box->x) && plausible(box->y) && plausible(box->w) && plausible(box->h);
  }
  const auto& ellipse = std::get<FddbEllipse>(region);
  return plausible(ellipse.major) && plausible(ellipse.minor) && plausible(ellipse.angle) && plausible(ellipse.x) &&
         plausible(ellipse.y) && ellipse.major > -1 && ellipse.minor > -1;
}

FddbMask fddb_mask(const FddbRegion& region, const FddbSize& picture, FddbAngle angle) {
  require(fddb_drawable(region), "fddb_mask: the region cannot be drawn");
  require(picture.width > 0 && picture.height > 0, "fddb_mask: the image has no pixels");
  return std::visit([&](const auto& shape) { return draw(shape, picture, angle); }, region);
}

int64_t fddb_common_pixels(const FddbMask& a, const FddbMask& b) {
  const auto above = [](const FddbMask::Run& run, int row) { return run.row < row; };
  auto in_a = a.runs.begin();
  auto in_b = b.runs.begin();
  int64_t common = 0;
  while (in_a != a.runs.end() && in_b != b.runs.end()) {
    if (in_a->row < in_b->row) {
      in_a = std::lower_bound(in_a, a.runs.end(), in_b->row, above);
    } else if (in_b->row < in_a->row) {
      in_b = std::lower_bound(in_b, b.runs.end(), in_a->row, above);
    } else {
      common += std::max(0, std::min(in_a->last, in_b->last) - std::max(in_a->first, in_b->first) + 1);
      ++(in_a->last < in_b->last ? in_a : in_b);
    }
  }
  return common;
}

double fddb_overlap(const FddbMask& a, const FddbMask& b) {
  const int64_t common = fddb_common_pixels(a, b);
  return common == 0 ? 0 : static_cast<double>(common) / static_cast<double>(a.pixels + b.pixels - common);
}

FddbEllipse fddb_upright_ellipse(const FddbRectangle& rectangle) {
  return {std::abs(rectangle.h) / 2, std::abs(rectangle.w) / 2, std::numbers::pi / 2, rectangle.x + rectangle.w / 2,
          rectangle.y + rectangle.h / 2};
}

}  // namespace mtcnn
