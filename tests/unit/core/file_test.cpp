#include "mtcnn/core/file.h"

#include "mtcnn/core/paths.h"

#include <algorithm>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_message;
using ::testing::HasSubstr;
using testing::TempFolder;
using ::testing::UnorderedElementsAre;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Runs `work` in a process of its own, which leaves with its result; returns the status that waitpid gives.
int status_in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 99;
    try {
      result = work();
    } catch (...) {
    }
    ::_exit(result);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(ReadText, GivesTheBytes) {
  const TempFolder folder;
  std::string text = "line\r\n\0\xFF";
  text.resize(300'000, 'x');
  for (const std::string& content : {std::string(), text}) {
    write_text(folder / "a", content);
    EXPECT_EQ(read_text(folder / "a"), content);
  }
}

TEST(ReadText, ReadsWhatHasNoSize) { EXPECT_THAT(read_text("/proc/self/status"), HasSubstr("Name:")); }

TEST(ReadText, RefusesWhatIsTooLarge) {
  const TempFolder folder;
  write_text(folder / "a", std::string(100, 'x'));
  EXPECT_EQ(read_text(folder / "a", 100).size(), 100U);
  EXPECT_THAT(error_message(ErrorCode::unsupported, [&] { read_text(folder / "a", 99); }),
              HasSubstr("found at least 100 bytes, expected at most 99"));
  EXPECT_THAT(error_message(ErrorCode::unsupported, [] { read_text("/dev/zero", 100000); }), HasSubstr("too large"));
}

TEST(ReadText, RefusesWhatIsNoFile) {
  const TempFolder folder;
  write_text(folder / "a", "");
  const auto message = [](ErrorCode code, const fs::path& path) {
    return error_message(code, [&] { read_text(path); });
  };
  EXPECT_THAT(message(ErrorCode::not_found, folder / "none"), HasSubstr((folder / "none").string()));
  EXPECT_THAT(message(ErrorCode::not_found, folder / "a" / "below a file"), HasSubstr("below a file"));
  EXPECT_THAT(message(ErrorCode::unreadable, folder.path()), HasSubstr("folder"));
  EXPECT_THAT(message(ErrorCode::unreadable, folder / std::string(300, 'n')), HasSubstr("too long"));
}

TEST(MappedFile, GivesTheBytes) {
  const TempFolder folder;
  write_text(folder / "a", std::string("ab\0c", 4));
  const MappedFile file(folder / "a");
  ASSERT_EQ(file.bytes().size(), 4U);
  EXPECT_EQ(static_cast<char>(file.bytes()[3]), 'c');
  write_text(folder / "empty", "");
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
}

TEST(MappedFile, OutlivesTheNameAndMoves) {
  const TempFolder folder;
  write_text(folder / "a", "first");
  write_text(folder / "b", "second");
  MappedFile a(folder / "a");
  MappedFile b(folder / "b");
  fs::remove(folder / "b");
  a = std::move(b);
  EXPECT_EQ(static_cast<char>(a.bytes()[0]), 's');
  const MappedFile c(std::move(a));
  EXPECT_EQ(c.bytes().size(), 6U);
}

TEST(MappedFile, SmallFilesMayBeCutOffMeanwhile) {
  const TempFolder folder;
  write_text(folder / "a", std::string(100'000, 'x'));
  const MappedFile file(folder / "a");
  fs::resize_file(folder / "a", 0);
  file.release_pages();
  EXPECT_EQ(static_cast<char>(file.bytes()[99'999]), 'x');
}

TEST(MappedFile, LargeFilesAreReadAgainAfterReleasingPages) {
  const TempFolder folder;
  write_text(folder / "a", std::string(5 << 20, 'x') + "y");
  const MappedFile file(folder / "a");
  ASSERT_EQ(file.bytes().size(), (5U << 20) + 1);
  file.release_pages();
  EXPECT_EQ(static_cast<char>(file.bytes().back()), 'y');
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TempFolder folder;
  error_message(ErrorCode::not_found, [&] { MappedFile(folder / "none"); });
  error_message(ErrorCode::unreadable, [&] { MappedFile(folder.path()); });
}

TEST(AtomicFile, NothingIsSeenBeforeCommit) {
  const TempFolder folder;
  write_text(folder / "a", "old");
  AtomicFile file(folder / "a");
  file.write("new");
  file.flush();
  EXPECT_EQ(read_text(folder / "a"), "old");
  file.commit();
  EXPECT_EQ(read_text(folder / "a"), "new");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(AtomicFile, WithoutCommitTheOldFileStays) {
  const TempFolder folder;
  write_text(folder / "a", "old");
  { AtomicFile(folder / "a").write("new"); }
  { AtomicFile(folder / "b").write("new"); }
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(AtomicFile, MakesParentFolders) {
  const TempFolder folder;
  write_text(folder / "b/c/a", "text");
  EXPECT_EQ(read_text(folder / "b/c/a"), "text");
}

TEST(AtomicFile, RefusesPlacesThatCannotBeWritten) {
  const TempFolder folder;
  write_text(folder / "file", "old");
  fs::create_directory(folder / "folder");
  const auto refusal = [](const fs::path& path) {
    return error_message(ErrorCode::unwritable, [&] { write_text(path, "text"); });
  };
  EXPECT_THAT(refusal(folder / "file" / "below"), HasSubstr((folder / "file").string() + ": "));
  EXPECT_THAT(refusal(folder / "folder"), HasSubstr((folder / "folder").string() + ": this is a folder"));
  EXPECT_THAT(refusal(folder / std::string(300, 'n')), HasSubstr("too long"));
  EXPECT_THAT(refusal("/proc/none/a"), HasSubstr("/proc/none: "));
  EXPECT_THAT(refusal(""), HasSubstr("cannot"));
  EXPECT_EQ(read_text(folder / "file"), "old");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("file", "folder"));
}

TEST(AtomicFile, RefusesAFolderWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(error_message(ErrorCode::unwritable, [&] { write_text(folder / "a", "text"); }), HasSubstr("ermission"));
  fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST(AtomicFile, FullDeviceIsAnError) {
  EXPECT_THAT(error_message(ErrorCode::unwritable, [] { write_text("/dev/full", "text"); }), HasSubstr("No space"));
  EXPECT_THAT(error_message(ErrorCode::unwritable, [] { write_text("/dev/full", std::string(1 << 20, 'x')); }),
              HasSubstr("/dev/full"));
}

TEST(AtomicFile, FullDiskKeepsTheOldFile) {
  const TempFolder folder;
  write_text(folder / "a", "old");
  for (const size_t size : {size_t{2000}, size_t{1} << 20}) {  // fails in flush and in write
    const int status = status_in_child([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
      try {
        write_text(folder / "a", std::string(size, 'x'));
      } catch (const Error& error) {
        return error.code() == ErrorCode::unwritable ? 0 : 3;
      }
      return 4;
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(read_text(folder / "a"), "old");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
  }
}

TEST(AtomicFile, KilledBeforeCommitKeepsTheOldFile) {
  const TempFolder folder;
  write_text(folder / "a", "old");
  const int status = status_in_child([&] {
    AtomicFile file(folder / "a");
    file.write("new");
    file.flush();
    return std::raise(SIGKILL);
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_text(folder / "a"), "old");
  // What the killed process left behind is in nobody's way.
  write_text(folder / "a", "newer");
  EXPECT_EQ(read_text(folder / "a"), "newer");
}

/// A process that is killed while it writes two files.
void leave_temporaries(const fs::path& one, const fs::path& other) {
  status_in_child([&] {
    const AtomicFile first(one);
    make_temporary_file(other);
    return std::raise(SIGKILL);
  });
}

TEST(AtomicFile, WhatAKilledProcessLeftGoesWhenTheFileIsWrittenAgain) {
  const TempFolder folder;
  leave_temporaries(folder / "a", folder / "b");
  fs::create_directory(folder / "a.999999999.0.tmp");
  write_text(folder / "a.999999999.tmp.mine", "stays");
  const fs::path own = make_temporary_file(folder / "c");
  EXPECT_EQ(names_in(folder.path()).size(), 5U);
  write_text(folder / "a", "new");
  EXPECT_EQ(names_in(folder.path()).size(), 5U) << "that of b is not a's";
  const fs::path again = make_temporary_file(folder / "b");
  EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("a", "a.999999999.0.tmp", "a.999999999.tmp.mine",
                                                            own.filename().string(), again.filename().string()));
}

/// The number of a process on another machine, or in another container, says nothing here.
TEST(AtomicFile, WhatIsStillWrittenElsewhereStays) {
  const TempFolder folder;
  const fs::path elsewhere = folder / "a.999999999.0.tmp";
  const int file = ::open(elsewhere.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::flock(file, LOCK_EX), 0);
  write_text(folder / "a", "new");
  EXPECT_TRUE(fs::exists(elsewhere));
  ::close(file);
  write_text(folder / "a", "newer");
  EXPECT_FALSE(fs::exists(elsewhere));
}

TEST(AtomicFile, KeepsLinksAndReplacesWhatTheyLeadTo) {
  const TempFolder folder;
  write_text(folder / "there" / "a", "old");
  fs::create_symlink("there/a", folder / "relative");
  fs::create_symlink(folder / "relative", folder / "chain");
  fs::create_symlink("new/b", folder / "dangling");
  write_text(folder / "chain", "1");
  EXPECT_EQ(read_text(folder / "there" / "a"), "1");
  write_text(folder / "relative", "2");
  EXPECT_EQ(read_text(folder / "there" / "a"), "2");
  write_text(folder / "dangling", "3");
  EXPECT_EQ(read_text(folder / "new" / "b"), "3");
  for (const char* link : {"relative", "chain", "dangling"}) EXPECT_TRUE(fs::is_symlink(folder / link)) << link;
  EXPECT_THAT(names_in(folder / "there"), ElementsAre("a"));
}

TEST(AtomicFile, LinksLaidUnderItsTemporaryNameAreNotFollowed) {
  const TempFolder folder;
  write_text(folder / "victim", "mine");
  const std::string first = make_temporary_file(folder / "a").string();
  const size_t dot = first.rfind('.', first.size() - std::string(".tmp").size() - 1);
  const int number = std::stoi(first.substr(dot + 1));
  for (int i = 1; i < 4; ++i)
    fs::create_symlink("victim", first.substr(0, dot + 1) + std::to_string(number + i) + ".tmp");
  write_text(folder / "a", "new");
  EXPECT_EQ(read_text(folder / "a"), "new");
  EXPECT_EQ(read_text(folder / "victim"), "mine");
}

TEST(TemporaryNames, TellWhoseAreAbandoned) {
  const TempFolder folder;
  const fs::path mine = make_temporary_file(folder / "a");
  EXPECT_FALSE(is_abandoned(mine, "a"));
  const pid_t child = ::fork();
  if (child == 0) {
    make_temporary_file(folder / "a");
    ::_exit(0);
  }
  const auto abandoned = [&] {
    const std::vector<fs::path> files = folder_entries(folder.path());
    EXPECT_TRUE(std::ranges::none_of(files, [](const fs::path& file) { return is_abandoned(file, "b"); }));
    return std::ranges::count_if(files, [](const fs::path& file) { return is_abandoned(file, "a"); });
  };
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  EXPECT_EQ(abandoned(), 1) << "a process that nobody has waited for";
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(abandoned(), 1);
  EXPECT_FALSE(is_abandoned(folder / "a.x.1.tmp", "a"));
}

TEST(AtomicFile, ThreadsMayWriteFilesOfOneName) {
  const TempFolder folder;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) write_text(folder / "a", std::string(10'000, static_cast<char>('a' + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = read_text(folder / "a");
  EXPECT_EQ(text, std::string(10'000, text[0]));
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(AtomicFile, NamesMayBeAsLongAsTheSystemAllows) {
  const TempFolder folder;
  std::string characters;  // three bytes each
  for (int i = 0; i < 85; ++i) characters += "\xE9\x95\xBF";
  for (const std::string& name : {std::string(255, 'n'), characters}) {
    write_text(folder / name, "text");
    EXPECT_EQ(read_text(folder / name), "text");
    const fs::path temporary = make_temporary_folder(folder / name);
    EXPECT_TRUE(is_temporary_name(temporary.filename().string()));
    EXPECT_LE(temporary.filename().string().size(), 255U);
  }
}

TEST(AtomicFile, WritesToAPipeDirectly) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const int status = status_in_child([&] {
    const pid_t writer = ::fork();
    if (writer == 0) {
      write_text(folder / "pipe", "through");
      ::_exit(0);
    }
    return read_text(folder / "pipe") == "through" ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("pipe"));
}

TEST(AtomicFile, IsUsedUpByCommit) {
  const TempFolder folder;
  AtomicFile file(folder / "a");
  file.commit();
  EXPECT_THROW(file.commit(), ContractError);
  EXPECT_THROW(file.write("x"), ContractError);
  EXPECT_THROW(file.flush(), ContractError);
}

TEST(MakeFolder, MakesWhatIsMissing) {
  const TempFolder folder;
  make_folder(folder / "a/b");
  make_folder(folder / "a/b");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  write_text(folder / "file", "");
  error_message(ErrorCode::unwritable, [&] { make_folder(folder / "file"); });
  error_message(ErrorCode::unwritable, [&] { make_folder(folder / "file/a"); });
}

}  // namespace
}  // namespace mtcnn
