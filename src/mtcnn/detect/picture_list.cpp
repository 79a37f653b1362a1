#include "mtcnn/detect/picture_list.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/detect/result_names.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <limits>

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
  // As an unreadable image, so that it is named and counted, and all others are searched.
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

}  // namespace

ListedPictures::ListedPictures(const fs::path& list, fs::path root)
    : root_(std::move(root)), base_(root_.empty() ? list.parent_path() : root_) {
  std::error_code unknown;
  if (fs::is_regular_file(list, unknown)) {
    file_.emplace(list);
    rest_ = {reinterpret_cast<const char*>(file_->bytes().data()), file_->bytes().size()};
  } else {
    rest_ = text_ = read_text(list);
  }
  const bool utf16 = rest_.starts_with("\xFF\xFE") || rest_.starts_with("\xFE\xFF");
  if (utf16) rest_ = text_ = as_utf8(std::string(rest_));
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

std::optional<fs::path> ListedPictures::next_entry(std::string_view& rest) const {
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::string_view entry = unquoted(trim(line), base_);
    if (!entry.empty() && !entry.starts_with('#')) return entry;
  }
  return std::nullopt;
}

int64_t ListedPictures::count(const std::function<void(const fs::path&)>& use) const {
  int64_t count = 0;
  std::string_view rest = rest_;
  while (const std::optional<fs::path> entry = next_entry(rest)) {
    ++count;
    if (use) use(base_ / *entry);
  }
  if (file_) file_->release_pages();
  return count;
}

std::vector<PictureFile> ListedPictures::next(int64_t most) {
  std::vector<PictureFile> pictures;
  while (std::ssize(pictures) < most) {
    const std::optional<fs::path> entry = next_entry(rest_);
    if (!entry) break;
    const fs::path path = base_ / *entry;
    pictures.push_back({path, root_.empty() ? entry->generic_string() : name_of(path, root_)});
  }
  if (file_) file_->release_pages();
  return pictures;
}

void ListedPictures::skip(int64_t count) {
  while (count-- > 0 && next_entry(rest_)) continue;
}

Error no_pictures(const std::vector<std::string>& inputs) {
  return {ErrorCode::not_found, "no image in " + join(inputs, ", "), {.hint = "looked for names like *.jpg and *.png"}};
}

std::vector<PictureFile> find_pictures(const std::vector<std::string>& inputs, const fs::path& root,
                                       const std::function<bool(const fs::path&)>& pass_over) {
  std::vector<PictureFile> found;
  for (const std::string& input : inputs) {
    if (input.starts_with('@')) {
      const std::vector<PictureFile> listed =
          ListedPictures(input.substr(1), root).next(std::numeric_limits<int64_t>::max());
      found.insert(found.end(), listed.begin(), listed.end());
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
  if (found.empty()) throw no_pictures(inputs);
  for (PictureFile& picture : found) {
    const bool named_alone = root.empty() && picture.name == picture.path.generic_string();
    picture.result = named_alone ? picture.path.filename().string() : picture.name;
  }
  tell_apart(found);
  return found;
}

}  // namespace mtcnn
