#include "mtcnn/core/error.h"
#include "mtcnn/eval/mat_file.h"

/// For builds without libmatio.
namespace mtcnn {

std::vector<MatValue> read_mat(const std::filesystem::path& path, const std::vector<std::string>&) {
  throw Error(
      ErrorCode::unsupported, "reading .mat files needs libmatio, and this program was built without it",
      {.where = path.string(),
       .hint = "the CMake option MTCNN_WITH_MATIO=ON builds it with libmatio; the text file of the annotations is "
               "read without it"});
}

}  // namespace mtcnn
