#include "mtcnn/core/outputs.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

#include <sys/stat.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

struct Identity {
  std::pair<dev_t, ino_t> place;
  bool folder = false;
};

bool on_disk(const fs::path& path) { return !path.empty() && path != "-"; }

std::optional<Identity> identity_of(const fs::path& path) {
  struct stat status {};
  if (!on_disk(path) || ::stat(path.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return std::nullopt;
  return Identity{{status.st_dev, status.st_ino}, S_ISDIR(status.st_mode)};
}

}  // namespace

void require_apart(const std::vector<Output>& outputs, const std::vector<fs::path>& inputs) {
  std::map<std::pair<dev_t, ino_t>, const Output*> there;
  for (const Output& output : outputs) {
    if (const auto identity = identity_of(output.path)) there.emplace(identity->place, &output);
  }
  if (there.empty()) return;
  for (const fs::path& input : inputs) {
    const auto identity = identity_of(input);
    if (!identity) continue;
    const auto found = there.find(identity->place);
    if (found == there.end()) continue;
    const auto& [path, flag] = *found->second;
    throw Error(ErrorCode::usage,
                concat(flag, identity->folder ? " would write into a folder that is read" : " would replace an input"),
                {.where = path.string(),
                 .found = concat("the input ", input.string()),
                 .hint = concat("name another place with ", flag)});
  }
}

void require_distinct(const std::vector<Output>& outputs) {
  std::vector<std::pair<fs::path, std::optional<Identity>>> seen;
  for (const Output& output : outputs) {
    seen.emplace_back(on_disk(output.path) ? resolved(output.path) : fs::path(), identity_of(output.path));
    const auto& [path, identity] = seen.back();
    for (size_t i = 0; i + 1 < seen.size(); ++i) {
      const auto& [other, other_identity] = seen[i];
      const bool one_file = identity && other_identity && identity->place == other_identity->place;
      if (path.empty() || outputs[i].flag == output.flag || (path != other && !one_file)) continue;
      throw Error(ErrorCode::usage, concat(output.flag, " and ", outputs[i].flag, " would write to one name"),
                  {.where = output.path.string(), .hint = "name another place with one of them"});
    }
  }
}

fs::path resolved(const fs::path& path) {
  std::error_code failure;
  const fs::path absolute = fs::absolute(path, failure);
  fs::path result = fs::weakly_canonical(absolute, failure);
  if (failure) result = absolute.lexically_normal();
  // "folder/" names the folder.
  return result.has_filename() || !result.has_relative_path() ? result : result.parent_path();
}

bool is_within(const fs::path& path, const fs::path& folder) {
  const fs::path inner = resolved(path);
  const fs::path outer = resolved(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

bool ignores_case(const fs::path& folder) {
  std::error_code ignored;
  for (fs::path path = resolved(folder); path.has_filename(); path = path.parent_path()) {
    std::string other = path.filename().string();
    std::transform(other.begin(), other.end(), other.begin(), [](unsigned char c) {
      return static_cast<char>(std::islower(c) != 0 ? std::toupper(c) : std::tolower(c));
    });
    if (other == path.filename().string() || !fs::exists(path, ignored)) continue;
    const auto one = identity_of(path);
    const auto two = identity_of(path.parent_path() / other);
    return one && two && one->place == two->place;
  }
  return false;
}

}  // namespace mtcnn
