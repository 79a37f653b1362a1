#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/weights/onnx_file.h"
#include "mtcnn/weights/onnx_graph.h"
#include "mtcnn/weights/onnx_schema.h"

#include <optional>
#include <utility>

#include <protozero/pbf_builder.hpp>

namespace mtcnn {
namespace {

using namespace onnx;
template <class Message>
using Builder = protozero::pbf_builder<Message>;

struct Attribute {
  const char* name;
  std::vector<int64_t> values;
  bool list = true;
};

/// One dimension: its size, or a name where any will do.
struct Dimension {
  int64_t size = 0;
  const char* name = nullptr;
};

struct Value {
  std::string name;
  std::vector<Dimension> shape;
  std::string meaning;
};

class GraphWriter {
 public:
  explicit GraphWriter(Builder<GraphProto>& graph) : graph_(graph) {}

  /// Adds an operation; its result has the operation's name.
  std::string node(const char* op, const std::string& name, const std::vector<std::string>& inputs,
                   const std::vector<Attribute>& attributes) {
    Builder<NodeProto> node(graph_, GraphProto::node);
    for (const std::string& input : inputs) node.add_string(NodeProto::input, input);
    node.add_string(NodeProto::output, name);
    node.add_string(NodeProto::name, name);
    node.add_string(NodeProto::op_type, op);
    for (const Attribute& attribute : attributes) add(node, attribute);
    return name;
  }

  void tensor(const std::string& name, const std::vector<int64_t>& shape, const std::vector<float>& values) {
    Builder<TensorProto> tensor(graph_, GraphProto::initializer);
    for (const int64_t dimension : shape) tensor.add_int64(TensorProto::dims, dimension);
    tensor.add_int32(TensorProto::data_type, static_cast<int32_t>(DataType::FLOAT));
    tensor.add_string(TensorProto::name, name);
    tensor.add_bytes(TensorProto::raw_data, reinterpret_cast<const char*>(values.data()),
                     values.size() * sizeof(float));
  }

  void value(GraphProto field, const Value& value) {
    Builder<ValueInfoProto> info(graph_, field);
    info.add_string(ValueInfoProto::name, value.name);
    {
      Builder<TypeProto> type(info, ValueInfoProto::type);
      Builder<TypeProtoTensor> tensor(type, TypeProto::tensor_type);
      tensor.add_int32(TypeProtoTensor::elem_type, static_cast<int32_t>(DataType::FLOAT));
      Builder<TensorShapeProto> shape(tensor, TypeProtoTensor::shape);
      for (const Dimension& dimension : value.shape) {
        Builder<TensorShapeProtoDimension> dim(shape, TensorShapeProto::dim);
        if (dimension.name != nullptr) {
          dim.add_string(TensorShapeProtoDimension::dim_param, dimension.name);
        } else {
          dim.add_int64(TensorShapeProtoDimension::dim_value, dimension.size);
        }
      }
    }
    info.add_string(ValueInfoProto::doc_string, value.meaning);
  }

 private:
  static void add(Builder<NodeProto>& node, const Attribute& attribute) {
    Builder<AttributeProto> field(node, NodeProto::attribute);
    field.add_string(AttributeProto::name, attribute.name);
    for (const int64_t value : attribute.values)
      field.add_int64(attribute.list ? AttributeProto::ints : AttributeProto::i, value);
    field.add_int32(AttributeProto::type,
                    static_cast<int32_t>(attribute.list ? AttributeType::INTS : AttributeType::INT));
  }

