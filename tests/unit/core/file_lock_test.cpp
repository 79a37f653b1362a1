#include "mtcnn/core/file_lock.h"

#include <optional>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(FileLock, OneHolderAtATime) {
  const testing::TempFolder folder;
  std::optional<FileLock> first(folder / "lock");
  EXPECT_THAT(testing::error_message(ErrorCode::unwritable, [&] { FileLock(folder / "lock"); }),
              ::testing::HasSubstr("another run"));
  first.reset();
  EXPECT_NO_THROW(FileLock(folder / "lock"));
  testing::error_message(ErrorCode::unwritable, [&] { FileLock(folder / "nowhere" / "lock"); });
}

}  // namespace
}  // namespace mtcnn
