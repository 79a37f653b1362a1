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

/// Adds what is directly in `folder`, and the folders below it to `folders`. Links to folders are not followed, so that
/// a loop of them has an end.
void add_entries(const fs::path& folder, const fs::path& base, std::vector<PictureFile>& found,
                 std::vector<fs::path>& folders) {
  std::error_code failure;
  fs::directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    std::error_code unknown;
    const fs::path& path = entry->path();
    if (entry->is_directory(unknown) && !entry->is_symlink(unknown)) {
      folders.push_back(path);
      continue;
    }
    // A link that leads nowhere is listed: reading it says so.
    const fs::file_type type = fs::status(path, unknown).type();
    const bool file = type == fs::file_type::regular || type == fs::file_type::not_found ||
                      type == fs::file_type::none || type == fs::file_type::unknown;
    if (file && is_picture_name(path)) found.push_back({path, name_of(path, base)});
  }
  // As an unreadable picture, so that it is named and counted, and all others are searched.
  if (failure) found.push_back({folder, name_of(folder, base)});
}

void add_folder(const fs::path& folder, const fs::path& base, std::vector<PictureFile>& found) {
  std::error_code failure;
  if (fs::directory_iterator(folder, failure); failure)
    throw Error(ErrorCode::unreadable, "cannot list this folder (" + failure.message() + ")",
                {.where = folder.string()});
  const auto first = static_cast<ptrdiff_t>(found.size());
  std::vector<fs::path> folders = {folder};
  while (!folders.empty()) {
    const fs::path next = std::move(folders.back());
    folders.pop_back();
    add_entries(next, base, found, folders);
  }
  // The system lists files in any order.
  std::sort(found.begin() + first, found.end(),
            [](const PictureFile& a, const PictureFile& b) { return a.name < b.name; });
}

/// Quotes around a whole line, as some programs copy paths, are no part of the name, unless there is a file named so.
std::string_view unquoted(std::string_view line, const fs::path& base) {
  const bool quoted = line.size() > 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front();
  return quoted && !path_exists(base / line) ? line.substr(1, line.size() - 2) : line;
}

void add_list(const fs::path& list, const fs::path& root, std::vector<PictureFile>& found) {
  const fs::path base = root.empty() ? list.parent_path() : root;
  for (const std::string& line : split(as_utf8(read_text(list)), '\n')) {
    const fs::path entry(unquoted(trim(line), base));
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
