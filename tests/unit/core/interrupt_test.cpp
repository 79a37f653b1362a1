#include "mtcnn/core/interrupt.h"

#include <csignal>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(Interrupt, FalseWithoutGuard) { EXPECT_FALSE(interrupted()); }

TEST(Interrupt, FirstSignalOnlySetsTheFlag) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    {
      const InterruptGuard guard;
      EXPECT_FALSE(interrupted());
      std::raise(signal);
      EXPECT_TRUE(interrupted());
    }
    EXPECT_FALSE(interrupted());
  }
}

TEST(Interrupt, EndsLongWorkOnce) {
  const InterruptGuard guard;
  const auto work = [] {
    stop_if_interrupted();
    return 7;
  };
  EXPECT_EQ(unless_interrupted(work), 7);
  std::raise(SIGTERM);
  EXPECT_THROW(work(), Error);
  EXPECT_EQ(unless_interrupted(work), std::nullopt);
  EXPECT_THROW(unless_interrupted([]() -> int { throw Error(ErrorCode::bad_format, "another"); }), Error);
}

void other_handler(int) {}

TEST(Interrupt, FormerHandlersComeBack) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const auto former = std::signal(signal, other_handler);
    { const InterruptGuard guard; }
    EXPECT_EQ(std::signal(signal, other_handler), other_handler);
    {
      const InterruptGuard guard;
      std::raise(signal);
      EXPECT_TRUE(interrupted());
    }
    EXPECT_EQ(std::signal(signal, former), other_handler);
  }
}

TEST(Interrupt, NohupIsHeeded) {
  const auto former = std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    EXPECT_FALSE(interrupted());
  }
  std::signal(SIGHUP, former);
}

/// Runs in a process of its own, as the second signal ends it.
void raise_twice(int first, int second) {
  const InterruptGuard guard;
  std::raise(first);
  if (interrupted()) std::raise(second);
}

TEST(InterruptDeathTest, SecondSignalEndsTheProcess) {
  for (const int first : {SIGINT, SIGTERM}) {
    for (const int second : {SIGINT, SIGTERM}) {
      EXPECT_EXIT(raise_twice(first, second), ::testing::KilledBySignal(second), "") << first << " then " << second;
    }
  }
}

TEST(InterruptDeathTest, WithoutGuardTheFirstSignalEndsTheProcess) {
  { const InterruptGuard guard; }
  EXPECT_EXIT(std::raise(SIGINT), ::testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace mtcnn
