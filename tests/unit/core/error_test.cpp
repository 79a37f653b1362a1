#include "mtcnn/core/error.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

std::string message_of(const ErrorContext& context) { return Error(ErrorCode::usage, "wrong", context).what(); }

TEST(Error, MessageHasThePartsThatAreThere) {
  EXPECT_EQ(message_of({}), "wrong");
  EXPECT_EQ(message_of({.where = "a.json"}), "a.json: wrong");
  EXPECT_EQ(message_of({.found = "3"}), "wrong: found 3");
  EXPECT_EQ(message_of({.expected = "4"}), "wrong: expected 4");
  EXPECT_EQ(message_of({.hint = "try 4"}), "wrong; try 4");
  EXPECT_EQ(message_of({"a.json", "3", "4", "try 4"}), "a.json: wrong: found 3, expected 4; try 4");
}

TEST(Error, MessageIsOneLine) {
  EXPECT_EQ(message_of({.where = "two\nlines", .found = "a\r\nb"}), "two lines: wrong: found a  b");
}

TEST(Error, KeepsItsCode) {
  EXPECT_EQ(Error(ErrorCode::unwritable, "x").code(), ErrorCode::unwritable);
  EXPECT_EQ(Error(ErrorCode::not_found, "x").code(), ErrorCode::not_found);
}

TEST(Error, SystemErrorTellsTheReason) {
  errno = ENOENT;
  const Error error = system_error(ErrorCode::not_found, "cannot open", "dir/a.txt");
  EXPECT_STREQ(error.what(), "dir/a.txt: cannot open (No such file or directory)");
  EXPECT_EQ(error.code(), ErrorCode::not_found);
}

TEST(Error, RequireThrowsOnlyWhereItDoesNotHold) {
  EXPECT_NO_THROW(require(true, "never"));
  EXPECT_THROW(require(false, "always"), ContractError);
}

}  // namespace
}  // namespace mtcnn
