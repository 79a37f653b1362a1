#include "mtcnn/nets/threads.h"

#include <algorithm>
#include <thread>

#include <ATen/Parallel.h>

namespace mtcnn {

void set_threads(int count) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  at::set_num_threads(count > 0 ? count : static_cast<int>(cores));
}

int thread_count() { return at::get_num_threads(); }

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  at::parallel_for(0, count, grain, body);
}

}  // namespace mtcnn
