#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// The three stages of the cascade.
enum class NetKind { pnet, rnet, onet };
inline constexpr NetKind kNetKinds[] = {NetKind::pnet, NetKind::rnet, NetKind::onet};

/// "pnet", "rnet", "onet": the names in files.
const char* net_name(NetKind net);
/// The net of this net_name(); nothing for any other name.
std::optional<NetKind> net_named(std::string_view name);
/// "P-Net", "R-Net", "O-Net": the names in messages.
const char* net_title(NetKind net);
/// Points that a net can be made for.
inline constexpr int64_t kMostPoints = 1000;

/// The side of the square window in pixels: 12, 24, 48.
int net_input_size(NetKind net);

/// One parameter tensor of a net.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  /// Of a head that gives landmarks, two rows a point, which may be left out: those of P-Net and R-Net only help
  /// training, and a model without points has none. `shape` is that for five points.
  bool landmark_head = false;

  int64_t count() const;  ///< values of `shape`
  /// The tensor's shape in a net with so many points.
  std::vector<int64_t> shape_for(int64_t points) const;
};

/// Every parameter of `net`, in the order of its layers. Dense columns are in C,H,W order.
/// Source: Zhang et al. 2016, fig. 2; docs/formats.md has the table.
const std::vector<TensorSpec>& net_spec(NetKind net);

/// nullptr where the net has no such parameter.
const TensorSpec* find_spec(NetKind net, std::string_view name);

}  // namespace mtcnn
