#include "mtcnn/core/file_lock.h"

#include "mtcnn/core/error.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace mtcnn {

FileLock::FileLock(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw system_error(ErrorCode::unwritable, "cannot make this lock", path);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const bool held = errno == EWOULDBLOCK;
  const Error failure = held ? Error(ErrorCode::unwritable, "another run is writing into this folder",
                                     {.where = path.parent_path().string(),
                                      .hint = "wait for it, stop it, or choose another output folder"})
                             : system_error(ErrorCode::unwritable, "cannot lock this file", path);
  ::close(descriptor_);
  throw failure;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace mtcnn
