#include "mtcnn/core/paths.h"

#include "mtcnn/core/file.h"

#include <functional>
#include <string>
#include <vector>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using testing::error_message;
using ::testing::HasSubstr;
using testing::TempFolder;

const std::vector<std::function<void(const fs::path&)>> kQuestions = {
    [](const fs::path& path) { path_exists(path); }, [](const fs::path& path) { is_folder(path); },
    [](const fs::path& path) { is_file(path); },     [](const fs::path& path) { folder_entries(path); },
    [](const fs::path& path) { file_bytes(path); },
};

void expect_refused(const fs::path& path, const std::string& reason) {
  for (const auto& ask : kQuestions) {
    EXPECT_THAT(error_message(ErrorCode::unreadable, [&] { ask(path); }),
                ::testing::AllOf(HasSubstr(path.string()), HasSubstr(reason)));
  }
}

TEST(Paths, TellWhatIsThere) {
  const TempFolder folder;
  write_text(folder / "b", "four");
  make_folder(folder / "a");
  fs::create_symlink("b", folder / "link");
  fs::create_symlink("none", folder / "dangling");
  EXPECT_TRUE(path_exists(folder / "b") && is_file(folder / "link") && is_folder(folder / "a"));
  EXPECT_FALSE(is_file(folder / "a") || is_folder(folder / "b"));
  for (const char* none : {"none", "dangling", "b/below"}) {
    EXPECT_FALSE(path_exists(folder / none) || is_file(folder / none) || is_folder(folder / none)) << none;
  }
  EXPECT_EQ(file_bytes(folder / "b"), 4);
  EXPECT_THAT(folder_entries(folder.path()),
              ::testing::ElementsAre(folder / "a", folder / "b", folder / "dangling", folder / "link"));
  EXPECT_THROW(folder_entries(folder / "none"), Error);
  EXPECT_THROW(folder_entries(folder / "b"), Error);
  EXPECT_THROW(file_bytes(folder / "none"), Error);
}

TEST(Paths, NamesTooLongAndLinksInACircleAreErrors) {
  const TempFolder folder;
  expect_refused(folder / std::string(300, 'n'), "too long");
  fs::create_symlink("self", folder / "self");
  expect_refused(folder / "self", "symbolic link");
  EXPECT_THROW(AtomicFile(folder / "self"), Error);
  EXPECT_THROW(AtomicFile(folder / std::string(300, 'n')), Error);
}

TEST(Paths, FoldersThatMayNotBeReadAreErrors) {
  const TempFolder folder;
  make_folder(folder / "private");
  write_text(folder / "private" / "file", "");
  ASSERT_EQ(::chmod((folder / "private").c_str(), 0), 0);
  const uid_t user = ::geteuid();
  constexpr uid_t kNobody = 65534;
  if (user == 0) {
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(kNobody), 0) << "the superuser may read everything";
  }
  expect_refused(folder / "private" / "file", "Permission denied");
  EXPECT_THAT(error_message(ErrorCode::unreadable, [&] { folder_entries(folder / "private"); }),
              HasSubstr("Permission denied"));
  EXPECT_THROW(AtomicFile(folder / "private" / "new"), Error);
  EXPECT_THROW(remove_path(folder / "private"), Error);
  ASSERT_EQ(::seteuid(user), 0);
  ::chmod((folder / "private").c_str(), 0755);
}

TEST(Paths, RemoveAndRename) {
  const TempFolder folder;
  write_text(folder / "a" / "b" / "c", "text");
  rename_path(folder / "a", folder / "d");
  EXPECT_EQ(read_text(folder / "d" / "b" / "c"), "text");
  EXPECT_THROW(rename_path(folder / "a", folder / "e"), Error);
  fs::create_symlink("d", folder / "link");
  remove_path(folder / "link");
  EXPECT_TRUE(path_exists(folder / "d"));
  remove_path(folder / "d");
  EXPECT_NO_THROW(remove_path(folder / "d"));
  EXPECT_TRUE(folder_entries(folder.path()).empty());
}

}  // namespace
}  // namespace mtcnn
