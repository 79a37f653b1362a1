#include "mtcnn/weights/spec.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace mtcnn {
namespace {

constexpr int64_t kColours = 3;

/// By HeadKind.
constexpr HeadTraits kHeads[] = {
    {.output = "probability", .meaning = "probability of no face, of a face", .values = 2},
    {.output = "offsets", .meaning = "(edge - window's edge) / window's size, for x1, y1, x2, y2", .values = 4},
    {.output = "landmarks",
     .meaning = "(point - window's corner) / window's size, as x0 y0 x1 y1 ...",
     .optional = true},
};

const NetSpec kNets[] = {
    {.net = NetKind::pnet,
     .input_side = 12,
     .layers = {{.name = "conv1", .prelu = "prelu1", .kernel = 3, .pool = 2, .channels = 10},
                {.name = "conv2", .prelu = "prelu2", .kernel = 3, .channels = 16},
                {.name = "conv3", .prelu = "prelu3", .kernel = 3, .channels = 32}},
     .heads = {{"conv4_1", HeadKind::face}, {"conv4_2", HeadKind::box}, {"conv4_3", HeadKind::landmarks}}},
    {.net = NetKind::rnet,
     .input_side = 24,
     .layers = {{.name = "conv1", .prelu = "prelu1", .kernel = 3, .pool = 3, .channels = 28},
                {.name = "conv2", .prelu = "prelu2", .kernel = 3, .pool = 3, .channels = 48},
                {.name = "conv3", .prelu = "prelu3", .kernel = 2, .channels = 64},
                {.name = "dense4", .prelu = "prelu4", .channels = 128}},
     .heads = {{"dense5_1", HeadKind::face}, {"dense5_2", HeadKind::box}, {"dense5_3", HeadKind::landmarks}}},
    {.net = NetKind::onet,
     .input_side = 48,
     .layers = {{.name = "conv1", .prelu = "prelu1", .kernel = 3, .pool = 3, .channels = 32},
                {.name = "conv2", .prelu = "prelu2", .kernel = 3, .pool = 3, .channels = 64},
                {.name = "conv3", .prelu = "prelu3", .kernel = 3, .pool = 2, .channels = 64},
                {.name = "conv4", .prelu = "prelu4", .kernel = 2, .channels = 128},
                {.name = "dense5", .prelu = "prelu5", .channels = 256}},
     .heads = {{"dense6_1", HeadKind::face}, {"dense6_2", HeadKind::box}, {"dense6_3", HeadKind::landmarks}}},
};

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

const HeadTraits& head_traits(HeadKind kind) { return kHeads[static_cast<size_t>(kind)]; }

HeadKind head_of_size(int64_t values) {
  for (const HeadKind kind : {HeadKind::face, HeadKind::box}) {
    if (head_traits(kind).values == values) return kind;
  }
  return HeadKind::landmarks;
}

int64_t HeadSpec::values(int64_t points) const {
  const int64_t fixed = head_traits(kind).values;
  return fixed > 0 ? fixed : 2 * points;
}

int NetSpec::side_behind(size_t count) const {
  int side = input_side;
  for (size_t i = 0; i < count; ++i) {
    const LayerSpec& layer = layers.at(i);
    if (layer.kernel > 0) side -= layer.kernel - 1;
    if (layer.pool > 0) side = (side - layer.pool + 1) / 2 + 1;
  }
  return side;
}

const HeadSpec& NetSpec::head(HeadKind kind) const {
  const auto found = std::ranges::find(heads, kind, &HeadSpec::kind);
  require(found != heads.end(), "NetSpec: no such head");
  return *found;
}

const NetSpec& net_spec(NetKind net) { return kNets[static_cast<int>(net)]; }

std::vector<std::string> detection_heads(NetKind net) {
  std::vector<std::string> names;
  for (const HeadSpec& head : net_spec(net).heads) {
    const bool needed = head.kind == HeadKind::face || head.kind == HeadKind::box;
    if (needed || (head.kind == HeadKind::landmarks && net == NetKind::onet)) names.push_back(head.name);
  }
  return names;
}

int net_input_size(NetKind net) { return net_spec(net).input_side; }

Channels channels_for(NetKind net, double width) {
  Channels channels;
  for (const LayerSpec& layer : net_spec(net).layers)
    channels.push_back(std::max<int64_t>(1, std::llround(layer.channels * width)));
  return channels;
}

int64_t TensorSpec::count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::vector<int64_t> TensorSpec::shape_for(int64_t points) const {
  std::vector<int64_t> own = shape;
  if (landmark_head) own.front() = 2 * points;
  return own;
}

std::vector<TensorSpec> tensor_specs(NetKind net, const Channels& channels) {
  const NetSpec& spec = net_spec(net);
  require(channels.size() == spec.layers.size(), "tensor_specs: the net has another number of layers");
  std::vector<TensorSpec> tensors;
  const auto add = [&](const std::string& name, std::vector<int64_t> weight, const HeadSpec* head = nullptr) {
    const bool landmarks = head != nullptr && head->kind == HeadKind::landmarks;
    const bool optional = head != nullptr && head_traits(head->kind).optional;
    const int64_t outputs = weight.front();
    tensors.push_back({name + ".weight", std::move(weight), landmarks, optional});
    tensors.push_back({name + ".bias", {outputs}, landmarks, optional});
  };
  int64_t inputs = kColours;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const int64_t side = layer.kernel > 0 ? 1 : spec.side_behind(i);
    if (layer.kernel > 0) {
      add(layer.name, {channels[i], inputs, layer.kernel, layer.kernel});
    } else {
      add(layer.name, {channels[i], inputs * side * side});
    }
    tensors.push_back({layer.prelu + ".weight", {channels[i]}});
    inputs = channels[i];
  }
  for (const HeadSpec& head : spec.heads) {
    std::vector<int64_t> shape = {head.values(kFacePoints), inputs};
    if (spec.is_convolutional()) shape.insert(shape.end(), {1, 1});
    add(head.name, std::move(shape), &head);
  }
  return tensors;
}

const std::vector<TensorSpec>& tensor_specs(NetKind net) {
  static const std::vector<TensorSpec> paper[] = {tensor_specs(NetKind::pnet, channels_for(NetKind::pnet)),
                                                  tensor_specs(NetKind::rnet, channels_for(NetKind::rnet)),
                                                  tensor_specs(NetKind::onet, channels_for(NetKind::onet))};
  return paper[static_cast<int>(net)];
}

const TensorSpec* find_spec(std::span<const TensorSpec> specs, std::string_view name) {
  const auto found = std::ranges::find(specs, name, &TensorSpec::name);
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace mtcnn
