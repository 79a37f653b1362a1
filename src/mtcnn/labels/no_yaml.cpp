#include "mtcnn/core/error.h"
#include "mtcnn/labels/yolo_config.h"

/// \file
/// In place of yolo_config.cpp where the program is built without yaml-cpp.
namespace mtcnn::labels {

YoloConfig read_yolo_config(const std::filesystem::path& file) {
  throw Error(
      ErrorCode::unsupported, "this program was built without yaml-cpp, which this file needs",
      {.where = file.string(),
       .hint = "build with the CMake option MTCNN_WITH_YAML=ON, or put the names of the classes into classes.txt "
               "and take the .yaml file away"});
}

}  // namespace mtcnn::labels
