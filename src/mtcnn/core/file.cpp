#include "mtcnn/core/file.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kTemporaryEnding = ".tmp";

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

/// The first `most` bytes of the file, or fewer where it ends before.
template <class Bytes>
void read_into(Bytes& bytes, size_t most, const Descriptor& file, const fs::path& path) {
  bytes.resize(most);
  size_t done = 0;
  while (done < most) {
    const ssize_t count = ::read(file.value(), bytes.data() + done, most - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(ErrorCode::unreadable, "cannot read this file", path);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
}

/// How many bytes a file's name may have in this folder.
size_t longest_name(const fs::path& folder) {
  const long most = ::pathconf(folder.empty() ? "." : folder.c_str(), _PC_NAME_MAX);
  return most > 0 ? static_cast<size_t>(most) : NAME_MAX;
}

/// `name` cut to at most `most` bytes, not inside a character.
std::string cut_name(const std::string& name, size_t most) {
  if (name.size() <= most) return name;
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end);
}

/// An open descriptor of a new file; below 0 where there is none, and errno tells why. A link of that name is not
/// followed.
int open_new(const fs::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

/// Tries names beside `path` until `make` has made one of them; `make` returns false and sets errno where it cannot.
template <class Make>
fs::path make_temporary(const fs::path& path, const Make& make) {
  static std::atomic<int64_t> next = 0;  // threads of one process may write files of one name
  const fs::path folder = path.parent_path();
  const size_t longest = longest_name(folder);
  constexpr int kTries = 1000;  // a killed process of our number may have left some
  for (int i = 0; i < kTries; ++i) {
    const std::string ending = concat(".", ::getpid(), ".", next++, kTemporaryEnding);
    const size_t room = longest > ending.size() ? longest - ending.size() : 0;
    fs::path temporary = folder / (cut_name(path.filename().string(), room) + ending);
    if (make(temporary)) return temporary;
    if (errno != EEXIST) break;
  }
  throw system_error(ErrorCode::unwritable, "cannot write here", path);
}

/// The temporary files in a folder that killed processes left there.
std::vector<fs::path> leftovers_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failure;  // a folder that cannot be read keeps them
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (!is_temporary_name(entry->path().filename().string())) continue;
    std::error_code ignored;
    if (fs::is_regular_file(entry->symlink_status(ignored))) found.push_back(folder / entry->path().filename());
  }
  return found;
}

/// Whether a process writes this file, maybe one of another machine or container, whose number says nothing here.
bool is_held(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return held;
}

/// Removes what killed processes left that wrote this file. A process looks into each folder once, as it may write many
/// files there.
void remove_leftovers(const fs::path& path) {
  static std::mutex mutex;
  static std::map<fs::path, std::vector<fs::path>> folders;
  const std::scoped_lock lock(mutex);
  const auto [folder, is_new] = folders.try_emplace(path.parent_path());
  if (is_new) folder->second = leftovers_in(folder->first);
  for (const fs::path& file : folder->second) {
    if (is_abandoned(file, path.filename().string()) && !is_held(file)) ::unlink(file.c_str());
  }
}

}  // namespace

std::string read_text(const fs::path& path, size_t most) {
  const Descriptor file(path);
  struct stat status {};
  refuse_folder(file, path, status);
  const auto refuse_beyond = [&](size_t bytes) {
    if (bytes <= most) return;
    throw Error(
        ErrorCode::unsupported, "this file is too large",
        {.where = path.string(), .found = concat("at least ", bytes, " bytes"), .expected = concat("at most ", most)});
  };
  refuse_beyond(static_cast<size_t>(status.st_size));
  std::string text;
  text.reserve(static_cast<size_t>(status.st_size));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = ::read(file.value(), buffer, sizeof buffer);
    if (count < 0) throw system_error(ErrorCode::unreadable, "cannot read this file", path);
    if (count == 0) return text;
    refuse_beyond(text.size() + static_cast<size_t>(count));
    text.append(buffer, static_cast<size_t>(count));
  }
}

