#pragma once

#include "mtcnn/weights/foreign_net.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// What an ONNX file holds, as plain data. For this module alone.
namespace mtcnn {

inline constexpr const char* kOnnxFormat = "mtcnn-onnx";  ///< metadata `format` of files of ours
inline constexpr const char* kOnnxFormatVersion = "1";

/// One operation of the graph.
struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, std::vector<int64_t>> integers;  ///< attributes: one integer or several
  std::map<std::string, float> floats;                   ///< attributes
};

/// A file's metadata, operations and constants.
struct OnnxGraph {
  std::map<std::string, std::string> metadata;
  std::vector<OnnxNode> nodes;       ///< in the file's order, each behind those whose results it takes
  std::vector<NamedTensor> tensors;  ///< constants of floating-point numbers, float64 made float32

  const NamedTensor* find(std::string_view name) const;
};

/// \throws Error naming `where` if the bytes are damaged, a tensor's values do not fit its shape or lie in another
/// file, or there are over 1000 nodes, tensors or metadata.
OnnxGraph read_onnx_graph(std::span<const std::byte> bytes, const std::string& where);

/// True for files that say that they are of ours.
bool is_own_onnx(const OnnxGraph& graph);

/// The weights of a file of ours. \throws Error as read_onnx().
NetWeights own_onnx_weights(OnnxGraph graph, const std::string& where);

/// The net in another project's file. Which tensor is which, the operations tell: their names are the exporter's.
/// \throws Error naming `where` if the operations are not those of one of the nets.
ForeignNet foreign_onnx_net(const OnnxGraph& graph, const std::string& where);

}  // namespace mtcnn
