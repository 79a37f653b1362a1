#include "mtcnn/core/json.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using testing::error_message;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& text) {
  return error_message(ErrorCode::bad_format, [&] { parse_json(text, "a.json"); });
}

TEST(Json, KeysKeepTheirOrder) {
  EXPECT_EQ(parse_json(R"({"b": 1, "a": [2.5, null, "x"]})", "a.json").dump(), R"({"b":1,"a":[2.5,null,"x"]})");
}

TEST(Json, ErrorNamesLineAndColumn) {
  EXPECT_THAT(refusal("{\"a\": 1,\n \"b\": x}"), StartsWith("a.json:2:7: not valid JSON"));
  EXPECT_THAT(refusal("?"), StartsWith("a.json:1:1:"));
  for (const char* text : {"", "{", "[1,", "\"open", "{} {}", "nul", "NaN", "[1,]", "{\"a\":}", "\"\xFF\"", "\"\n\""}) {
    EXPECT_THAT(refusal(text), StartsWith("a.json:")) << text;
  }
}

TEST(Json, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("a.json"));
  EXPECT_THAT(refusal("[-1e999]"), HasSubstr("number"));
}

TEST(Json, RefusesWhatWouldExhaustTheStack) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(100), "a.json"));
  EXPECT_THAT(refusal(nested(101)), HasSubstr("deep"));
  EXPECT_THAT(refusal(nested(1'000'000)), HasSubstr("1000000"));
  std::string objects;
  for (int i = 0; i < 500'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refusal(objects), HasSubstr("deep"));
}

TEST(Json, BracketsInStringsAreNoNesting) {
  const std::string text = "[\"" + std::string(500, '[') + "\\\"" + std::string(500, '{') + "\"]";
  EXPECT_NO_THROW(parse_json(text, "a.json"));
}

TEST(Json, EveryTruncationIsRefusedOrRead) {
  const std::string text = R"({"a": [1, -2.5e3, true, null], "b": {"c": "\u00e9\n\"x\""}})";
  EXPECT_NO_THROW(parse_json(text, "a.json"));
  for (size_t size = 0; size < text.size(); ++size) EXPECT_THAT(refusal(text.substr(0, size)), StartsWith("a.json:"));
}

TEST(Json, ReadNamesTheFile) {
  const testing::TempFolder folder;
  write_text(folder / "good.json", "{\"a\": 1}");
  EXPECT_EQ(read_json(folder / "good.json")["a"], 1);
  write_text(folder / "bad.json", "{");
  EXPECT_THAT(error_message(ErrorCode::bad_format, [&] { read_json(folder / "bad.json"); }),
              StartsWith((folder / "bad.json").string() + ":1:"));
  error_message(ErrorCode::not_found, [&] { read_json(folder / "none.json"); });
}

TEST(Json, ShownIsShortAndValid) {
  EXPECT_EQ(shown(Json::array({1, "a"})), R"([1,"a"])");
  EXPECT_EQ(shown(Json("\xFF")), "\"\xEF\xBF\xBD\"");
  for (size_t blanks = 0; blanks < 5; ++blanks) {
    std::string text(blanks, ' ');
    for (int i = 0; i < 100; ++i) text += "\xE2\x82\xAC";  // a euro sign, three bytes
    const std::string short_form = shown(Json(text));
    EXPECT_LE(short_form.size(), 64U);
    EXPECT_TRUE(is_utf8(short_form));
    EXPECT_TRUE(short_form.ends_with("…"));
  }
}

}  // namespace
}  // namespace mtcnn
