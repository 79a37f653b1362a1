#include "mtcnn/engine/threads.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/thread_pool.h"

#include <atomic>

#include <unistd.h>

namespace mtcnn {
namespace {

std::atomic<int> chosen_threads = 0;  // 0: one a core
thread_local bool alone = false;      // see OneThread

/// The pool with the process that its threads belong to.
struct SharedPool {
  explicit SharedPool(int pool_threads) : threads(pool_threads) {}

  const pid_t process = ::getpid();
  const int threads;  ///< asked for
  ThreadPool pool{1};
};

std::atomic<SharedPool*> shared_pool = nullptr;

/// Pools are never taken down: other threads may be using them, and after a fork their threads are gone.
ThreadPool& pool_for(int threads) {
  for (;;) {
    SharedPool* current = shared_pool;
    if (current != nullptr && current->process == ::getpid() && current->threads >= threads) return current->pool;
    auto* larger = new SharedPool(threads);
    if (!shared_pool.compare_exchange_strong(current, larger)) {
      delete larger;
      continue;
    }
    try {
      larger->pool.grow(threads);
    } catch (const Error& error) {
      log::warning(error.what());
    }
    return larger->pool;
  }
}

}  // namespace

void set_threads(int count) { chosen_threads = count; }

int thread_count() {
  if (alone) return 1;
  return threads_or_cores(chosen_threads);
}

OneThread::OneThread() : before_(alone) { alone = true; }
OneThread::~OneThread() { alone = before_; }

void share_work(int64_t count, const std::function<void(int64_t index)>& body) {
  const int threads = thread_count();
  if (threads > 1 && count > 1) return pool_for(threads).run(count, body, threads);
  for (int64_t index = 0; index < count; ++index) body(index);
}

}  // namespace mtcnn
