#include "mtcnn/eval/wider_detections.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "unit/eval/wider_truth_writer.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using testing::error_message;
using ::testing::HasSubstr;
using testing::small_wider_truth;
using testing::TempFolder;

std::string json_line(const std::string& image, const std::vector<Detection>& faces) {
  return detections_line({.image = image, .width = 0, .height = 0, .faces = faces}) + "\n";
}

WiderRun read_lines(const std::string& text) {
  const TempFolder folder;
  write_text(folder / "run.jsonl", text);
  return read_wider_run({folder / "run.jsonl"}, small_wider_truth());
}

std::string refused_lines(const std::string& text) {
  return error_message(ErrorCode::bad_format, [&] { read_lines(text); });
}

/// One result file for the first image, read as a run.
WiderRun read_result(const std::string& text) {
  const TempFolder folder;
  write_text(folder / "run" / "0--Parade" / "first.txt", text);
  return read_wider_run({folder / "run"}, small_wider_truth());
}

std::string refused_result(const std::string& text) {
  const std::string message = error_message(ErrorCode::bad_format, [&] { read_result(text); });
  EXPECT_THAT(message, HasSubstr("0--Parade/first.txt:"));
  return message;
}

std::vector<double> values(const Detection& face) { return {face.x, face.y, face.w, face.h, face.confidence}; }

TEST(WiderRun, FindsImagesByEventAndNameWhateverStandsBefore) {
  const WiderRun run = read_lines(json_line("data/WIDER_val/images/0--Parade/first.jpg", {{1, 2, 3, 4, 0.5}}) +
                                  json_line("1--Handshaking/third.with.points.png", {{5, 6, 7, 8, 0.25}}));
  EXPECT_EQ(run.name, "run");
  EXPECT_EQ(run.listed_images, 2);
  EXPECT_EQ(run.detections, 2);
  EXPECT_EQ(run.missing_images, 1);
  EXPECT_EQ(run.unknown_images, 0);
  ASSERT_EQ(run.faces.size(), 3U);
  EXPECT_THAT(values(run.faces[0].at(0)), ElementsAre(1, 2, 3, 4, 0.5));
  EXPECT_TRUE(run.faces[1].empty());
  EXPECT_THAT(values(run.faces[2].at(0)), ElementsAre(5, 6, 7, 8, 0.25));
}

TEST(WiderRun, CountsUnknownImagesAndNamesTheFirstFive) {
  std::string text = json_line("0--Parade/first.jpg", {{1, 2, 3, 4, 0.5}}) + json_line("first.jpg", {});
  for (int i = 0; i < 9; ++i) text += json_line(concat("0--Parade/unknown_", i, ".jpg"), {{1, 2, 3, 4, 0.5}});
  const WiderRun run = read_lines(text);
  EXPECT_EQ(run.unknown_images, 10);
  EXPECT_EQ(run.unknown_detections, 9);
  EXPECT_EQ(run.detections, 1);
  EXPECT_EQ(run.missing_images, 2);
  EXPECT_THAT(run.unknown_names, ElementsAre("first.jpg", "0--Parade/unknown_0.jpg", "0--Parade/unknown_1.jpg",
                                             "0--Parade/unknown_2.jpg", "0--Parade/unknown_3.jpg"));
}

TEST(WiderRun, RefusesARunOfWhichNoImageIsKnown) {
  EXPECT_THAT(refused_lines(json_line("images/first.jpg", {})),
              AllOf(HasSubstr("images/first.jpg"), HasSubstr("<event>/<name>")));
}

TEST(WiderRun, SeveralFilesAreOneRun) {
  const TempFolder folder;
  write_text(folder / "part-1.jsonl", json_line("0--Parade/first.jpg", {{1, 2, 3, 4, 0.5}}));
  write_text(folder / "part-2.jsonl", json_line("1--Handshaking/third.with.points.png", {{5, 6, 7, 8, 0.25}}));
  const DetectionFiles files = {folder / "part-1.jsonl", folder / "part-2.jsonl"};
  const WiderRun run = read_wider_run(files, small_wider_truth());
  EXPECT_EQ(run.name, "part-1 and 1 more");
  EXPECT_EQ(run.listed_images, 2);
  EXPECT_EQ(run.missing_images, 1);
  EXPECT_EQ(run.faces[0].size() + run.faces[2].size(), 2U);
  EXPECT_THAT(error_message(ErrorCode::bad_format,
                            [&] {
                              read_wider_run({files[0], files[1], files[0]}, small_wider_truth());
                            }),
              AllOf(HasSubstr("in two files"), HasSubstr("0--Parade/first"), HasSubstr("part-1.jsonl")));
}

