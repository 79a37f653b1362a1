#include "mtcnn/engine/threads.h"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST_F(Threads, ItemsRunAtTheSameTime) {
  // Each of two items waits for the other; in one thread they would wait in vain.
  using namespace std::chrono_literals;
  std::atomic<int> begun = 0;
  std::atomic<int> met = 0;
  share_work(2, [&](int64_t) {
    ++begun;
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    if (begun == 2) ++met;
  });
  EXPECT_EQ(met, 2);
}

TEST_F(Threads, EveryItemIsSeenOnce) {
  std::vector<std::atomic<int>> seen(1001);
  share_work(1001, [&](int64_t index) { ++seen[static_cast<size_t>(index)]; });
  for (const auto& count : seen) EXPECT_EQ(count, 1);
}

int64_t sum_of_squares(int64_t count) {
  std::atomic<int64_t> sum = 0;
  share_work(count, [&](int64_t index) { sum += index * index; });
  return sum;
}

TEST_F(Threads, LoopsWithinLoopsAndFromSeveralThreadsAllEnd) {
  std::array<int64_t, 4> sums{};
  std::vector<std::thread> threads;
  for (int64_t& sum : sums) {
    threads.emplace_back([&sum] {
      std::atomic<int64_t> total = 0;
      share_work(20, [&](int64_t) { total += sum_of_squares(100); });
      sum = total;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int64_t sum : sums) EXPECT_EQ(sum, 20 * 328350);
}

TEST_F(Threads, OneThreadHoldsForItsOwnThread) {
  {
    const OneThread alone;
    EXPECT_EQ(thread_count(), 1);
    int elsewhere = 0;
    std::thread([&] { elsewhere = thread_count(); }).join();
    EXPECT_EQ(elsewhere, 2);
    const std::thread::id here = std::this_thread::get_id();
    share_work(50, [&](int64_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
  }
  EXPECT_EQ(thread_count(), 2);
}

TEST_F(Threads, AForkedProcessHasThreadsOfItsOwn) {
  ASSERT_EQ(sum_of_squares(100), 328350);  // the pool is there
  const pid_t child = ::fork();
  if (child == 0) ::_exit(sum_of_squares(100) == 328350 ? 0 : 1);
  ASSERT_GT(child, 0);
  using namespace std::chrono_literals;
  int status = -1;
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (::waitpid(child, &status, WNOHANG) == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(5ms);
  if (status == -1) ::kill(child, SIGKILL);
  EXPECT_EQ(status, 0);
}

TEST_F(Threads, AnErrorInAnItemIsThrownOn) {
  EXPECT_THROW(share_work(2, [](int64_t) { throw std::runtime_error("an item"); }), std::runtime_error);
}

}  // namespace
}  // namespace mtcnn
