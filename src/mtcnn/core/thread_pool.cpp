#include "mtcnn/core/thread_pool.h"

#include "mtcnn/core/error.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mtcnn {

struct ThreadPool::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    begun.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  /// Takes indices until there are none.
  void work() {
    try {
      for (int64_t index = next++; index < count; index = next++) (*body)(index);
    } catch (...) {
      next = count;
      const std::scoped_lock lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }

  void wait_for_work() {
    int64_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        begun.wait(lock, [&] { return stopping || round != seen; });
        if (stopping) return;
        seen = round;
      }
      work();
      const std::scoped_lock lock(mutex);
      if (--busy == 0) done.notify_one();
    }
  }

  std::atomic<int64_t> next = 0;
  int64_t count = 0;
  const std::function<void(int64_t)>* body = nullptr;

  std::mutex mutex;  ///< over what follows
  std::condition_variable begun;
  std::condition_variable done;
  std::exception_ptr failure;
  int64_t round = 0;  ///< calls of run()
  size_t busy = 0;    ///< threads that have not finished this round
  bool stopping = false;

  std::vector<std::thread> threads;
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>()) {
  require(threads > 0, "ThreadPool: no threads");
  for (int i = 1; i < threads; ++i) {
    try {
      impl_->threads.emplace_back([impl = impl_.get()] { impl->wait_for_work(); });
    } catch (const std::system_error& failure) {
      throw Error(
          ErrorCode::unsupported, "the system allows no more threads (" + failure.code().message() + ")",
          {.found = std::to_string(i), .expected = std::to_string(threads), .hint = "give a smaller --threads"});
    }
  }
}

ThreadPool::~ThreadPool() = default;

void ThreadPool::run(int64_t count, const std::function<void(int64_t index)>& body) {
  {
    const std::scoped_lock lock(impl_->mutex);
    impl_->next = 0;
    impl_->count = count;
    impl_->body = &body;
    impl_->failure = nullptr;
    impl_->busy = impl_->threads.size();
    ++impl_->round;
  }
  impl_->begun.notify_all();
  impl_->work();
  std::unique_lock lock(impl_->mutex);
  impl_->done.wait(lock, [this] { return impl_->busy == 0; });
  if (impl_->failure) std::rethrow_exception(impl_->failure);
}

}  // namespace mtcnn
