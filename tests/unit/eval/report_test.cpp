#include "mtcnn/eval/report.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include <limits>

#include "support/temp_folder.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;

EvalReport small_report() {
  EvalReport report{.name = "test", .protocol = "by eye"};
  report.settings["threshold"] = 0.5;
  report.figures["ap"] = {{"easy", 0.5}, {"hard", std::numeric_limits<double>::quiet_NaN()}};
  report.plot.series.push_back({"a", {0, 1}, {1, 0}});
  return report;
}

TEST(Report, WritesThreeFilesAndTheFiguresLieAtTheTop) {
  const testing::TempFolder folder;
  const auto out = folder.path() / "new" / "out";
  write_report(out, small_report());
  const Json summary = read_json(out / "summary.json");
  std::vector<std::string> keys;
  for (const auto& [key, value] : summary.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("eval", "protocol", "settings", "versions", "inputs", "ap"));
  EXPECT_EQ(summary["ap"]["easy"], 0.5);
  EXPECT_TRUE(summary["ap"]["hard"].is_null());
  EXPECT_FALSE(summary["versions"]["mtcnn"].get<std::string>().empty());
  EXPECT_EQ(read_text(out / "curve.csv"), plot_csv(small_report().plot));
  EXPECT_EQ(read_text(out / "curve.svg"), plot_svg(small_report().plot));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out), {}), 3);
}

TEST(Report, WritesAgainOverAnOlderOne) {
  const testing::TempFolder folder;
  write_report(folder.path(), small_report());
  EvalReport other = small_report();
  other.protocol = "another";
  write_report(folder.path(), other);
  EXPECT_EQ(read_json(folder.path() / "summary.json")["protocol"], "another");
}

TEST(Report, BytesThatAreNoUtf8AreReplaced) {
  EvalReport report = small_report();
  report.protocol = "\xff\xfe";
  EXPECT_NO_THROW(parse_json(summary_text(report), "summary"));
}

TEST(Report, AFigureCannotHideACommonKey) {
  EvalReport report = small_report();
  report.figures["inputs"] = 1;
  EXPECT_THROW(summary_text(report), ContractError);
}

TEST(Report, SaysWhenTheFolderCannotBeMade) {
  const testing::TempFolder folder;
  write_text(folder.path() / "file", "");
  EXPECT_THROW(write_report(folder.path() / "file" / "out", small_report()), Error);
}

TEST(InputEntry, NamesFilesWithTheirChecksumAndFoldersWithTheirCount) {
  const testing::TempFolder folder;
  write_text(folder.path() / "a" / "b.txt", "123456789");
  write_text(folder.path() / "c.txt", "");
  const Json file = input_entry("detections", folder.path() / "a" / "b.txt");
  EXPECT_EQ(file["what"], "detections");
  EXPECT_EQ(file["bytes"], 9);
  EXPECT_EQ(file["checksum"], "crc32:cbf43926");  // the check value of CRC-32
  EXPECT_EQ(input_entry("all", folder.path())["files"], 2);
  EXPECT_THROW(input_entry("none", folder.path() / "none"), Error);
}

TEST(TextTable, AlignsNamesLeftAndNumbersRightByLetters) {
  EXPECT_EQ(text_table({{"", "AP"}, {"café", "0.5"}, {"x", "10.25", "y"}}),
            "         AP\n"
            "café    0.5\n"
            "x     10.25  y\n");
  EXPECT_EQ(text_table({}), "");
}

}  // namespace
}  // namespace mtcnn
