#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/onnx_graph.h"

#include <algorithm>
#include <optional>
#include <set>

namespace mtcnn {
namespace {

Error another_net(const std::string& where, const std::string& found, const std::string& expected) {
  return {ErrorCode::bad_format,
          "this ONNX file holds none of the three nets",
          {.where = where, .found = found, .expected = expected}};
}

/// What a layer of ours consists of, in the order in which the graph computes it.
class Layers {
 public:
  Layers(const OnnxGraph& graph, std::string where) : graph_(graph), where_(std::move(where)) {
    for (const OnnxNode& node : graph.nodes) {
      if (node.op == "Conv" || node.op == "Gemm") {
        check(node);
        outputs_.push_back(&node);
      } else if (node.op == "PRelu") {
        slopes_.push_back(&node);
      } else if (node.op == "MaxPool") {
        pools_.push_back(&node);
      } else if (node.op == "MatMul") {
        throw another_net(where_, "a MatMul", "dense layers as Gemm, as torch.onnx.export writes them");
      }
    }
  }

  NetWeights weights() {
    const NetSpec& spec = net_spec(identify());
    check_pools(spec);
    std::vector<NamedTensor> tensors;
    for (size_t i = 0; i < spec.layers.size(); ++i) {
      add_layer(spec.layers[i].name, *outputs_[i], tensors);
      NamedTensor slopes = constant(*slopes_[i], 1);
      slopes.name = spec.layers[i].prelu + ".weight";
      slopes.shape = {static_cast<int64_t>(slopes.values.size())};
      tensors.push_back(std::move(slopes));
    }
    std::set<std::string> seen;
    for (size_t i = spec.layers.size(); i < outputs_.size(); ++i) {
      const std::string name = spec.head(head_kind(*outputs_[i])).name;
      if (!seen.insert(name).second) throw another_net(where_, concat("two outputs for ", name), "one each");
      add_layer(name, *outputs_[i], tensors);
    }
    return checked_weights(spec.net, std::move(tensors), where_, channels_for(spec.net));
  }

 private:
  NetKind identify() const {
    for (const NetKind net : kNetKinds) {
      const NetSpec& spec = net_spec(net);
      const size_t heads = outputs_.size() - std::min(outputs_.size(), spec.layers.size());
      if (slopes_.size() == spec.layers.size() && heads >= 2 && heads <= spec.heads.size()) return net;
    }
    throw another_net(where_, concat(outputs_.size(), " Conv and Gemm, ", slopes_.size(), " PRelu"),
                      "the layers of P-Net, R-Net or O-Net (docs/formats.md), as 5, 6 or 8 Conv and Gemm with 3, 4 or "
                      "5 PRelu");
  }

  static int64_t attribute(const OnnxNode& node, const char* name, int64_t otherwise) {
    const auto found = node.integers.find(name);
    return found == node.integers.end() ? otherwise : found->second.front();
  }

  /// \throws Error where the operation has settings that no layer of the nets has.
  void check(const OnnxNode& node) const {
    const auto all = [&](const char* name, int64_t value) {
      const auto found = node.integers.find(name);
      return found == node.integers.end() ||
             std::ranges::all_of(found->second, [&](int64_t number) { return number == value; });
    };
    const auto real = [&](const char* name) {
      const auto found = node.floats.find(name);
      return found == node.floats.end() || found->second == 1;
    };
    if (all("strides", 1) && all("pads", 0) && all("dilations", 1) && all("group", 1) && all("transA", 0) &&
        real("alpha") && real("beta"))
      return;
    throw another_net(where_, concat("a ", node.op, " with strides, padding or factors"),
                      "convolutions of stride 1 without padding");
  }

  void check_pools(const NetSpec& spec) const {
    std::vector<int64_t> sides;
    for (const LayerSpec& layer : spec.layers) {
      if (layer.pool > 0) sides.push_back(layer.pool);
    }
    bool fits = pools_.size() == sides.size();
    for (size_t i = 0; fits && i < sides.size(); ++i) {
      fits = attribute(*pools_[i], "kernel_shape", 0) == sides[i] && attribute(*pools_[i], "strides", 1) == 2 &&
             attribute(*pools_[i], "pads", 0) == 0 && attribute(*pools_[i], "ceil_mode", 0) == 1;
    }
    if (!fits) throw another_net(where_, "another max-pooling", "stride 2, no padding, ceil_mode=1");
  }

  /// The constant that a node takes as this input, perhaps through operations that change its shape alone.
  NamedTensor constant(const OnnxNode& node, size_t input) const {
    std::string name = input < node.inputs.size() ? node.inputs[input] : "";
    constexpr int kMostDetours = 8;
    for (int step = 0; step < kMostDetours; ++step) {
      if (const NamedTensor* tensor = graph_.find(name)) return *tensor;
      const auto source = std::ranges::find_if(graph_.nodes, [&](const OnnxNode& other) {
        return (other.op == "Identity" || other.op == "Unsqueeze" || other.op == "Reshape") && !other.inputs.empty() &&
               std::ranges::find(other.outputs, name) != other.outputs.end();
      });
      if (source == graph_.nodes.end()) break;
      name = source->inputs.front();
    }
    throw another_net(where_, concat("a ", node.op, " without constant weights"),
                      "weights, bias and slopes of float32 or float64");
  }

  void add_layer(const std::string& name, const OnnxNode& node, std::vector<NamedTensor>& tensors) const {
    NamedTensor weight = constant(node, 1);
    if (node.op == "Gemm" && attribute(node, "transB", 0) == 0) weight = transposed(weight);
    weight.name = name + ".weight";
    NamedTensor bias = constant(node, 2);
    bias.name = name + ".bias";
    tensors.push_back(std::move(weight));
    tensors.push_back(std::move(bias));
  }

  NamedTensor transposed(const NamedTensor& matrix) const {
    if (matrix.shape.size() != 2) throw another_net(where_, "a Gemm of another rank", "2");
    const auto rows = static_cast<size_t>(matrix.shape[0]);
    const auto columns = static_cast<size_t>(matrix.shape[1]);
    NamedTensor result = {{}, {matrix.shape[1], matrix.shape[0]}, {}};
    result.values.reserve(matrix.values.size());
    for (size_t column = 0; column < columns; ++column) {
      for (size_t row = 0; row < rows; ++row) result.values.push_back(matrix.values[row * columns + column]);
    }
    return result;
  }

  HeadKind head_kind(const OnnxNode& node) const {
    return head_of_size(static_cast<int64_t>(constant(node, 2).values.size()));
  }

  const OnnxGraph& graph_;
  std::string where_;
  std::vector<const OnnxNode*> outputs_;  ///< of layers and heads: Conv, Gemm
  std::vector<const OnnxNode*> slopes_;
  std::vector<const OnnxNode*> pools_;
};

}  // namespace

ForeignNet foreign_onnx_net(const OnnxGraph& graph, const std::string& where) {
  ForeignNet result{.layout = "ONNX"};
  for (const OnnxNode& node : graph.nodes) {
    if (node.op != "Transpose") continue;
    const auto order = node.integers.find("perm");
    if (order == node.integers.end() || order->second != std::vector<int64_t>{0, 3, 2, 1}) {
      throw another_net(where, "a Transpose of another order",
                        "none, or that of facenet-pytorch (0, 3, 2, 1) before the dense layers");
    }
    result.columns = DenseColumns::whc;
  }
  result.weights = Layers(graph, where).weights();
  return result;
}

}  // namespace mtcnn
