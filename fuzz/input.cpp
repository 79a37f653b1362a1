#include "input.h"

#include "mtcnn/core/text.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

namespace mtcnn::fuzz {
namespace {

namespace fs = std::filesystem;

/// A folder of this process.
class Folder {
 public:
  Folder() {
    const fs::path memory = "/dev/shm";
    std::error_code failure;
    std::string name =
        ((fs::is_directory(memory, failure) ? memory : fs::temp_directory_path()) / "mtcnn_fuzz_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

const fs::path& input_folder() {
  static const Folder folder;
  return folder.path();
}

fs::path input_file(std::string_view name, std::span<const uint8_t> bytes) {
  const fs::path path = input_folder() / name;
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) std::abort();
  return path;
}

std::vector<std::span<const uint8_t>> parts_of(std::span<const uint8_t> input, size_t count) {
  constexpr std::string_view kBetween = "\xFF\xFE";
  std::vector<std::span<const uint8_t>> parts;
  while (parts.size() + 1 < count) {
    const size_t end = std::min(as_text(input).find(kBetween), input.size());
    parts.push_back(input.first(end));
    input = input.subspan(std::min(end + kBetween.size(), input.size()));
  }
  parts.push_back(input);
  return parts;
}

void check_message(const std::string& text) {
  if (as_line(text) == text) return;
  std::fprintf(stderr, "a message that is no line of text: %s\n", text.c_str());
  std::abort();
}

}  // namespace mtcnn::fuzz