MappedFile::MappedFile(const fs::path& path, size_t read_whole) {
  const Descriptor file(path);
  struct stat status {};
  refuse_folder(file, path, status);
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return;
  if (size <= read_whole) {
    read_into(read_, size, file, path);
    bytes_ = read_;
    return;
  }
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (start == MAP_FAILED) throw system_error(ErrorCode::unreadable, "cannot map this file", path);
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::~MappedFile() {
  if (is_mapped()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release_pages() const {
  if (is_mapped()) ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), read_(std::exchange(other.read_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(read_, other.read_);
  return *this;
}

fs::path link_target(const fs::path& path) {
  // Asks whether the system would follow the links at all: it does not where they lead in a circle, nor, in a
  // folder that everybody may write, those of another user.
  path_exists(path, ErrorCode::unwritable);
  fs::path target = path;
  std::error_code failure;
  constexpr int kMostLinks = 40;  // as in the system itself
  for (int links = 0; links < kMostLinks; ++links) {
    if (!fs::is_symlink(target, failure)) return target;
    const fs::path next = fs::read_symlink(target, failure);
    if (failure) break;
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  if (!failure) failure = std::make_error_code(std::errc::too_many_symbolic_link_levels);
  throw system_error(failure, ErrorCode::unwritable, "cannot follow this link", path);
}

fs::path make_temporary_file(const fs::path& path) {
  remove_leftovers(path);
  return make_temporary(path, [](const fs::path& temporary) {
    const int file = open_new(temporary);
    if (file >= 0) ::close(file);
    return file >= 0;
  });
}

fs::path make_temporary_folder(const fs::path& path) {
  return make_temporary(path, [](const fs::path& temporary) { return ::mkdir(temporary.c_str(), 0777) == 0; });
}

bool is_temporary_name(const std::string& name) { return name.ends_with(kTemporaryEnding); }

namespace {

/// Whether a process runs; one that has ended and that nobody has waited for, as in a container without an init, does
/// not.
bool is_running(pid_t process) {
  if (::kill(process, 0) != 0 && errno == ESRCH) return false;
  std::ifstream file(concat("/proc/", process, "/stat"));
  std::string text;
  std::getline(file, text, '\0');
  const size_t name_end = text.rfind(") ");  // the name may hold anything
  return name_end == std::string::npos || (text[name_end + 2] != 'Z' && text[name_end + 2] != 'X');
}

}  // namespace

bool is_abandoned(const fs::path& temporary, const std::string& name) {
  const std::string whole = temporary.filename().string();
  const std::string start = name + ".";
  if (!is_temporary_name(whole) || !whole.starts_with(start)) return false;
  pid_t maker = 0;
  const char* end = std::from_chars(whole.data() + start.size(), whole.data() + whole.size(), maker).ptr;
  return *end == '.' && maker > 0 && !is_running(maker);
}

void rename_temporary(const fs::path& temporary, const fs::path& path) {
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    throw system_error(ErrorCode::unwritable, "cannot give this file its name", path);
  const fs::path folder = path.parent_path();
  sync_folder(folder.empty() ? "." : folder);
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code ignored;
  if (fs::is_directory(path_, ignored)) {
    throw Error(ErrorCode::unwritable, "this is a folder, a file was to be written", {.where = path_.string()});
  }
  if (is_special(path_)) {
    file_ = std::fopen(path_.c_str(), "ae");  // behind what the stream holds already
  } else {
    target_ = link_target(path_);
    if (target_.has_parent_path()) make_folder(target_.parent_path());
    remove_leftovers(target_);
    int descriptor = -1;
    temporary_ = make_temporary(target_, [&](const fs::path& temporary) {
      descriptor = open_new(temporary);
      if (descriptor >= 0) ::flock(descriptor, LOCK_EX | LOCK_NB);  // see is_held()
      return descriptor >= 0;
    });
    file_ = ::fdopen(descriptor, "w");
    if (file_ == nullptr) {
      ::close(descriptor);
      ::unlink(temporary_.c_str());
    }
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
  rename_temporary(temporary_, target_);
  temporary_.clear();
}

void write_text(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void write_unsynced(const fs::path& path, std::string_view text) {
  if (path.has_parent_path()) make_folder(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) throw system_error(ErrorCode::unwritable, "cannot write this file", path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(place_, ignored);
}

AtomicFolder::AtomicFolder(const fs::path& path) : path_(path.has_filename() ? path : path.parent_path()) {
  if (path_exists(path_) && !(is_folder(path_) && folder_entries(path_).empty())) {
    throw Error(ErrorCode::unwritable, "this is there already and not empty",
                {.where = path_.string(), .hint = "name a new folder"});
  }
  if (path_.has_parent_path()) make_folder(path_.parent_path());
  temporary_.emplace(path_);
}

void AtomicFolder::commit() {
  const int folder = ::open(place().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool failed = folder < 0 || ::syncfs(folder) != 0;  // once for all files
  const std::error_code reason(errno, std::generic_category());
  if (folder >= 0) ::close(folder);
  if (failed) throw system_error(reason, ErrorCode::unwritable, "cannot write this folder", path_);
  rename_temporary(place(), path_);
}

void sync_folder(const fs::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // of a folder that may be written but not read
  const bool failed = ::fsync(folder) != 0 && errno != EINVAL && errno != EROFS;
  const std::error_code reason(errno, std::generic_category());
  ::close(folder);
  if (failed) throw system_error(reason, ErrorCode::unwritable, "writing this folder failed", path);
}

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (!failure && fs::is_directory(path, failure)) return;
  const std::string reason = failure ? failure.message() : "a file of that name is in the way";
  throw Error(ErrorCode::unwritable, "cannot make this folder (" + reason + ")", {.where = path.string()});
}

}  // namespace mtcnn
