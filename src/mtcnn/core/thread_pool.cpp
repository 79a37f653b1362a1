#include "mtcnn/core/thread_pool.h"

#include "mtcnn/core/error.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mtcnn {
namespace {

/// Waking a thread takes as long as a small loop, so threads look for work a little longer than that.
constexpr std::chrono::microseconds kWatch{100};

/// \return whether `ready` came true while watching.
template <class Ready>
bool watch(Ready ready) {
  const auto end = std::chrono::steady_clock::now() + kWatch;
  for (;;) {
    for (int i = 0; i < 64; ++i) {
      if (ready()) return true;
    }
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::yield();
  }
}

/// A loop that is shared; it lies on the stack of the thread that shares it.
struct Loop {
  Loop(int64_t loop_count, const std::function<void(int64_t)>& loop_body) : count(loop_count), body(loop_body) {}

  const int64_t count;
  const std::function<void(int64_t)>& body;
  std::atomic<int64_t> next = 0;
  std::atomic<int> helpers = 0;  ///< threads of the pool that work on it; raised under the pool's mutex
  int places = 0;                ///< for more helpers; under the pool's mutex
  std::exception_ptr failure;    ///< the first; under the pool's mutex
};

}  // namespace

int threads_or_cores(int count) {
  return count > 0 ? count : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

struct ThreadPool::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
      offers = 1;
    }
    offered.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  /// Takes indices until there are none.
  void work(Loop& loop) {
    try {
      for (int64_t index = loop.next++; index < loop.count; index = loop.next++) loop.body(index);
    } catch (...) {
      loop.next = loop.count;
      const std::scoped_lock lock(mutex);
      if (!loop.failure) loop.failure = std::current_exception();
    }
  }

  /// The first loop with a place, which is taken. Under the mutex.
  Loop* take_place() {
    const auto found = std::find_if(open.begin(), open.end(), [](const Loop* loop) { return loop->places > 0; });
    if (found == open.end()) return nullptr;
    --(*found)->places;
    --offers;
    ++(*found)->helpers;
    return *found;
  }

  void help() {
    for (;;) {
      watch([this] { return offers > 0; });
      Loop* loop = nullptr;
      {
        std::unique_lock lock(mutex);
        offered.wait(lock, [&] { return stopping || (loop = take_place()) != nullptr; });
        if (loop == nullptr) return;
      }
      work(*loop);
      const std::scoped_lock lock(mutex);
      if (--loop->helpers == 0) left.notify_all();  // from here on the loop may be gone
    }
  }

  void run(Loop& loop, int helpers_wanted) {
    std::list<Loop*>::iterator place;
    {
      const std::scoped_lock lock(mutex);
      loop.places = std::min(helpers_wanted, static_cast<int>(threads.size()));
      offers += loop.places;
      place = open.insert(open.end(), &loop);
      for (int i = 0; i < loop.places; ++i) offered.notify_one();
    }
    work(loop);
    {
      const std::scoped_lock lock(mutex);
      open.erase(place);
      offers -= loop.places;
    }
    watch([&] { return loop.helpers == 0; });
    std::unique_lock lock(mutex);
    left.wait(lock, [&] { return loop.helpers == 0; });
  }

  std::mutex mutex;
  std::condition_variable offered;  ///< a place in a loop, or the end
  std::condition_variable left;     ///< a loop by its last helper
  std::list<Loop*> open;            ///< under the mutex
  std::atomic<int> offers = 0;      ///< places in all loops; changed under the mutex
  bool stopping = false;            ///< under the mutex
  std::vector<std::thread> threads;
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>()) {
  require(threads > 0, "ThreadPool: no threads");
  grow(threads);
}

ThreadPool::~ThreadPool() = default;

void ThreadPool::grow(int threads) {
  const std::scoped_lock lock(impl_->mutex);
  while (static_cast<int>(impl_->threads.size()) + 1 < threads) {
    try {
      impl_->threads.emplace_back([impl = impl_.get()] { impl->help(); });
    } catch (const std::system_error& failure) {
      throw Error(ErrorCode::unsupported, "the system allows no more threads (" + failure.code().message() + ")",
                  {.found = std::to_string(impl_->threads.size() + 1),
                   .expected = std::to_string(threads),
                   .hint = "give a smaller --threads"});
    }
  }
}

void ThreadPool::run(int64_t count, const std::function<void(int64_t index)>& body, int most) {
  Loop loop(count, body);
  const int64_t helpers = std::min<int64_t>(count, most > 0 ? most : count) - 1;
  if (helpers > 0) {
    constexpr int64_t kMostHelpers = 1 << 16;
    impl_->run(loop, static_cast<int>(std::min(helpers, kMostHelpers)));
  } else {
    impl_->work(loop);
  }
  if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace mtcnn
