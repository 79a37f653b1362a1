#include "mtcnn/detect/picture_list.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/result_names.h"
#include "mtcnn/image/read.h"

#include <algorithm>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

std::string name_of(const fs::path& path, const fs::path& base) {
  return base.empty() ? path.generic_string() : path.lexically_proximate(base).generic_string();
}

void add_folder(const fs::path& folder, const fs::path& base, std::vector<PictureFile>& found) {
  const auto first = static_cast<ptrdiff_t>(found.size());
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
      if (entry.is_regular_file() && is_picture_name(entry.path()))
        found.push_back({entry.path(), name_of(entry.path(), base)});
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::unreadable, "cannot list this folder (" + error.code().message() + ")",
                {.where = folder.string()});
  }
  // The system lists files in any order.
  std::sort(found.begin() + first, found.end(),
            [](const PictureFile& a, const PictureFile& b) { return a.name < b.name; });
}

void add_list(const fs::path& list, const fs::path& root, std::vector<PictureFile>& found) {
  const fs::path base = root.empty() ? list.parent_path() : root;
  for (const std::string& line : split(read_text(list), '\n')) {
    const fs::path entry(trim(line));
    if (entry.empty() || entry.native().starts_with('#')) continue;
    const fs::path path = base / entry;
    found.push_back({path, root.empty() ? entry.generic_string() : name_of(path, root)});
  }
}

}  // namespace

std::vector<PictureFile> find_pictures(const std::vector<std::string>& inputs, const fs::path& root,
                                       const std::function<bool(const fs::path&)>& pass_over) {
  std::vector<PictureFile> found;
  for (const std::string& input : inputs) {
    if (input.starts_with('@')) {
      add_list(input.substr(1), root, found);
      continue;
    }
    const fs::path path = root / input;
    if (is_folder(path)) {
      std::vector<PictureFile> in_folder;
      add_folder(path, root.empty() ? path : root, in_folder);
      if (pass_over) std::erase_if(in_folder, [&](const PictureFile& picture) { return pass_over(picture.path); });
      found.insert(found.end(), in_folder.begin(), in_folder.end());
    } else {
      found.push_back({path, root.empty() ? path.generic_string() : name_of(path, root)});
    }
  }
  if (found.empty()) {
    throw Error(ErrorCode::not_found, "no picture in " + join(inputs, ", "),
                {.hint = "looked for names like *.jpg and *.png"});
  }
  for (PictureFile& picture : found) {
    const bool named_alone = root.empty() && picture.name == picture.path.generic_string();
    picture.result = named_alone ? picture.path.filename().string() : picture.name;
  }
  tell_apart(found);
  return found;
}

}  // namespace mtcnn
