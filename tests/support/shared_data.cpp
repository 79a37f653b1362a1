#include "support/shared_data.h"

#include <cstdlib>

namespace mtcnn::testing {

std::filesystem::path source_folder() {
  const char* moved = std::getenv("MTCNN_SOURCE_DIR");
  return moved != nullptr ? moved : MTCNN_SOURCE_DIR;
}

std::filesystem::path shared_folder() {
  const char* chosen = std::getenv("MTCNN_SHARED_DIR");
  return chosen != nullptr ? std::filesystem::path(chosen) : source_folder().parent_path() / "shared";
}

}  // namespace mtcnn::testing
