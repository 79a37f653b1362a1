#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace mtcnn {

/// The whole file as text.
/// \throws Error if it is missing, a folder or cannot be read.
std::string read_text(const std::filesystem::path& path);

/// A file mapped into memory, read only; pages are loaded as they are touched.
class MappedFile {
 public:
  /// \throws Error if `path` is missing, a folder or cannot be read. An empty file gives an empty span.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

  /// Gives the pages that were read back to the system; they are read again where they are needed.
  void release_pages() const;

 private:
  std::span<const std::byte> bytes_;
};

/// Writes a file so that a reader sees all of it or nothing: under a temporary name in the same folder, synced, then
/// renamed by commit(). Without commit() the destructor removes the temporary file and an older file of that name stays
/// as it was. Things that are no plain files (a pipe, /dev/stdout whatever it leads to) are written directly, behind
/// what they hold already.
class AtomicFile {
 public:
  /// Makes missing parent folders.
  /// \throws Error if the folder cannot be made or written.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// \throws Error on a full disk or any other failure.
  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);

  /// Hands what was written so far to the system, so that a reader of a pipe sees it.
  /// \throws Error as write() does.
  void flush();

  /// Syncs, closes and renames.
  /// \throws Error on failure; the older file is then untouched. Call once.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;  ///< empty where the file is written directly
  std::FILE* file_ = nullptr;
};

/// Writes `text` to `path` in one atomic step.
/// \throws Error as AtomicFile does.
void write_text(const std::filesystem::path& path, std::string_view text);

/// Has the system write the folder's list of names to the disk, so that what was renamed into it is there after a power
/// failure. Where the file system cannot do that for folders, nothing happens.
/// \throws Error if the folder is missing or the disk fails.
void sync_folder(const std::filesystem::path& path);

/// Makes the folder and its parents where they are missing.
/// \throws Error if that fails or `path` is a file.
void make_folder(const std::filesystem::path& path);

}  // namespace mtcnn
