#include "mtcnn/core/text.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;

TEST(Text, ConcatWritesPartsAsStreamsDo) { EXPECT_EQ(concat("a", 1, 'b', 2.5, std::string("c")), "a1b2.5c"); }

TEST(Text, ConcatKeepsEveryDigitAndTheFormOfStreams) {
  EXPECT_EQ(concat(0.7F, " ", 0.1, " ", 1.0 / 3), "0.7 0.1 0.3333333333333333");
  EXPECT_EQ(concat(1e6, " ", 123456.0, " ", 0.0001, " ", 0.00001, " ", 100.0, " ", 1048576.0),
            "1e+06 123456 0.0001 1e-05 100 1048576");
  EXPECT_EQ(concat(-0.0, " ", INFINITY, " ", 1234567.5), "-0 inf 1234567.5");
  EXPECT_EQ(concat(true, ' ', int8_t{-3}, ' ', uint8_t{65}, ' ', INT64_MIN, ' ', UINT64_MAX),
            "1 -3 65 -9223372036854775808 18446744073709551615");
}

TEST(Text, SignificantWritesAsPrintf) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%.6g", value);
    EXPECT_EQ(significant(value, 6), text);
  }
  EXPECT_EQ(significant(1234567, 6), "1.23457e+06");
}

TEST(Text, FixedRounds) {
  EXPECT_EQ(fixed(1e300, 2).size(), 304U);
  EXPECT_EQ(fixed(1.26, 1), "1.3");
  EXPECT_EQ(fixed(-0.5, 3), "-0.500");
  EXPECT_EQ(fixed(1e15, 0), "1000000000000000");
}

TEST(Text, ShortestDoubleReadsBackAsTheSameFloat) {
  EXPECT_EQ(shortest_double(0.7F), 0.7);
  EXPECT_EQ(shortest_double(16777216.0F), 16777216.0);
  EXPECT_TRUE(std::isnan(shortest_double(std::nanf(""))));
  std::mt19937 random(5);
  for (int i = 0; i < 100'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(static_cast<float>(shortest_double(value)), value);
  }
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  EXPECT_THAT(split("a b", ','), ElementsAre("a b"));
}

TEST(Text, JoinUndoesSplit) {
  for (const char* text : {"", "a", "a,b", ",", "a,,b", ",a,"}) EXPECT_EQ(join(split(text, ','), ","), text);
  EXPECT_EQ(join({}, ","), "");
  // Equal parts are still separated.
  EXPECT_EQ(join({"a", "a", "a"}, ", "), "a, a, a");
}

TEST(Text, CountsInEnglish) {
  EXPECT_EQ(counted(1, "face"), "1 face");
  EXPECT_EQ(counted(0, "face"), "0 faces");
  EXPECT_EQ(counted(2, "box"), "2 boxes");
  EXPECT_EQ(plural("wrist watch"), "wrist watches");
  EXPECT_EQ(plural("butterfly"), "butterflies");
  EXPECT_EQ(plural("monkey"), "monkeys");
  EXPECT_EQ(plural("y"), "ies") << "no word, and no crash";
  EXPECT_EQ(plural(""), "s");
}

TEST(Text, TrimTakesBlanksAtBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, NearestNameFindsTypingErrors) {
  const std::vector<std::string> names = {"min_face", "max_face", "factor"};
  EXPECT_EQ(nearest_name("min_fcae", names), "min_face");
  EXPECT_EQ(nearest_name("faktor", names), "factor");
  EXPECT_EQ(nearest_name("factor", names), "factor");
  EXPECT_EQ(nearest_name("colour_of_the_sky", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

TEST(Text, Utf8TakesEveryCharacterAndNoOther) {
  const auto encode = [](uint32_t code) {
    const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) return std::string{static_cast<char>(code)};
    if (code < 0x800) return std::string{static_cast<char>(0xC0U | (code >> 6U)), tail(0)};
    if (code < 0x10000) return std::string{static_cast<char>(0xE0U | (code >> 12U)), tail(6), tail(0)};
    return std::string{static_cast<char>(0xF0U | (code >> 18U)), tail(12), tail(6), tail(0)};
  };
  for (uint32_t code = 0; code < 0x120000; code += code < 0x11000 ? 1 : 97) {
    const bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    EXPECT_EQ(is_utf8("a" + encode(code) + "b"), valid) << std::hex << code;
  }
  for (const char* wrong : {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xF0\x80\x80\x80",
                            "\xE2\x82", "\xF0\x9F\x98", "\xFE", "\xFF", "\xF4\x90\x80\x80", "\xED\xA0\x80"}) {
    EXPECT_FALSE(is_utf8(wrong));
  }
  EXPECT_TRUE(is_utf8(""));
}

TEST(AsUtf8, ByteOrderMarksAreNoText) {
  using namespace std::string_literals;
  EXPECT_EQ(as_utf8("\xEF\xBB\xBFname"), "name");
  EXPECT_EQ(as_utf8("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(as_utf8("\xFF\xFE"
                    "a\0\xE9\0\xE5\x65\x3D\xD8\x00\xDE"s),
            "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80");
  EXPECT_EQ(as_utf8("\xFE\xFF\0a\0\n"s), "a\n");
  EXPECT_EQ(as_utf8("\xFE\xFF\xD8\x00\0a\0"s),
            "\xEF\xBF\xBD"
            "a");
}

TEST(AsLine, ShowsWhatWouldSteerATerminal) {
  EXPECT_EQ(as_line("caf\xC3\xA9 \xF0\x9F\x99\x82"), "caf\xC3\xA9 \xF0\x9F\x99\x82");
  EXPECT_EQ(as_line("a\nb\r\tc"), "a b  c");
  EXPECT_EQ(as_line(std::string("\x1B[2J\x7F\0", 6)), "\\x1B[2J\\x7F\\x00");
  EXPECT_EQ(as_line("\xC2\x9B"
                    "2J"),
            "\\xC2\\x9B2J")
      << "a control character of two bytes";
  EXPECT_EQ(as_line("gpj.\xE2\x80\xAE"
                    "a"),
            "gpj.\\xE2\\x80\\xAE"
            "a")
      << "a mark that turns the text around";
  EXPECT_EQ(as_line("a\xE2\x81\xA6\xE2\x80\xA8\xD8\x9C"), "a\\xE2\\x81\\xA6\\xE2\\x80\\xA8\\xD8\\x9C");
  EXPECT_EQ(as_line("\xFF\xC3"), "\\xFF\\xC3");
  EXPECT_EQ(as_line(""), "");
}

}  // namespace
}  // namespace mtcnn
