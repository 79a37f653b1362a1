#include "mtcnn/core/error.h"
#include "mtcnn/weights/onnx_file.h"
#include "mtcnn/weights/onnx_graph.h"

/// For builds without protozero.
namespace mtcnn {
namespace {

[[noreturn]] void refuse(const std::string& where) {
  throw Error(ErrorCode::unsupported, "ONNX files need the library protozero, and this program was built without it",
              {.where = where, .hint = "the CMake option MTCNN_WITH_ONNX=ON builds it with protozero"});
}

}  // namespace

void write_onnx(const std::filesystem::path& path, const NetWeights&) { refuse(path.string()); }
NetWeights read_onnx(const std::filesystem::path& path, NetKind) { refuse(path.string()); }
OnnxGraph read_onnx_graph(std::span<const std::byte>, const std::string& where) { refuse(where); }
bool is_own_onnx(const OnnxGraph&) { return false; }
NetWeights own_onnx_weights(OnnxGraph, const std::string& where) { refuse(where); }
ForeignNet foreign_onnx_net(const OnnxGraph&, const std::string& where) { refuse(where); }

}  // namespace mtcnn
