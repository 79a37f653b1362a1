#pragma once

#include "mtcnn/core/error.h"

#include <array>
#include <csignal>
#include <optional>

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

/// For long work that can give nothing half done.
/// \throws Error{interrupted} where interrupted().
void stop_if_interrupted();

/// What `work` gives; nothing where stop_if_interrupted() ended it.
template <class Work>
auto unless_interrupted(const Work& work) -> std::optional<decltype(work())> {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::interrupted) throw;
    return {};
  }
}

}  // namespace mtcnn
