#include "mtcnn/core/error.h"
#include "mtcnn/weights/numpy_nets.h"

/// For builds without liblz4.
namespace mtcnn {

std::vector<std::byte> unpack_lz4(std::span<const std::byte>, const std::string& where) {
  throw Error(ErrorCode::unsupported, "reading .lz4 files needs liblz4, and this program was built without it",
              {.where = where, .hint = "the CMake option MTCNN_WITH_LZ4=ON builds it with liblz4"});
}

}  // namespace mtcnn
