#include "mtcnn/core/error.h"
#include "mtcnn/labels/raw_labels.h"

/// \file
/// In place of voc.cpp and cvat.cpp where the program is built without pugixml.
namespace mtcnn::labels {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path) {
  throw Error(
      ErrorCode::unsupported, "this program was built without pugixml, which labels in XML need",
      {.where = path.string(), .hint = "build with the CMake option MTCNN_WITH_PUGIXML=ON, or convert elsewhere"});
}

}  // namespace

RawLabels read_voc(const std::filesystem::path& path, const LabelOptions&) { refuse(path); }
RawLabels read_cvat(const std::filesystem::path& path, const LabelOptions&) { refuse(path); }
SkipCounts write_voc(const LabelSet&, const std::filesystem::path& out) { refuse(out); }
SkipCounts write_cvat(const LabelSet&, const std::filesystem::path& out) { refuse(out); }

}  // namespace mtcnn::labels
