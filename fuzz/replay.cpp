// Runs a fuzz target where there is no libFuzzer: on every file that is named, and on damaged copies of it, the same
// ones each time.
//
// usage: fuzz_TARGET [--damaged N] FILE|FOLDER...   Exits with 77 where there are no inputs.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A few bytes changed, cut out or doubled, or the end cut off.
std::vector<uint8_t> damaged(std::vector<uint8_t> bytes, std::mt19937& random) {
  const auto below = [&](size_t count) { return static_cast<ptrdiff_t>(random() % std::max<size_t>(1, count)); };
  for (unsigned times = 1 + random() % 3; times > 0 && !bytes.empty(); --times) {
    const auto place = bytes.begin() + below(bytes.size());
    const auto length = std::min<ptrdiff_t>(1 + below(16), bytes.end() - place);
    switch (random() % 5) {
      case 0:
        *place = static_cast<uint8_t>(random());
        break;
      case 1:
        *place ^= static_cast<uint8_t>(1U << (random() % 8));
        break;
      case 2:
        bytes.erase(place, place + length);
        break;
      case 3: {
        const std::vector<uint8_t> copy(place, place + length);
        bytes.insert(place, copy.begin(), copy.end());
        break;
      }
      default:
        bytes.erase(place, bytes.end());
        break;
    }
  }
  return bytes;
}

void run(const std::vector<uint8_t>& bytes) { LLVMFuzzerTestOneInput(bytes.data(), bytes.size()); }

}  // namespace

int main(int count, char** arguments) {
  int damages = 0;
  std::vector<fs::path> files;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--damaged" && i + 1 < count) {
      damages = std::atoi(arguments[++i]);
    } else if (fs::is_directory(argument)) {
      for (const fs::directory_entry& entry : fs::directory_iterator(argument)) files.push_back(entry.path());
    } else if (fs::exists(argument)) {
      files.emplace_back(argument);
    }
  }
  if (files.empty()) {
    std::printf("skipped: no inputs; fuzz/make_seeds.py makes some\n");
    return 77;
  }
  std::sort(files.begin(), files.end());
  std::mt19937 random(1);
  for (const fs::path& file : files) {
    const std::vector<uint8_t> bytes = content_of(file);
    run(bytes);
    for (int i = 0; i < damages; ++i) run(damaged(bytes, random));
  }
  std::printf("%zu inputs, %d damaged copies of each\n", files.size(), damages);
  return 0;
}
