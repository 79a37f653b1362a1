#pragma once

#include <cstdint>
#include <functional>

namespace mtcnn {

/// Calls body(0) … body(count - 1), each once, from `threads` threads that take the next index when they are free. The
/// first exception stops the rest and is thrown on. One thread: the caller's own.
void run_in_threads(int threads, int64_t count, const std::function<void(int64_t index)>& body);

}  // namespace mtcnn
