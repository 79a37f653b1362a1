#include "mtcnn/eval/mat_file.h"

#include <array>

namespace mtcnn {

std::string described(const MatValue& value) {
  std::string result;
  for (const size_t size : value.shape) result += (result.empty() ? "" : " x ") + std::to_string(size);
  constexpr std::array<const char*, 3> kKinds = {" cells", " letters", " numbers"};
  return result + kKinds[static_cast<size_t>(value.kind)];
}

}  // namespace mtcnn
