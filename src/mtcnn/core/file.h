#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtcnn {

/// The whole file as text.
/// \param most  bytes that it may have, also where it is a pipe or a device.
/// \throws Error if it is missing, a folder, larger or cannot be read.
std::string read_text(const std::filesystem::path& path, size_t most = size_t{2} << 30);

/// A file's bytes, read only. Large files are mapped into memory, and pages loaded as they are touched: where another
/// program cuts such a file off meanwhile, the system ends this process (SIGBUS). Small ones are read whole.
class MappedFile {
 public:
  static constexpr size_t kReadWhole = size_t{4} << 20;

  /// \param read_whole  bytes up to which a file is read, not mapped.
  /// \throws Error if `path` is missing, a folder or cannot be read. An empty file gives an empty span.
  explicit MappedFile(const std::filesystem::path& path, size_t read_whole = kReadWhole);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

  /// Gives the pages that were read back to the system; they are read again where they are needed.
  void release_pages() const;

 private:
  bool is_mapped() const { return !bytes_.empty() && read_.empty(); }

  std::span<const std::byte> bytes_;
  std::vector<std::byte> read_;  ///< what bytes_ shows of a small file; empty where it is mapped
};

/// Where writing to `path` ends up: what a symbolic link, or a chain of them, leads to, there or not; otherwise `path`.
/// \throws Error where links lead in a circle or the system does not let us look.
std::filesystem::path link_target(const std::filesystem::path& path);

/// Makes a new, empty file beside `path`, to be renamed to it later. Its name is that of `path`, cut where the system
/// allows no longer one, and an ending ".<process>.<number>.tmp"; what lies there already, a link too, is left alone,
/// but for what killed processes left that wrote this file, which is removed.
/// \throws Error if the folder is missing or cannot be written.
std::filesystem::path make_temporary_file(const std::filesystem::path& path);
/// The same, a folder; nothing is removed.
std::filesystem::path make_temporary_folder(const std::filesystem::path& path);
/// True for the names that these two give.
bool is_temporary_name(const std::string& name);
/// Whether this is a temporary file or folder for a file or folder called `name`, and the process that made it is gone.
bool is_abandoned(const std::filesystem::path& temporary, const std::string& name);

/// Gives `temporary`, whose content is synced already, the name `path` in one step and syncs the folder.
/// \throws Error if the system refuses.
void rename_temporary(const std::filesystem::path& temporary, const std::filesystem::path& path);

/// Writes a file so that a reader sees all of it or nothing: under a temporary name in the same folder, synced, then
/// renamed by commit(). Without commit() the destructor removes the temporary file and an older file of that name stays
/// as it was; what a killed process leaves goes when the file is written again. A symbolic link stays and what it leads
/// to is replaced. Things that are no plain files (a pipe, /dev/stdout whatever it leads to) are written directly,
/// behind what they hold already.
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
  std::filesystem::path path_;       ///< as the caller named it
  std::filesystem::path target_;     ///< what is written: path_, or what it links to
  std::filesystem::path temporary_;  ///< empty where the file is written directly
  std::FILE* file_ = nullptr;
};

/// Writes `text` to `path` in one atomic step.
/// \throws Error as AtomicFile does.
void write_text(const std::filesystem::path& path, std::string_view text);

/// Writes a file that nobody reads yet, and its missing parent folders, without waiting for the disk.
/// \throws Error if that fails.
void write_unsynced(const std::filesystem::path& path, std::string_view text);

/// A temporary folder beside `path` that goes away with this object, with what it then holds.
class TemporaryFolder {
 public:
  /// \throws Error{unwritable} if it cannot be made.
  explicit TemporaryFolder(const std::filesystem::path& path) : place_(make_temporary_folder(path)) {}
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& place() const { return place_; }

 private:
  std::filesystem::path place_;
};

/// A folder of many small files that appears whole or not at all. Each through AtomicFile would wait for the disk
/// thousands of times. Without commit() the destructor removes what was written.
class AtomicFolder {
 public:
  /// Makes missing parent folders.
  /// \throws Error{unwritable} if `path` is there already and no empty folder, or cannot be made.
  explicit AtomicFolder(const std::filesystem::path& path);

  /// Where its files are until commit().
  const std::filesystem::path& place() const { return temporary_->place(); }

  /// Syncs the file system and renames.
  /// \throws Error on failure. Call once.
  void commit();

 private:
  std::filesystem::path path_;
  std::optional<TemporaryFolder> temporary_;
};

/// Has the system write the folder's list of names to the disk, so that what was renamed into it is there after a power
/// failure. Where that cannot be done for this folder, nothing happens.
/// \throws Error if the disk fails.
void sync_folder(const std::filesystem::path& path);

/// Makes the folder and its parents where they are missing.
/// \throws Error if that fails or `path` is a file.
void make_folder(const std::filesystem::path& path);

}  // namespace mtcnn