TEST(WiderRun, RefusesAnImageThatComesTwice) {
  const std::string line = json_line("0--Parade/first.jpg", {});
  EXPECT_THAT(refused_lines(line + line), AllOf(HasSubstr("twice"), HasSubstr("'0--Parade/first'")));
  EXPECT_THAT(refused_lines(line + json_line("elsewhere/0--Parade/first.png", {})), HasSubstr("twice"));
  const std::string unknown = json_line("0--Parade/unknown.jpg", {});
  EXPECT_THAT(refused_lines(line + unknown + unknown), HasSubstr("twice"));
}

TEST(WiderRun, EmptyInputIsARunWithoutDetections) {
  const WiderRun run = read_lines("");
  EXPECT_EQ(run.missing_images, 3);
  EXPECT_EQ(run.detections, 0);
}

TEST(WiderRun, CountsImagesThatTheDetectorCouldNotRead) {
  const WiderRun run = read_lines("{\"image\": \"0--Parade/first.jpg\", \"error\": \"cut short\", \"faces\": []}\n");
  EXPECT_EQ(run.unreadable_images, 1);
  EXPECT_EQ(run.missing_images, 2);
}

TEST(WiderRun, KeepsNegativeSizesAndCountsThem) {
  const WiderRun run = read_lines(
      json_line("0--Parade/first.jpg", {{1, 2, -3, 4, 0.5}, {1, 2, 3, -4, 0.5}, {1, 2, 0, 0, 0.5}, {1, 2, 3, 4, 0.5}}));
  EXPECT_EQ(run.negative_sizes, 2);
  EXPECT_EQ(run.faces[0].size(), 4U);
}

TEST(WiderRun, RefusesValuesThatAreNotFinite) {
  const std::string start = "{\"image\": \"0--Parade/first.jpg\", \"faces\": [{\"box\": [1, 2, 3, ";
  EXPECT_THAT(refused_lines(start + "1e999], \"confidence\": 1}]}"), HasSubstr("run.jsonl:1"));
  EXPECT_THAT(refused_lines(start + "null], \"confidence\": 1}]}"), HasSubstr("run.jsonl:1"));
  EXPECT_THAT(refused_lines(start + "NaN], \"confidence\": 1}]}"), HasSubstr("run.jsonl:1"));
}

TEST(WiderResultFolder, ReadsWhatTheOfficialLayoutAllows) {
  const WiderRun run = read_result("0--Parade/first.jpg\r\n2\r\n1 2.5 3 4 0.5\r\n  -1e1\t2 3 4 -0.25  \r\n\r\n");
  ASSERT_EQ(run.faces[0].size(), 2U);
  EXPECT_THAT(values(run.faces[0][0]), ElementsAre(1, 2.5, 3, 4, 0.5));
  EXPECT_THAT(values(run.faces[0][1]), ElementsAre(-10, 2, 3, 4, -0.25));
  EXPECT_TRUE(read_result("first\n0\n").faces[0].empty());
  EXPECT_TRUE(read_result("first\n0").faces[0].empty());
}

