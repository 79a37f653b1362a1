#pragma once

#include <cstdint>

#include <protozero/types.hpp>

/// \file
/// What this project needs of ONNX's published schema: messages, with the numbers of their fields. A test compares them
/// with the schema of the onnx package.
/// Source: onnx/onnx.proto of ONNX 1.8 to 1.20; the numbers never change.
namespace mtcnn::onnx {

/// A file: one net.
enum class ModelProto : protozero::pbf_tag_type {
  ir_version = 1,
  producer_name = 2,
  producer_version = 3,
  doc_string = 6,
  graph = 7,
  opset_import = 8,
  metadata_props = 14
};

/// A set of operators and its version.
enum class OperatorSetIdProto : protozero::pbf_tag_type { domain = 1, version = 2 };

/// One entry of the metadata.
enum class StringStringEntryProto : protozero::pbf_tag_type { key = 1, value = 2 };

/// The operations of a net and their constants.
enum class GraphProto : protozero::pbf_tag_type { node = 1, name = 2, initializer = 5, input = 11, output = 12 };

/// One operation.
enum class NodeProto : protozero::pbf_tag_type { input = 1, output = 2, name = 3, op_type = 4, attribute = 5 };

/// A setting of an operation.
enum class AttributeProto : protozero::pbf_tag_type { name = 1, f = 2, i = 3, t = 5, ints = 8, type = 20 };

/// A constant.
enum class TensorProto : protozero::pbf_tag_type {
  dims = 1,
  data_type = 2,
  float_data = 4,
  name = 8,
  raw_data = 9,
  double_data = 10,
  data_location = 14
};

/// An input or output.
enum class ValueInfoProto : protozero::pbf_tag_type { name = 1, type = 2, doc_string = 3 };

/// Its type.
enum class TypeProto : protozero::pbf_tag_type { tensor_type = 1 };

/// The type of a tensor.
enum class TypeProtoTensor : protozero::pbf_tag_type { elem_type = 1, shape = 2 };

/// The shape of a tensor.
enum class TensorShapeProto : protozero::pbf_tag_type { dim = 1 };

/// One dimension: a size, or a name for any size.
enum class TensorShapeProtoDimension : protozero::pbf_tag_type { dim_value = 1, dim_param = 2 };

/// AttributeProto.AttributeType
enum class AttributeType : int32_t { INT = 2, INTS = 7 };

/// TensorProto.DataType
enum class DataType : int32_t { FLOAT = 1, DOUBLE = 11 };

/// TensorProto.DataLocation
enum class DataLocation : int32_t { DEFAULT = 0, EXTERNAL = 1 };

}  // namespace mtcnn::onnx
