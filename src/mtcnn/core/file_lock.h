#pragma once

#include <filesystem>

namespace mtcnn {

/// Keeps two runs from writing into one folder at once: while it lives, no other process can hold a lock of that name.
/// The system lets go of it when the process ends, however it ends; the empty file stays.
class FileLock {
 public:
  /// Makes the file where it is missing.
  /// \throws Error if another process holds the lock or the file cannot be made.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace mtcnn
