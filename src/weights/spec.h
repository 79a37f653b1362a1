#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// The three stages of the cascade.
enum class NetKind { pnet, rnet, onet };
inline constexpr NetKind kNetKinds[] = {NetKind::pnet, NetKind::rnet, NetKind::onet};

/// "pnet", "rnet", "onet": the names in files.
const char* net_name(NetKind net);
/// "P-Net", "R-Net", "O-Net": the names in messages.
const char* net_title(NetKind net);
/// The side of the square window in pixels: 12, 24, 48.
int net_input_size(NetKind net);

/// One parameter tensor of a net.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  bool optional = false;  ///< the landmark heads of P-Net and R-Net, which help training and may be left out

  int64_t count() const;
};

/// Every parameter of `net`, in the order of its layers. Dense columns are in C,H,W order.
/// Source: Zhang et al. 2016, fig. 2; docs/formats.md has the table.
const std::vector<TensorSpec>& net_spec(NetKind net);

/// nullptr where the net has no such parameter.
const TensorSpec* find_spec(NetKind net, std::string_view name);

}  // namespace mtcnn
