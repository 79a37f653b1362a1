#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mtcnn {

/// A file or folder that a command is going to write.
struct Output {
  std::filesystem::path path;  ///< "-" and an empty one stand for nothing on the disk
  std::string flag;            ///< what the user named it by, as "--json"
};

/// Refuses to write over what is read. Files and folders are told by device and inode, so another spelling, a symbolic
/// or hard link, or another case where the file system takes no notice of it make no difference. Devices and pipes are
/// never in the way. Costs little where no output is there yet.
/// \throws Error{usage} naming the first output that is also an input.
void require_apart(const std::vector<Output>& outputs, const std::vector<std::filesystem::path>& inputs);

/// Refuses outputs of different flags that are one file or folder, whether it is there yet or not.
/// \throws Error{usage} naming both.
void require_distinct(const std::vector<Output>& outputs);

/// The path without links, "." and "..", absolute; parts that are not there yet stay as they are.
std::filesystem::path resolved(const std::filesystem::path& path);

/// Whether the path is the folder or lies below it, links followed.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder);

/// Whether names that differ in case alone would be one file in this folder; judged by the nearest folder that is there
/// and has a letter in its name.
bool ignores_case(const std::filesystem::path& folder);

}  // namespace mtcnn