  Builder<GraphProto>& graph_;
};

Attribute one(const char* name, int64_t value) { return {name, {value}, false}; }
Attribute square(const char* name, int64_t side) { return {name, {side, side}, true}; }

/// \return the name of what the layers before the heads come to.
std::string write_layers(GraphWriter& graph, const NetSpec& spec) {
  std::string x = "input";
  bool flat = false;
  for (const LayerSpec& layer : spec.layers) {
    const std::vector<std::string> parameters = {layer.name + ".weight", layer.name + ".bias"};
    if (layer.kernel == 0 && !std::exchange(flat, true)) x = graph.node("Flatten", "flatten", {x}, {one("axis", 1)});
    x = layer.kernel > 0
            ? graph.node("Conv", layer.name, {x, parameters[0], parameters[1]}, {square("kernel_shape", layer.kernel)})
            : graph.node("Gemm", layer.name, {x, parameters[0], parameters[1]}, {one("transB", 1)});
    x = graph.node("PRelu", layer.prelu, {x, layer.prelu + ".weight"}, {});
    if (layer.pool > 0)
      x = graph.node("MaxPool", layer.name + "_pool", {x},
                     {square("kernel_shape", layer.pool), square("strides", 2), one("ceil_mode", 1)});
  }
  return x;
}

void write_heads(GraphWriter& graph, const NetWeights& weights, const std::string& features) {
  const NetSpec& spec = net_spec(weights.net);
  for (const HeadSpec& head : spec.heads) {
    const std::string parameter = head.name + ".weight";
    if (weights.find(parameter) == nullptr) continue;
    const bool face = head.kind == HeadKind::face;
    const char* output = head_traits(head.kind).output;
    const std::string name = face ? "logits" : output;
    const std::vector<std::string> inputs = {features, parameter, head.name + ".bias"};
    if (spec.is_convolutional()) {
      graph.node("Conv", name, inputs, {square("kernel_shape", 1)});
    } else {
      graph.node("Gemm", name, inputs, {one("transB", 1)});
    }
    if (face) graph.node("Softmax", output, {name}, {one("axis", 1)});
  }
}

void write_values(GraphWriter& graph, const NetWeights& weights) {
  const NetSpec& spec = net_spec(weights.net);
  const Dimension batch = {0, "N"};
  std::vector<Dimension> image = {batch, {3}, {spec.input_side}, {spec.input_side}};
  if (spec.is_convolutional()) image = {batch, {3}, {0, "H"}, {0, "W"}};
  graph.value(GraphProto::input, {"input", image, "RGB crops; metadata_props `input` says how pixels become numbers"});
  for (const HeadSpec& head : spec.heads) {
    const NamedTensor* bias = weights.find(head.name + ".bias");
    if (bias == nullptr) continue;
    std::vector<Dimension> shape = {batch, {bias->shape.front()}};
    if (spec.is_convolutional()) shape.insert(shape.end(), {{0, "rows"}, {0, "columns"}});
    const HeadTraits& traits = head_traits(head.kind);
    graph.value(GraphProto::output, {traits.output, shape, traits.meaning});
  }
}

void write_graph(Builder<ModelProto>& model, const NetWeights& weights) {
  Builder<GraphProto> message(model, ModelProto::graph);
  GraphWriter graph(message);
  write_heads(graph, weights, write_layers(graph, net_spec(weights.net)));
  message.add_string(GraphProto::name, net_name(weights.net));
  for (const NamedTensor& tensor : weights.tensors) {
    std::vector<int64_t> shape = tensor.shape;
    // PReLU's slopes are spread over the map from the right.
    for (const LayerSpec& layer : net_spec(weights.net).layers) {
      if (layer.kernel > 0 && tensor.name == layer.prelu + ".weight") shape.insert(shape.end(), {1, 1});
    }
    graph.tensor(tensor.name, shape, tensor.values);
  }
  write_values(graph, weights);
}

std::string model_bytes(const NetWeights& weights) {
  std::map<std::string, std::string> metadata = weights.metadata;
  metadata["format"] = kOnnxFormat;
  metadata["version"] = kOnnxFormatVersion;
  metadata["net"] = net_name(weights.net);
  metadata["created_by"] = concat("mtcnn ", version(), " (", commit(), ")");
  metadata["checksum"] = weights_checksum(weights);

  std::string bytes;
  Builder<ModelProto> model(bytes);
  model.add_int64(ModelProto::ir_version, kOnnxIrVersion);
  model.add_string(ModelProto::producer_name, "mtcnn");
  model.add_string(ModelProto::producer_version, version());
  model.add_string(ModelProto::doc_string, concat(net_title(weights.net), " of an MTCNN cascade"));
  {
    Builder<OperatorSetIdProto> opset(model, ModelProto::opset_import);
    opset.add_string(OperatorSetIdProto::domain, "");
    opset.add_int64(OperatorSetIdProto::version, kOnnxOpset);
  }
  for (const auto& [key, value] : metadata) {
    Builder<StringStringEntryProto> entry(model, ModelProto::metadata_props);
    entry.add_string(StringStringEntryProto::key, key);
    entry.add_string(StringStringEntryProto::value, value);
  }
  write_graph(model, weights);  // last, so that a file that was cut short lacks a part of it
  return bytes;
}

}  // namespace

void write_onnx(const std::filesystem::path& path, const NetWeights& weights) {
  write_text(path, model_bytes(weights));
}

}  // namespace mtcnn
