#include "mtcnn/weights/onnx_graph.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/input.h"
#include "mtcnn/weights/onnx_file.h"
#include "mtcnn/weights/onnx_schema.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <protozero/pbf_message.hpp>

namespace mtcnn {
namespace {

using namespace onnx;
template <class Message>
using Reader = protozero::pbf_message<Message>;

// What a field must be to be taken; of another type it is passed over.
using protozero::tag_and_type;
constexpr auto kVarint = protozero::pbf_wire_type::varint;
constexpr auto kFixed32 = protozero::pbf_wire_type::fixed32;
constexpr auto kFixed64 = protozero::pbf_wire_type::fixed64;
constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;

constexpr size_t kMostEntries = 1000;
constexpr size_t kMostDimensions = 8;
constexpr size_t kLargestOnnx = size_t{64} << 20;

Error broken(const std::string& where, const std::string& found, const std::string& expected = {}) {
  return {ErrorCode::bad_format, "not a readable ONNX file", {.where = where, .found = found, .expected = expected}};
}

void require_few(size_t count, const char* what, const std::string& where) {
  if (count > kMostEntries) throw broken(where, concat("over ", kMostEntries, " ", what));
}

/// Adds the numbers of a repeated field that is packed. Those behind `most` are left out.
template <class Range, class Number>
void append_packed(const Range& range, std::vector<Number>& numbers, size_t most) {
  for (const auto number : range) {
    if (numbers.size() > most) return;
    numbers.push_back(static_cast<Number>(number));
  }
}

template <class Number>
void append_raw(protozero::data_view raw, std::vector<float>& values, const std::string& where) {
  if (raw.size() % sizeof(Number) != 0) throw broken(where, concat(raw.size(), " bytes of a tensor's values"));
  values.reserve(raw.size() / sizeof(Number));
  for (size_t i = 0; i < raw.size(); i += sizeof(Number)) {
    Number number;
    std::memcpy(&number, raw.data() + i, sizeof number);
    values.push_back(static_cast<float>(number));
  }
}

/// The values of a tensor: as raw bytes, or one by one. \throws Error where they do not fit the shape.
void set_values(NamedTensor& tensor, int32_t type, protozero::data_view raw, const std::string& where) {
  if (type == static_cast<int32_t>(DataType::FLOAT)) {
    append_raw<float>(raw, tensor.values, where);
  } else if (type == static_cast<int32_t>(DataType::DOUBLE)) {
    append_raw<double>(raw, tensor.values, where);
  } else {
    tensor.values.clear();
    return;
  }
  if (tensor.shape.size() > kMostDimensions) throw broken(where, concat("over ", kMostDimensions, " dimensions"));
  uint64_t count = 1;
  for (const int64_t dimension : tensor.shape) {
    if (dimension < 0 || dimension > static_cast<int64_t>(kLargestOnnx))
      throw broken(where, concat("a dimension of ", dimension));
    count *= static_cast<uint64_t>(dimension);  // no overflow: both are at most 2^26
    if (count > kLargestOnnx) break;
  }
  if (count == tensor.values.size()) return;
  throw broken(where, concat(tensor.values.size(), " values in tensor '", printable(tensor.name), "' of shape ",
                             shape_text(tensor.shape)));
}

/// The tensor, without values where it is of no floating-point numbers.
NamedTensor read_tensor(Reader<TensorProto> message, const std::string& where) {
  constexpr size_t kAll = SIZE_MAX - 1;
  NamedTensor tensor;
  int32_t type = 0;
  protozero::data_view raw;
  bool elsewhere = false;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(TensorProto::dims, kVarint):
        if (tensor.shape.size() <= kMostDimensions)
          tensor.shape.push_back(message.get_int64());
        else
          message.skip();
        break;
      case tag_and_type(TensorProto::dims, kBytes):
        append_packed(message.get_packed_int64(), tensor.shape, kMostDimensions);
        break;
      case tag_and_type(TensorProto::data_type, kVarint):
        type = message.get_int32();
        break;
      case tag_and_type(TensorProto::float_data, kFixed32):
        tensor.values.push_back(message.get_float());
        break;
      case tag_and_type(TensorProto::float_data, kBytes):
        append_packed(message.get_packed_float(), tensor.values, kAll);
        break;
      case tag_and_type(TensorProto::double_data, kFixed64):
        tensor.values.push_back(static_cast<float>(message.get_double()));
        break;
      case tag_and_type(TensorProto::double_data, kBytes):
        append_packed(message.get_packed_double(), tensor.values, kAll);
        break;
      case tag_and_type(TensorProto::name, kBytes):
        tensor.name = message.get_string();
        break;
      case tag_and_type(TensorProto::raw_data, kBytes):
        raw = message.get_view();
        break;
      case tag_and_type(TensorProto::data_location, kVarint):
        elsewhere = message.get_enum() == static_cast<int32_t>(DataLocation::EXTERNAL);
        break;
      default:
        message.skip();
    }
  }
  if (elsewhere) {
    throw Error(ErrorCode::unsupported, "the values of this ONNX file lie in another file",
                {.where = where,
                 .found = concat("tensor '", printable(tensor.name), "'"),
                 .hint = "write it again as one file: torch.onnx.export(..., external_data=False), or "
                         "onnx.save(onnx.load(file), one_file)"});
  }
  set_values(tensor, type, raw, where);
  return tensor;
}

