#include "mtcnn/weights/spec.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace mtcnn {
namespace {

/// Collects a net's layers in order.
class SpecBuilder {
 public:
  SpecBuilder& conv(const std::string& name, int64_t in, int64_t out, int64_t kernel, bool landmark_head = false) {
    return weight_and_bias(name, {out, in, kernel, kernel}, landmark_head);
  }
  SpecBuilder& dense(const std::string& name, int64_t in, int64_t out, bool landmark_head = false) {
    return weight_and_bias(name, {out, in}, landmark_head);
  }
  SpecBuilder& prelu(const std::string& name, int64_t channels) {
    spec_.push_back({name + ".weight", {channels}});
    return *this;
  }
  std::vector<TensorSpec> done() { return std::move(spec_); }

 private:
  SpecBuilder& weight_and_bias(const std::string& name, std::vector<int64_t> shape, bool landmark_head) {
    const int64_t out = shape.front();
    spec_.push_back({name + ".weight", std::move(shape), landmark_head});
    spec_.push_back({name + ".bias", {out}, landmark_head});
    return *this;
  }
  std::vector<TensorSpec> spec_;
};

constexpr int64_t kPoints = 10;  ///< numbers of five points

std::vector<TensorSpec> pnet_spec() {
  return SpecBuilder()
      .conv("conv1", 3, 10, 3)
      .prelu("prelu1", 10)
      .conv("conv2", 10, 16, 3)
      .prelu("prelu2", 16)
      .conv("conv3", 16, 32, 3)
      .prelu("prelu3", 32)
      .conv("conv4_1", 32, 2, 1)
      .conv("conv4_2", 32, 4, 1)
      .conv("conv4_3", 32, kPoints, 1, true)
      .done();
}

std::vector<TensorSpec> rnet_spec() {
  return SpecBuilder()
      .conv("conv1", 3, 28, 3)
      .prelu("prelu1", 28)
      .conv("conv2", 28, 48, 3)
      .prelu("prelu2", 48)
      .conv("conv3", 48, 64, 2)
      .prelu("prelu3", 64)
      .dense("dense4", 576, 128)
      .prelu("prelu4", 128)
      .dense("dense5_1", 128, 2)
      .dense("dense5_2", 128, 4)
      .dense("dense5_3", 128, kPoints, true)
      .done();
}

std::vector<TensorSpec> onet_spec() {
  return SpecBuilder()
      .conv("conv1", 3, 32, 3)
      .prelu("prelu1", 32)
      .conv("conv2", 32, 64, 3)
      .prelu("prelu2", 64)
      .conv("conv3", 64, 64, 3)
      .prelu("prelu3", 64)
      .conv("conv4", 64, 128, 2)
      .prelu("prelu4", 128)
      .dense("dense5", 1152, 256)
      .prelu("prelu5", 256)
      .dense("dense6_1", 256, 2)
      .dense("dense6_2", 256, 4)
      .dense("dense6_3", 256, kPoints, true)
      .done();
}

}  // namespace

const char* net_name(NetKind net) {
  constexpr const char* names[] = {"pnet", "rnet", "onet"};
  return names[static_cast<int>(net)];
}

std::optional<NetKind> net_named(std::string_view name) {
  for (const NetKind net : kNetKinds) {
    if (name == net_name(net)) return net;
  }
  return std::nullopt;
}

const char* net_title(NetKind net) {
  constexpr const char* titles[] = {"P-Net", "R-Net", "O-Net"};
  return titles[static_cast<int>(net)];
}

int net_input_size(NetKind net) { return 12 << static_cast<int>(net); }

int64_t TensorSpec::count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<int64_t> TensorSpec::shape_for(int64_t points) const {
  std::vector<int64_t> own = shape;
  if (landmark_head) own.front() = 2 * points;
  return own;
}

const std::vector<TensorSpec>& net_spec(NetKind net) {
  static const std::vector<TensorSpec> specs[] = {pnet_spec(), rnet_spec(), onet_spec()};
  return specs[static_cast<int>(net)];
}

const TensorSpec* find_spec(NetKind net, std::string_view name) {
  const auto& spec = net_spec(net);
  const auto found =
      std::find_if(spec.begin(), spec.end(), [&](const TensorSpec& tensor) { return tensor.name == name; });
  return found == spec.end() ? nullptr : &*found;
}

}  // namespace mtcnn
