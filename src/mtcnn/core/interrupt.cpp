#include "mtcnn/core/interrupt.h"

#include <csignal>
#include <iterator>
#include <tuple>

namespace mtcnn {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// A signal handler can reach nothing but such a flag.
volatile std::sig_atomic_t stop_asked = 0;

void note_signal(int) {
  stop_asked = 1;
  for (const int signal : kSignals) std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  static_assert(std::size(kSignals) == std::tuple_size_v<decltype(former_)>);
  stop_asked = 0;
  struct sigaction own {};
  own.sa_handler = note_signal;
  own.sa_flags = SA_RESTART;
  for (size_t i = 0; i < former_.size(); ++i) {
    ::sigaction(kSignals[i], &own, &former_[i]);
    // nohup asks for this one to be passed over.
    if (kSignals[i] == SIGHUP && former_[i].sa_handler == SIG_IGN) ::sigaction(SIGHUP, &former_[i], nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (size_t i = 0; i < former_.size(); ++i) ::sigaction(kSignals[i], &former_[i], nullptr);
  stop_asked = 0;
}

bool interrupted() { return stop_asked != 0; }

void stop_if_interrupted() {
  if (interrupted()) throw Error(ErrorCode::interrupted, "stopped before the end");
}

}  // namespace mtcnn