/// \return the tensor of an attribute, which a constant has.
std::optional<NamedTensor> read_attribute(Reader<AttributeProto> message, OnnxNode& node, const std::string& where) {
  std::string name;
  std::optional<float> real;
  std::vector<int64_t> integers;
  std::optional<NamedTensor> tensor;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(AttributeProto::name, kBytes):
        name = message.get_string();
        break;
      case tag_and_type(AttributeProto::f, kFixed32):
        real = message.get_float();
        break;
      case tag_and_type(AttributeProto::i, kVarint):
        integers = {message.get_int64()};
        break;
      case tag_and_type(AttributeProto::ints, kVarint):
        integers.push_back(message.get_int64());
        require_few(integers.size(), "integers in one attribute", where);
        break;
      case tag_and_type(AttributeProto::ints, kBytes):
        append_packed(message.get_packed_int64(), integers, kMostEntries);
        break;
      case tag_and_type(AttributeProto::t, kBytes):
        tensor = read_tensor(message.get_message(), where);
        break;
      default:
        message.skip();
    }
  }
  if (real) node.floats[name] = *real;
  if (!integers.empty()) node.integers[name] = std::move(integers);
  return tensor;
}

void read_node(Reader<NodeProto> message, OnnxGraph& graph, const std::string& where) {
  OnnxNode node;
  std::optional<NamedTensor> constant;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(NodeProto::input, kBytes):
        node.inputs.push_back(message.get_string());
        require_few(node.inputs.size(), "inputs of one node", where);
        break;
      case tag_and_type(NodeProto::output, kBytes):
        node.outputs.push_back(message.get_string());
        require_few(node.outputs.size(), "outputs of one node", where);
        break;
      case tag_and_type(NodeProto::op_type, kBytes):
        node.op = message.get_string();
        break;
      case tag_and_type(NodeProto::attribute, kBytes):
        if (auto tensor = read_attribute(message.get_message(), node, where)) constant = std::move(tensor);
        require_few(node.integers.size() + node.floats.size(), "attributes of one node", where);
        break;
      default:
        message.skip();
    }
  }
  if (constant && node.op == "Constant" && !node.outputs.empty()) {
    constant->name = node.outputs.front();
    graph.tensors.push_back(std::move(*constant));
  }
  graph.nodes.push_back(std::move(node));
}

void read_graph(Reader<GraphProto> message, OnnxGraph& graph, const std::string& where) {
  while (message.next()) {
    if (message.tag_and_type() == tag_and_type(GraphProto::node, kBytes)) {
      read_node(message.get_message(), graph, where);
    } else if (message.tag_and_type() == tag_and_type(GraphProto::initializer, kBytes)) {
      graph.tensors.push_back(read_tensor(message.get_message(), where));
    } else {
      message.skip();
    }
    require_few(graph.nodes.size(), "nodes", where);
    require_few(graph.tensors.size(), "tensors", where);
  }
  std::erase_if(graph.tensors, [](const NamedTensor& tensor) { return tensor.values.empty(); });
}