TEST(WiderResultFolder, NamesFileAndLineOfWhatIsWrong) {
  EXPECT_THAT(refused_result(""), HasSubstr("number of faces"));
  EXPECT_THAT(refused_result("first\nmany\n"), AllOf(HasSubstr("first.txt:2"), HasSubstr("'many'")));
  for (const char* count : {"-1", "1.5", "99999999999999999999999", "1 2"})
    EXPECT_THAT(refused_result(concat("first\n", count, "\n1 2 3 4 0.5\n")), HasSubstr("number of faces"));
  EXPECT_THAT(refused_result("first\n2\n1 2 3 4 0.5\n"), HasSubstr("fewer faces"));
  EXPECT_THAT(refused_result("first\n18446744073709551615\n1 2 3 4 0.5\n"), HasSubstr("fewer faces"));
  EXPECT_THAT(refused_result("first\n1\n1 2 3 4 0.5\n1 2 3 4 0.5\n"), AllOf(HasSubstr(":4"), HasSubstr("more faces")));
  EXPECT_THAT(refused_result("first\n1\n1 2 3 4 0.5\n\n1 2 3 4 0.5\n"), HasSubstr("empty line"));
  EXPECT_THAT(refused_result("first\n1\n1 2 3 4 0.5 6\n"), HasSubstr("five"));
  for (const char* row :
       {"1 2 3 4", "1 2 3 4 x", "1 2 3 4 nan", "1 2 inf 4 1", "1 2 1e999 4 1", "1,2,3,4,5", "1 2 3 4 0.5x"})
    EXPECT_THAT(refused_result(concat("first\n1\n", row, "\n")),
                AllOf(HasSubstr("first.txt:3"), HasSubstr("bad face")));
}

TEST(WiderResultFolder, RefusesAFolderWithoutResultsAndPassesOverOtherFiles) {
  const TempFolder folder;
  write_text(folder / "run" / "readme.txt", "not in an event's folder");
  write_text(folder / "run" / "0--Parade" / "first.jpg", "no result");
  EXPECT_THAT(error_message(ErrorCode::not_found, [&] { read_wider_run({folder / "run"}, small_wider_truth()); }),
              HasSubstr("<event>/<name>.txt"));
  write_text(folder / "run" / "0--Parade" / "first.txt", "first\n0\n");
  EXPECT_EQ(read_wider_run({folder / "run"}, small_wider_truth()).listed_images, 1);
  EXPECT_EQ(read_wider_run({folder / "run/"}, small_wider_truth()).name, "run");
  EXPECT_THROW(read_wider_run({folder / "none"}, small_wider_truth()), Error);
}

TEST(WiderResults, ReadBackAsTheSameDoublesInScoreOrder) {
  const WiderGroundTruth truth = small_wider_truth();
  WiderRun run{.faces = {{{0.1, 1.0 / 3, 1e-7, 12345678.9, 0.5}, {1, 2, 3, 4, 0.75}, {5, 6, 7, 8, 0.5}}, {}, {}}};
  const TempFolder folder;
  write_wider_results(folder / "results", run, truth);
  const WiderRun again = read_wider_run({folder / "results"}, truth);
  EXPECT_EQ(again.listed_images, 3);
  ASSERT_EQ(again.faces[0].size(), 3U);
  EXPECT_THAT(values(again.faces[0][0]), ElementsAre(1, 2, 3, 4, 0.75));
  EXPECT_THAT(values(again.faces[0][1]), ElementsAre(0.1, 1.0 / 3, 1e-7, 12345678.9, 0.5));
  EXPECT_THAT(values(again.faces[0][2]), ElementsAre(5, 6, 7, 8, 0.5));
  EXPECT_EQ(read_text(folder / "results" / "0--Parade" / "second.txt"), "second\n0\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);  // nothing temporary left
}

TEST(WiderResults, NeverMixWithWhatIsThere) {
  const WiderGroundTruth truth = small_wider_truth();
  const WiderRun run{.faces = {{}, {}, {}}};
  const TempFolder folder;
  make_folder(folder / "empty");
  write_wider_results(folder / "empty/", run, truth);
  EXPECT_EQ(read_wider_run({folder / "empty"}, truth).listed_images, 3);
  EXPECT_THAT(error_message(ErrorCode::unwritable, [&] { write_wider_results(folder / "empty", run, truth); }),
              HasSubstr("not empty"));
  write_text(folder / "file", "");
  EXPECT_THROW(write_wider_results(folder / "file", run, truth), Error);
  EXPECT_THROW(write_wider_results(folder / "file" / "below", run, truth), Error);
  EXPECT_THROW(write_wider_results(folder / "other", {.faces = {{}}}, truth), ContractError);
}

}  // namespace
}  // namespace mtcnn
