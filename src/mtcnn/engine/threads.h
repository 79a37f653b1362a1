#pragma once

#include <cstdint>
#include <functional>

/// \file
/// Threads of inference: one pool of our own, which all detectors of a process share. Its threads start at the first
/// loop that wants them; where the system allows fewer, loops take longer. What is computed never depends on their
/// number. Any number of threads may share loops at once, and a part may share another loop. A process that was forked
/// starts threads of its own.
namespace mtcnn {

/// How many threads a loop may take from here on, in the whole process; 0 = one a core.
void set_threads(int count);

/// The threads that a loop of this thread may take.
int thread_count();

/// While it lives, loops of the thread that made it run in that thread alone: for those who search in threads of their
/// own.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  bool before_;
};

/// Calls body(0) … body(count - 1), each once; a thread that is free takes the next index. An exception is
/// thrown on.
void share_work(int64_t count, const std::function<void(int64_t index)>& body);

}  // namespace mtcnn
