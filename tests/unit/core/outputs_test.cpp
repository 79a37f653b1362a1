#include "mtcnn/core/outputs.h"

#include "mtcnn/core/file.h"

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::error_message;
using ::testing::HasSubstr;

class Outputs : public ::testing::Test {
 protected:
  Outputs() {
    write_text(folder_ / "in/a.jpg", "a");
    write_text(folder_ / "in/b.jpg", "b");
    fs::create_symlink("a.jpg", folder_ / "in/link.jpg");
    fs::create_hard_link(folder_ / "in/a.jpg", folder_ / "in/hard.jpg");
    fs::create_directory_symlink(folder_ / "in", folder_ / "linked");
  }
  fs::path in(const char* name) const { return folder_ / name; }
  std::string refusal(const char* output, const char* input) const {
    return error_message(ErrorCode::usage, [&] { require_apart({{in(output), "--json"}}, {in(input)}); });
  }
  testing::TempFolder folder_;
};

TEST_F(Outputs, AnInputUnderAnyNameIsRefused) {
  for (const char* output : {"in/a.jpg", "in/../in/./a.jpg", "in/link.jpg", "in/hard.jpg", "linked/a.jpg"}) {
    EXPECT_THAT(refusal(output, "in/a.jpg"), AllOf(HasSubstr(output), HasSubstr("--json"), HasSubstr("in/a.jpg")));
    EXPECT_THAT(refusal("in/a.jpg", output), HasSubstr(output));
  }
  EXPECT_THAT(refusal("linked", "in"), HasSubstr("folder"));
}

TEST_F(Outputs, WhatIsNoInputIsNot) {
  require_apart({{in("in/new.jpg"), "--json"}, {"-", "--json"}, {"", "--json"}, {in("in/b.jpg"), "--json"}},
                {in("in/a.jpg"), in("in"), in("in/missing.jpg"), "", "-"});
  require_apart({{"/dev/null", "--json"}}, {"/dev/null"});
}

TEST_F(Outputs, OneNameForTwoOutputsIsRefused) {
  const auto refusal = [&](const fs::path& one, const fs::path& other) {
    return error_message(ErrorCode::usage, [&] { require_distinct({{one, "--save"}, {other, "--json"}}); });
  };
  EXPECT_THAT(refusal(in("new"), in("new")), AllOf(HasSubstr("--save"), HasSubstr("--json")));
  EXPECT_THAT(refusal(in("in/../new"), in("new/")), HasSubstr("new"));
  EXPECT_THAT(refusal(in("in/new"), in("linked/new")), HasSubstr("new"));
  EXPECT_THAT(refusal(in("in/a.jpg"), in("in/hard.jpg")), HasSubstr("hard"));
  require_distinct({{in("new"), "--save"}, {in("newer"), "--json"}, {in("new"), "--save"}});
  require_distinct({{"-", "--save"}, {"-", "--json"}, {"", "--draw"}, {"", "--crops"}});
}

TEST_F(Outputs, Within) {
  EXPECT_TRUE(is_within(in("in/deep/x"), in("in")));
  EXPECT_TRUE(is_within(in("linked"), in("in/")));
  EXPECT_TRUE(is_within(in("linked/x"), folder_.path()));
  EXPECT_FALSE(is_within(in("inner"), in("in")));
  EXPECT_FALSE(is_within(folder_.path(), in("in")));
}

TEST_F(Outputs, CaseCountsWhereTheFileSystemSaysSo) {
  fs::create_directory(in("Case"));
  struct stat status {};
  const bool ignored = ::stat(in("cASE").c_str(), &status) == 0;
  EXPECT_EQ(ignores_case(in("Case")), ignored);
  EXPECT_EQ(ignores_case(in("Case/1/new")), ignored);
}

}  // namespace
}  // namespace mtcnn
