#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace mtcnn {

/// Threads that wait, without spinning, for work to share. For loops whose items take milliseconds.
class ThreadPool {
 public:
  /// \param threads  at least 1, the caller's own included
  /// \throws Error if the system allows no more threads.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Calls body(0) … body(count - 1), each once; a thread that is free takes the next index. Returns when all are
  /// done. The first exception stops the rest and is thrown on. One caller at a time, and not from within a body.
  void run(int64_t count, const std::function<void(int64_t index)>& body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mtcnn
