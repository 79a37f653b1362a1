#include "mtcnn/core/options.h"

#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"

#include <bit>
#include <cmath>
#include <random>

#include "support/expect_error.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using testing::error_message;
using ::testing::HasSubstr;

struct Inner {
  float min_face = 20;
  std::array<float, 3> thresholds = {0.6F, 0.7F, 0.7F};
  bool operator==(const Inner&) const = default;
};

struct Options {
  bool flip = true;
  int batch = 8;
  int64_t seed = 0;
  double rate = 0.01;
  std::string name = "run";
  Inner detect;
  bool operator==(const Options&) const = default;
};

OptionTable<Options> table() {
  OptionTable<Inner> inner;
  inner.add("min_face", &Inner::min_face, {.low = 1}, "smallest face, pixels");
  inner.add("thresholds", &Inner::thresholds, {.low = 0, .high = 1}, "one a stage");
  OptionTable<Options> options;
  options.add("flip", &Options::flip, {}, "mirrored too")
      .add("batch", &Options::batch, {.low = 1, .high = 512}, "pictures a step")
      .add("seed", &Options::seed, {}, "random seed")
      .add("rate", &Options::rate, {.low = 0, .high = 1, .open = true}, "learning rate")
      .add("name", &Options::name, {}, "what it is called")
      .section("detect", &Options::detect, inner);
  return options;
}

Options applied(const std::string& json) {
  Options options;
  table().apply(options, parse_json(json, "a.json"), "a.json");
  return options;
}

std::string refusal(const std::string& json) {
  return error_message(ErrorCode::usage, [&] { applied(json); });
}

Options set(const std::string& setting) {
  Options options;
  table().apply_setting(options, setting);
  return options;
}

TEST(Options, ApplySetsOnlyWhatIsNamed) {
  EXPECT_EQ(applied("{}"), Options{});
  Options expected;
  expected.batch = 3;
  expected.detect.thresholds = {0.1F, 0.2F, 0.3F};
  EXPECT_EQ(applied(R"({"batch": 3, "detect": {"thresholds": [0.1, 0.2, 0.3]}})"), expected);
  EXPECT_EQ(applied(R"({"detect.thresholds": [0.1, 0.2, 0.3], "batch": 3.0})"), expected);
}

TEST(Options, UnknownKeysAreRefusedWithTheNearestName) {
  EXPECT_THAT(refusal(R"({"bacth": 3})"), AllOf(HasSubstr("a.json"), HasSubstr("'bacth'"), HasSubstr("'batch'")));
  EXPECT_THAT(refusal(R"({"detect": {"minface": 3}})"), HasSubstr("'detect.min_face'"));
  EXPECT_THAT(refusal(R"({"quite_another_thing": 3})"), HasSubstr("known are: flip, batch"));
}

struct Grouped {
  int batch = 8;
  Inner detect;
};

OptionTable<Grouped> grouped_table() {
  OptionTable<Inner> inner;
  inner.add("min_face", &Inner::min_face, {.low = 1}, "smallest face, pixels");
  OptionTable<Grouped> table;
  table.add("batch", &Grouped::batch, {}, "images").section("detect", &Grouped::detect, inner, SectionName::optional);
  return table;
}

std::vector<std::string> warnings_of(const std::string& json) {
  std::vector<std::string> warnings;
  log::set_sink([&](log::Level, const std::string& text) { warnings.push_back(text); });
  Grouped options;
  grouped_table().apply_file(options, parse_json(json, "a.json"), "a.json");
  log::set_sink({});
  return warnings;
}

TEST(Options, SectionMayBeLeftOutWhereTheTableSaysSo) {
  Grouped options;
  grouped_table().apply(options, {{"min_face", 3}}, "");
  EXPECT_EQ(options.detect.min_face, 3);
  grouped_table().apply_setting(options, "min_face=4");
  EXPECT_EQ(options.detect.min_face, 4);
  grouped_table().apply_setting(options, "detect.min_face=5");
  EXPECT_EQ(options.detect.min_face, 5);
  EXPECT_EQ(grouped_table().dump(options), (Json{{"batch", 8}, {"detect", {{"min_face", 5}}}}));
  refusal(R"({"min_face": 3})");
}

