#include "mtcnn/core/file.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// An open file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(const fs::path& path) : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (value_ < 0) {
      const bool missing = errno == ENOENT || errno == ENOTDIR;
      throw system_error(missing ? ErrorCode::not_found : ErrorCode::unreadable, "cannot open this file", path);
    }
  }
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

void refuse_folder(const Descriptor& file, const fs::path& path, struct stat& status) {
  if (::fstat(file.value(), &status) != 0) throw system_error(ErrorCode::unreadable, "cannot read this file", path);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorCode::unreadable, "this is a folder, a file was expected", {.where = path.string()});
  }
}

/// Devices, pipes, and the links by which a process names its own streams: a rename would put a plain file in their
/// place, also where the stream leads to a plain file.
bool is_special(const fs::path& path) {
  std::error_code ignored;
  const std::string name = path.string();
  if ((name.starts_with("/dev/") || name.starts_with("/proc/")) && fs::is_symlink(path, ignored)) return true;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

}  // namespace

std::string read_text(const fs::path& path) {
  const Descriptor file(path);
  struct stat status {};
  refuse_folder(file, path, status);
  std::string text;
  text.reserve(static_cast<size_t>(status.st_size));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = ::read(file.value(), buffer, sizeof buffer);
    if (count < 0) throw system_error(ErrorCode::unreadable, "cannot read this file", path);
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(path);
  struct stat status {};
  refuse_folder(file, path, status);
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return;
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (start == MAP_FAILED) throw system_error(ErrorCode::unreadable, "cannot map this file", path);
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release_pages() const {
  if (!bytes_.empty()) ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code ignored;
  if (fs::is_directory(path_, ignored)) {
    throw Error(ErrorCode::unwritable, "this is a folder, a file was to be written", {.where = path_.string()});
  }
  if (is_special(path_)) {
    file_ = std::fopen(path_.c_str(), "ae");  // behind what the stream holds already
  } else {
    if (path_.has_parent_path()) make_folder(path_.parent_path());
    temporary_ = path_.string() + concat(".", ::getpid(), ".tmp");
    file_ = std::fopen(temporary_.c_str(), "we");
  }
  if (file_ == nullptr) throw system_error(ErrorCode::unwritable, "cannot write this file", path_);
}

AtomicFile::~AtomicFile() {
  if (file_ != nullptr) std::fclose(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  require(file_ != nullptr, "AtomicFile: write after commit");
  if (bytes.empty()) return;  // fwrite takes no null pointer
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
    throw system_error(ErrorCode::unwritable, "writing this file failed", path_);
  }
}

void AtomicFile::flush() {
  require(file_ != nullptr, "AtomicFile: flush after commit");
  if (std::fflush(file_) != 0) throw system_error(ErrorCode::unwritable, "writing this file failed", path_);
}

void AtomicFile::commit() {
  require(file_ != nullptr, "AtomicFile: committed twice");
  flush();
  if (!temporary_.empty() && ::fsync(::fileno(file_)) != 0) {
    throw system_error(ErrorCode::unwritable, "writing this file failed", path_);
  }
  if (std::fclose(std::exchange(file_, nullptr)) != 0) {
    throw system_error(ErrorCode::unwritable, "writing this file failed", path_);
  }
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw system_error(ErrorCode::unwritable, "cannot give this file its name", path_);
  }
  temporary_.clear();
}

void write_text(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void sync_folder(const fs::path& path) {
  const Descriptor folder(path);
  if (::fsync(folder.value()) != 0 && errno != EINVAL && errno != EROFS)
    throw system_error(ErrorCode::unwritable, "writing this folder failed", path);
}

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure || !fs::is_directory(path, failure)) {
    const std::string reason = failure ? failure.message() : "a file of that name is in the way";
    throw Error(ErrorCode::unwritable, "cannot make this folder (" + reason + ")", {.where = path.string()});
  }
}

}  // namespace mtcnn
