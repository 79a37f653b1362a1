#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace mtcnn {

/// `count`, or one a core where it is 0.
int threads_or_cores(int count);

/// Threads that share loops. Several threads may share loops through one pool at once, and a body may share another
/// one. A thread that runs out of work watches for more for a tenth of a millisecond, then sleeps.
class ThreadPool {
 public:
  /// \param threads  at least 1, the caller's own included
  /// \throws Error if the system allows no more threads.
  explicit ThreadPool(int threads);
  /// No loop may be running.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Starts more threads, where there are fewer.
  /// \throws Error if the system allows no more; those that could be started stay.
  void grow(int threads);

  /// Calls body(0) … body(count - 1), each once; a thread that is free takes the next index. Returns when all are
  /// done. The first exception stops the rest and is thrown on.
  /// \param most  threads at a time, the caller's own included; 0 = all.
  void run(int64_t count, const std::function<void(int64_t index)>& body, int most = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mtcnn