void read_metadata(Reader<StringStringEntryProto> message, OnnxGraph& graph) {
  std::string key;
  std::string value;
  while (message.next()) {
    if (message.tag_and_type() == tag_and_type(StringStringEntryProto::key, kBytes)) {
      key = message.get_string();
    } else if (message.tag_and_type() == tag_and_type(StringStringEntryProto::value, kBytes)) {
      value = message.get_string();
    } else {
      message.skip();
    }
  }
  if (is_utf8(key) && is_utf8(value)) graph.metadata[key] = value;
}

Error foreign(const std::string& where, const std::string& found, const std::string& expected) {
  return {ErrorCode::bad_format,
          "not an ONNX file of ours",
          {.where = where,
           .found = found,
           .expected = concat(expected, " as `mtcnn export --format onnx` writes it"),
           .hint = "ONNX files of other projects come in through `mtcnn import`"}};
}

}  // namespace

const NamedTensor* OnnxGraph::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

OnnxGraph read_onnx_graph(std::span<const std::byte> bytes, const std::string& where) try {
  OnnxGraph graph;
  Reader<ModelProto> message(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (message.next()) {
    if (message.tag_and_type() == tag_and_type(ModelProto::graph, kBytes)) {
      read_graph(message.get_message(), graph, where);
    } else if (message.tag_and_type() == tag_and_type(ModelProto::metadata_props, kBytes)) {
      read_metadata(message.get_message(), graph);
      require_few(graph.metadata.size(), "metadata", where);
    } else {
      message.skip();
    }
  }
  if (graph.nodes.empty()) throw broken(where, "no graph");
  return graph;
} catch (const protozero::exception& error) {
  throw broken(where, error.what(), "a whole file of Protocol Buffers");
}

bool is_own_onnx(const OnnxGraph& graph) {
  const auto format = graph.metadata.find("format");
  return format != graph.metadata.end() && format->second == kOnnxFormat;
}

NetWeights own_onnx_weights(OnnxGraph graph, const std::string& where) {
  const auto says = [&](const char* key) {
    const auto found = graph.metadata.find(key);
    return found == graph.metadata.end() ? std::string("none") : found->second;
  };
  const std::optional<NetKind> net = net_named(says("net"));
  if (!is_own_onnx(graph) || says("version") != kOnnxFormatVersion || !net) {
    throw foreign(where,
                  concat("format ", printable(says("format")), ", version ", printable(says("version")), ", net ",
                         printable(says("net"))),
                  "a net");
  }
  const Channels channels = declared_channels(*net, graph.metadata, where);
  for (NamedTensor& tensor : graph.tensors) {
    const TensorSpec* spec = find_spec(tensor_specs(*net), tensor.name);
    const bool slopes = spec != nullptr && spec->shape.size() == 1 && tensor.shape.size() == 3;
    if (slopes && tensor.shape[1] == 1 && tensor.shape[2] == 1) tensor.shape.resize(1);
  }
  NetWeights weights = checked_weights(*net, std::move(graph.tensors), where, channels);
  weights.metadata = std::move(graph.metadata);
  const std::string checksum = weights_checksum(weights);
  const auto said = weights.metadata.find("checksum");
  if (said != weights.metadata.end() && said->second != checksum) {
    throw Error(ErrorCode::bad_format, "the weights are damaged: their checksum is wrong",
                {.where = where, .found = checksum, .expected = printable(said->second)});
  }
  input_of(weights, where);  // refuses what cannot be understood
  return weights;
}

NetWeights read_onnx(const std::filesystem::path& path, NetKind expected) {
  const MappedFile file(path);
  const std::string where = path.string();
  if (file.bytes().size() > kLargestOnnx) {
    throw Error(
        ErrorCode::bad_format, "this file is too large for one of the three nets",
        {.where = where, .found = concat(file.bytes().size(), " bytes"), .expected = concat("at most ", kLargestOnnx)});
  }
  NetWeights weights = own_onnx_weights(read_onnx_graph(file.bytes(), where), where);
  if (weights.net != expected) throw foreign(where, net_title(weights.net), net_title(expected));
  return weights;
}

}  // namespace mtcnn
