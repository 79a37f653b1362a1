#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include "support/temp_folder.h"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace mtcnn {
namespace {

// "/dev/stdout" is such a link to "/proc/self/fd/1"; the test takes a name that nobody could replace by mistake.
TEST(AtomicFile, WritesBehindWhatAStreamHoldsThatLeadsToAPlainFile) {
  const testing::TempFolder folder;
  const auto path = folder.path() / "redirected";
  write_text(path, "before\n");
  const int stream = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ASSERT_GE(stream, 0);
  write_text(concat("/proc/self/fd/", stream), "after\n");
  ::close(stream);
  EXPECT_EQ(read_text(path), "before\nafter\n");
}

}  // namespace
}  // namespace mtcnn
