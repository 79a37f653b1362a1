#pragma once

#include <array>
#include <csignal>

namespace mtcnn {

/// While one lives, the first Ctrl-C (SIGINT), SIGTERM or SIGHUP (the terminal is closed) only sets a flag that long
/// work asks for between two steps; a second one ends the process at once. Then whatever handled the signals before
/// does so again. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  std::array<struct sigaction, 3> former_ = {};
};

/// True once the user has asked to stop. Always false where no guard lives.
bool interrupted();

}  // namespace mtcnn
