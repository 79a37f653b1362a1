#include "mtcnn/data/text_lines.h"

#include "mtcnn/core/file.h"

#include <thread>
#include <vector>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using testing::TempFolder;

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  TextLines lines(path, "list");
  std::vector<std::string> found;
  while (lines.next()) found.emplace_back(lines.text());
  return found;
}

TEST(TextLines, MarksAreNoPartOfTheFirstLine) {
  const TempFolder folder;
  for (const std::string text : {"a\nbc\n",
                                 "\xEF\xBB\xBF"
                                 "a\r\nbc",
                                 "\n\na\n bc \n"}) {
    write_text(folder / "list", text);
    EXPECT_THAT(lines_of(folder / "list"), ElementsAre("a", "bc"));
  }
  write_text(folder / "list", std::string("\xFF\xFE"
                                          "a\0\n\0b\0c\0",
                                          10));
  EXPECT_THAT(lines_of(folder / "list"), ElementsAre("a", "bc"));
}

TEST(TextLines, FilesShorterThanAMark) {
  const TempFolder folder;
  write_text(folder / "list", "");
  EXPECT_TRUE(lines_of(folder / "list").empty());
  write_text(folder / "list", "a");
  EXPECT_THAT(lines_of(folder / "list"), ElementsAre("a"));
  write_text(folder / "list", "\n\n");
  EXPECT_TRUE(lines_of(folder / "list").empty());
}

/// As a shell's <(command) gives: it cannot be read from the start again.
TEST(TextLines, PipesLoseNothing) {
  const TempFolder folder;
  const std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string text : {"abcd\nef\n",
                                 "\xEF\xBB\xBF"
                                 "abcd\nef\n",
                                 "abcd\nef"}) {
    std::thread writer([&] { write_text(pipe, text); });
    EXPECT_THAT(lines_of(pipe), ElementsAre("abcd", "ef"));
    writer.join();
  }
}

/// A file without line ends does not fill the memory: a line is given up when it is too long, not at its end.
TEST(TextLines, ALineIsNotReadWithoutEnd) {
  const TempFolder folder;
  const std::filesystem::path file = folder / "list";
  constexpr size_t kLongest = size_t{64} << 20;
  write_text(file, "short\n" + std::string(kLongest, 'x') + "\n");
  TextLines lines(file, "list");
  EXPECT_TRUE(lines.next());
  EXPECT_TRUE(lines.next());
  EXPECT_EQ(lines.text().size(), kLongest);
  std::filesystem::resize_file(file, size_t{64} << 30);  // without bytes on the disk
  TextLines endless(file, "list");
  EXPECT_TRUE(endless.next());
  EXPECT_TRUE(endless.next());
  EXPECT_THAT(testing::error_message(ErrorCode::unsupported, [&] { endless.next(); }),
              ::testing::HasSubstr("list:3: a line is too long"));
}

}  // namespace
}  // namespace mtcnn