TEST(Options, FilesThatLeaveTheSectionOutGetOneWarning) {
  EXPECT_THAT(warnings_of(R"({"detect": {"min_face": 3}, "batch": 2})"), ::testing::IsEmpty());
  EXPECT_THAT(warnings_of(R"({"min_face": 3, "batch": 2})"),
              ::testing::ElementsAre(AllOf(HasSubstr("a.json"), HasSubstr("'min_face' is now 'detect.min_face'"))));
}

TEST(Options, OneOptionByTwoNamesIsRefused) {
  const std::string message = error_message(ErrorCode::usage, [] {
    Grouped options;
    grouped_table().apply(options, {{"min_face", 3}, {"detect", {{"min_face", 4}}}}, "a.json");
  });
  EXPECT_THAT(message, AllOf(HasSubstr("a.json"), HasSubstr("twice")));
}

TEST(Options, WrongTypesAreRefusedByKey) {
  for (const char* json : {R"({"flip": 1})", R"({"flip": "true"})", R"({"batch": "8"})", R"({"batch": 1.5})",
                           R"({"batch": true})", R"({"batch": null})", R"({"seed": [1]})", R"({"rate": "x"})",
                           R"({"name": 3})", R"({"detect": {"thresholds": [0.1, 0.2]}})",
                           R"({"detect": {"thresholds": [0.1, 0.2, "x"]}})", R"({"detect": {"thresholds": 0.5}})"}) {
    const std::string key = split(json, '"')[1];
    EXPECT_THAT(refusal(json), AllOf(HasSubstr("a.json: " + key), HasSubstr("expected"))) << json;
  }
  for (const char* json : {"[]", "3", "null", "\"x\""}) EXPECT_THAT(refusal(json), HasSubstr("an object"));
}

TEST(Options, ValuesOutsideTheRangeAreRefused) {
  EXPECT_EQ(applied(R"({"batch": 1})").batch, 1);
  EXPECT_EQ(applied(R"({"batch": 512})").batch, 512);
  EXPECT_THAT(refusal(R"({"batch": 0})"), AllOf(HasSubstr("found 0"), HasSubstr("[1, 512]")));
  EXPECT_THAT(refusal(R"({"batch": 513})"), HasSubstr("[1, 512]"));
  EXPECT_THAT(refusal(R"({"rate": 0})"), HasSubstr("(0, 1)"));
  EXPECT_THAT(refusal(R"({"rate": 1})"), HasSubstr("(0, 1)"));
  EXPECT_THAT(refusal(R"({"detect": {"min_face": 0.5}})"), HasSubstr("at least 1"));
  EXPECT_THAT(refusal(R"({"detect": {"thresholds": [0.5, 0.5, 1.5]}})"), HasSubstr("[0, 1]"));
}

