#include "mtcnn/core/thread_pool.h"

#include "mtcnn/core/error.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mtcnn {
namespace {

TEST(ThreadPool, EveryIndexIsCalledOnceInEveryRound) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const int64_t count : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<size_t>(count));
      pool.run(count, [&](int64_t index) { ++calls[static_cast<size_t>(index)]; });
      for (const auto& number : calls) EXPECT_EQ(number, 1);
    }
  }
}

TEST(ThreadPool, CallsRunAtTheSameTime) {
  // Each of three calls waits for the others; in fewer threads they would wait in vain.
  using namespace std::chrono_literals;
  std::atomic<int> begun = 0;
  std::atomic<int> met = 0;
  ThreadPool pool(3);
  pool.run(3, [&](int64_t) {
    ++begun;
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (begun < 3 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    if (begun == 3) ++met;
  });
  EXPECT_EQ(met, 3);
}

TEST(ThreadPool, AnErrorStopsTheRestAndThePoolGoesOn) {
  for (const int threads : {1, 4}) {
    ThreadPool pool(threads);
    std::atomic<int> calls = 0;
    const auto body = [&](int64_t index) {
      ++calls;
      if (index == 3) throw std::runtime_error("index 3");
    };
    EXPECT_THROW(pool.run(1'000'000, body), std::runtime_error);
    EXPECT_LT(calls, 1'000'000);
    calls = 0;
    pool.run(3, body);
    EXPECT_EQ(calls, 3);
  }
}

TEST(ThreadPool, LoopsWithinLoopsAndFromSeveralThreadsAllEnd) {
  ThreadPool pool(3);
  std::atomic<int> calls = 0;
  const auto share = [&] { pool.run(20, [&](int64_t) { pool.run(10, [&](int64_t) { ++calls; }); }); };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(share);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 4 * 20 * 10);
}

TEST(ThreadPool, TakesNoMoreThreadsThanAreAskedFor) {
  ThreadPool pool(1);
  pool.grow(4);
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  const auto body = [&](int64_t) {
    const int running = ++now;
    int seen = most;
    while (seen < running && !most.compare_exchange_weak(seen, running)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --now;
  };
  pool.run(40, body, 2);
  EXPECT_LE(most, 2);
}

TEST(ThreadPool, WantsAThread) { EXPECT_THROW(ThreadPool(0), ContractError); }

#ifndef __SANITIZE_ADDRESS__  // which needs room of its own
/// Runs in a process of its own: leaves with 0 if the pool tells in one Error that there is no room for its threads.
void make_too_many_threads() {
  std::ifstream pages("/proc/self/statm");
  rlim_t used = 0;
  pages >> used;
  used *= static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
  const rlimit limit{used + (rlim_t{64} << 20), RLIM_INFINITY};  // room for the stacks of a few
  ::setrlimit(RLIMIT_AS, &limit);
  try {
    const ThreadPool pool(500);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(0);
  }
  std::_Exit(1);
}

TEST(ThreadPoolDeathTest, TooManyThreadsAreAnError) {
  EXPECT_EXIT(make_too_many_threads(), ::testing::ExitedWithCode(0), "allows no more threads.*expected 500");
}
#endif

}  // namespace
}  // namespace mtcnn
