#include "mtcnn/nets/threads.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

/// Threads for one test.
class Threads : public ::testing::Test {
 protected:
  void SetUp() override { set_threads(2); }
  void TearDown() override { set_threads(before_); }

 private:
  int before_ = thread_count();
};

TEST_F(Threads, PartsRunAtTheSameTime) {
  // Each of two parts waits for the other; in one thread they would wait in vain.
  using namespace std::chrono_literals;
  std::atomic<int> begun = 0;
  std::atomic<int> met = 0;
  parallel_for(2, 1, [&](int64_t, int64_t) {
    ++begun;
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    if (begun == 2) ++met;
  });
  EXPECT_EQ(met, 2);
}

TEST_F(Threads, EveryItemIsSeenOnce) {
  std::vector<std::atomic<int>> seen(1001);
  parallel_for(1001, 10, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
  });
  for (const auto& count : seen) EXPECT_EQ(count, 1);
}

TEST_F(Threads, AnErrorInAPartIsThrownOn) {
  EXPECT_THROW(parallel_for(2, 1, [](int64_t, int64_t) { throw std::runtime_error("a part"); }), std::runtime_error);
}

}  // namespace
}  // namespace mtcnn
