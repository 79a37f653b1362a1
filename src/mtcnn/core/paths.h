#pragma once

#include "mtcnn/core/error.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace mtcnn {

/// What std::filesystem tells and does, with the system's refusals as Error that names the path and the reason: no
/// permission, a name too long, links that lead in a circle. Links are followed. The library asks through these alone:
/// what std::filesystem throws itself would pass for a bug of ours.

/// False where nothing is there, or a link that leads to nothing. \param code  of the Error.
bool path_exists(const std::filesystem::path& path, ErrorCode code = ErrorCode::unreadable);
bool is_folder(const std::filesystem::path& path);
/// True for a plain file, not for folders, pipes and devices.
bool is_file(const std::filesystem::path& path);

/// What is in the folder, by name.
/// \throws Error also if it is missing.
std::vector<std::filesystem::path> folder_entries(const std::filesystem::path& folder);

/// Removes a file, a link, or a folder with all that is in it; nothing there is no error.
void remove_path(const std::filesystem::path& path);

/// Renames in one step.
void rename_path(const std::filesystem::path& from, const std::filesystem::path& to);

/// The file's length.
/// \throws Error also if it is missing.
int64_t file_bytes(const std::filesystem::path& path);

/// The path from the root on.
/// \throws Error if the working folder is gone.
std::filesystem::path absolute_path(const std::filesystem::path& path);

}  // namespace mtcnn
