#pragma once

namespace mtcnn {

/// While one lives, the first Ctrl-C (SIGINT) or SIGTERM only sets a flag that long work asks for between two steps; a
/// second one ends the process at once. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// True once the user has asked to stop. Always false where no guard lives.
bool interrupted();

}  // namespace mtcnn