TEST(Options, ValuesThatTheMemberCannotHoldAreRefused) {
  EXPECT_EQ(applied(R"({"seed": 9007199254740993})").seed, 9007199254740993);
  EXPECT_EQ(applied(R"({"seed": -9223372036854775808})").seed, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(applied(R"({"seed": 9223372036854775807})").seed, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(applied(R"({"seed": 1e3})").seed, 1000);
  refusal(R"({"seed": 9223372036854775808})");
  refusal(R"({"seed": 18446744073709551615})");
  refusal(R"({"seed": 9223372036854775808.0})");
  refusal(R"({"seed": 1e300})");
  refusal(R"({"detect": {"min_face": 1e39}})");
  int small = 0;
  assign_option(small, Json(-2147483648LL), {}, "small");
  EXPECT_EQ(small, std::numeric_limits<int>::min());
  error_message(ErrorCode::usage, [&] { assign_option(small, Json(2147483648LL), {}, "small"); });
}

TEST(Options, SettingTakesJsonNumbersAndBareWords) {
  EXPECT_EQ(set("batch=3").batch, 3);
  EXPECT_EQ(set("flip=false").flip, false);
  EXPECT_EQ(set("name=my run").name, "my run");
  EXPECT_EQ(set("name=a=b").name, "a=b");
  EXPECT_EQ(set("name=\"3\"").name, "3");
  EXPECT_EQ(set("rate=.5").rate, 0.5);
  EXPECT_EQ(set("seed=-7").seed, -7);
  EXPECT_EQ(set("name=a.b").name, "a.b");
}

TEST(Options, SettingTakesLists) {
  const std::array<float, 3> expected = {0.1F, 0.2F, 0.3F};
  EXPECT_EQ(set("detect.thresholds=.1,.2,.3").detect.thresholds, expected);
  EXPECT_EQ(set("detect.thresholds=0.1,0.2,0.3").detect.thresholds, expected);
  EXPECT_EQ(set("detect.thresholds=[0.1, 0.2, 0.3]").detect.thresholds, expected);
}

TEST(Options, WrongSettingsAreRefused) {
  for (const char* setting : {"", "batch", "=3", "batch=", "batch=x", "batch=0", "bacth=3", "batch=1e999", "rate=nan",
                              "rate=inf", "detect=3"}) {
    const std::string message = error_message(ErrorCode::usage, [&] { set(setting); });
    EXPECT_THAT(message, HasSubstr("--set")) << setting;
  }
  error_message(ErrorCode::usage, [] { set("batch=" + std::string(1'000'000, '[')); });
}

TEST(Options, CheckSeesWhatCodeHasSet) {
  Options options;
  EXPECT_NO_THROW(table().check(options));
  options.detect.min_face = std::nanf("");
  EXPECT_THAT(error_message(ErrorCode::usage, [&] { table().check(options); }), HasSubstr("detect.min_face"));
  options = {};
  options.batch = -1;
  EXPECT_THAT(error_message(ErrorCode::usage, [&] { table().check(options); }), HasSubstr("batch"));
}

TEST(Options, DumpReadsWell) {
  EXPECT_EQ(table().dump(Options{}).dump(),
            R"({"flip":true,"batch":8,"seed":0,"rate":0.01,"name":"run","detect":{"min_face":20.0,)"
            R"("thresholds":[0.6,0.7,0.7]}})");
}

TEST(Options, DumpGivesBackTheSameOptions) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> share(1e-12, 1 - 1e-12);
  for (int round = 0; round < 2000; ++round) {
    Options options;
    options.seed = static_cast<int64_t>(random());
    options.rate = std::pow(share(random), 8);
    options.detect.min_face = static_cast<float>(1 / share(random));
    for (float& threshold : options.detect.thresholds) threshold = static_cast<float>(share(random));
    EXPECT_EQ(applied(table().dump(options).dump()), options) << table().dump(options);
  }
}

TEST(Options, MarkdownHasARowAField) {
  const std::string rows = table().markdown();
  EXPECT_THAT(rows, HasSubstr("| `batch` | `8` | [1, 512] | pictures a step |\n"));
  EXPECT_THAT(rows, HasSubstr("| `detect.thresholds` | `[0.6,0.7,0.7]` | [0, 1] | one a stage |\n"));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), static_cast<ptrdiff_t>(table().fields().size()));
}

TEST(Range, TextTellsTheEnds) {
  EXPECT_EQ((Range{.low = 0, .high = 1}).text(), "[0, 1]");
  EXPECT_EQ((Range{.low = 0, .high = 1, .open = true}).text(), "(0, 1)");
  EXPECT_EQ((Range{.low = 1}).text(), "at least 1");
  EXPECT_EQ((Range{.low = 1, .open = true}).text(), "above 1");
  EXPECT_EQ((Range{.high = 1}).text(), "at most 1");
  EXPECT_EQ((Range{.high = 1, .open = true}).text(), "below 1");
  EXPECT_EQ(Range{}.text(), "any");
  EXPECT_EQ((Range{.low = 0, .high = 90, .step = 45}).text(), "0, 45 or 90");
}

}  // namespace
}  // namespace mtcnn
