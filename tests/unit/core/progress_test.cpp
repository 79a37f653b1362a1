#include "mtcnn/core/progress.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::HasSubstr;

/// What `work` wrote to stderr, which is no terminal here.
std::string stderr_of(const std::function<void()>& work) {
  ::testing::internal::CaptureStderr();
  work();
  return ::testing::internal::GetCapturedStderr();
}

void after_first_second() { std::this_thread::sleep_for(std::chrono::milliseconds(1050)); }

TEST(Progress, ShortWorkIsSilent) {
  EXPECT_EQ(stderr_of([] {
              Progress progress("pictures", 1000, false);
              for (int i = 0; i <= 1000; ++i) progress.update(i);
            }),
            "");
}

TEST(Progress, LongWorkShowsOneLine) {
  const std::string lines = stderr_of([] {
    Progress known("pictures", 10, false);
    Progress unknown("frames", 0, false);
    Progress finished("lines", 10, false);
    Progress silent("never", 10, true);
    after_first_second();
    known.update(3);
    known.update(4);  // too soon after the line before
    unknown.update(7);
    finished.update(10);
    silent.update(5);
  });
  EXPECT_THAT(lines, HasSubstr("3/10 pictures (30%), "));
  EXPECT_THAT(lines, HasSubstr("/s, 0:0"));
  EXPECT_THAT(lines, HasSubstr(" left\n"));
  EXPECT_THAT(lines, HasSubstr("7 frames, "));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
}

}  // namespace
}  // namespace mtcnn
