#include "mtcnn/nets/threads.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <ATen/Parallel.h>

#ifndef INTRA_OP_PARALLEL
#error "compile this with OpenMP: at::parallel_for would be a plain loop"
#endif

namespace mtcnn {

void set_threads(int count) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  at::set_num_threads(count > 0 ? count : static_cast<int>(cores));
}

int thread_count() { return at::get_num_threads(); }

void take_over_threads() { at::get_num_threads(); }

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  at::parallel_for(0, count, grain, [&body](int64_t begin, int64_t end) {
    // oneDNN plans a layer's gradient for as many threads as it may have, then waits for them; inside a part there is
    // one. Within a parallel region the number holds for this part alone; LibTorch sets its own once a thread.
    take_over_threads();
    if (at::in_parallel_region()) omp_set_num_threads(1);
    body(begin, end);
  });
}

void share_work(int64_t count, const std::function<void(int64_t index)>& body) {
  std::atomic<int64_t> next = 0;
  parallel_for(std::min<int64_t>(count, thread_count()), 1, [&](int64_t, int64_t) {
    for (int64_t index = next++; index < count; index = next++) body(index);
  });
}

}  // namespace mtcnn
