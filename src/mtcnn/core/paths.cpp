#include "mtcnn/core/paths.h"

#include <algorithm>
#include <system_error>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

fs::file_status status_of(const fs::path& path, ErrorCode code) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (status.type() == fs::file_type::none) throw system_error(failure, code, "cannot access this path", path);
  return status;
}

}  // namespace

bool path_exists(const fs::path& path, ErrorCode code) { return fs::exists(status_of(path, code)); }

bool is_folder(const fs::path& path) { return fs::is_directory(status_of(path, ErrorCode::unreadable)); }

bool is_file(const fs::path& path) { return fs::is_regular_file(status_of(path, ErrorCode::unreadable)); }

std::vector<fs::path> folder_entries(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::path> entries;
  fs::directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) entries.push_back(entry->path());
  if (failure) {
    const bool missing = failure == std::errc::no_such_file_or_directory;
    throw system_error(failure, missing ? ErrorCode::not_found : ErrorCode::unreadable, "cannot read this folder",
                       folder);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

void remove_path(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) throw system_error(failure, ErrorCode::unwritable, "cannot remove this", path);
}

void rename_path(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) throw system_error(failure, ErrorCode::unwritable, "cannot rename this to '" + to.string() + "'", from);
}

int64_t file_bytes(const fs::path& path) {
  std::error_code failure;
  const auto bytes = fs::file_size(path, failure);
  if (failure) throw system_error(failure, ErrorCode::unreadable, "cannot access this file", path);
  return static_cast<int64_t>(bytes);
}

fs::path absolute_path(const fs::path& path) {
  std::error_code failure;
  fs::path absolute = fs::absolute(path, failure);
  if (failure) throw system_error(failure, ErrorCode::unreadable, "cannot find the working directory", path);
  return absolute;
}

}  // namespace mtcnn
