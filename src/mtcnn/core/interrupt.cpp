#include "mtcnn/core/interrupt.h"

#include <csignal>

namespace mtcnn {
namespace {

// A signal handler can reach nothing but such a flag.
volatile std::sig_atomic_t stop_asked = 0;

void note_signal(int) {
  stop_asked = 1;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  stop_asked = 0;
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  stop_asked = 0;
}

bool interrupted() { return stop_asked != 0; }

}  // namespace mtcnn
