#pragma once

#include <cstdint>
#include <functional>

/// \file
/// Threads of inference: LibTorch's pool, so that our loops and its kernels never compete for the cores.
namespace mtcnn {

/// CPU threads for everything from here on; 0 = one a core. Call it early, from the main thread; threads that start
/// later inherit it.
void set_threads(int count);

/// The threads that inference uses.
int thread_count();

/// Calls body(begin, end) on parts of [0, count) in parallel; parts have at least `grain` items. An exception in a part
/// is thrown on.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

/// Calls body(0) … body(count - 1), each once; a thread that is free takes the next index. For items of unequal cost.
/// An exception is thrown on.
void share_work(int64_t count, const std::function<void(int64_t index)>& body);

/// Threads of one's own call this before they use LibTorch, whose backends else take as many threads as there are
/// cores.
void take_over_threads();

/// While it lives, LibTorch runs every operation in the thread that calls it: for those with threads of their own,
/// which must be started while it lives.
class WithoutTorchThreads {
 public:
  WithoutTorchThreads() { set_threads(1); }
  ~WithoutTorchThreads() { set_threads(before_); }
  WithoutTorchThreads(const WithoutTorchThreads&) = delete;
  WithoutTorchThreads& operator=(const WithoutTorchThreads&) = delete;

 private:
  int before_ = thread_count();
};

}  // namespace mtcnn
