#pragma once

#include <cstdint>
#include <functional>

/// The one thread pool: LibTorch's, so that our loops and its kernels never compete for the cores.
namespace mtcnn {

/// CPU threads for everything from here on; 0 = one a core. Call it early, from the main thread; threads that start
/// later inherit it.
void set_threads(int count);

int thread_count();

/// Calls body(begin, end) on parts of [0, count) in parallel; parts have at least `grain` items. An exception in a part
/// is thrown on.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

}  // namespace mtcnn
