#include "mtcnn/eval/fddb_files.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two folds with three images, and results for them; tests spoil one file and see what is said.
class FddbFiles : public ::testing::Test {
 protected:
  FddbFiles() {
    list("01", "a/one\na/two\n");
    list("02", "b/three\n");
    faces("01", "a/one\n1\n30.5 20.25 1.25 60 45  1\na/two\n0\n");
    faces("02", "b/three\n2\n10 8 0 20 20  1\n12 9 -1.5 50 50  1\n");
    results("01", "a/one\n2\n1 2 3 4 0.5\n-5 -6 7.5 8 -1e3\na/two\n0\n");
    results("02", "b/three\n1\n9 8 7 6 0.25\n");
  }

  void list(const std::string& number, const std::string& text) {
    write_text(annotations() / ("FDDB-fold-" + number + ".txt"), text);
  }
  void faces(const std::string& number, const std::string& text) {
    write_text(annotations() / ("FDDB-fold-" + number + "-ellipseList.txt"), text);
  }
  void results(const std::string& number, const std::string& text) {
    write_text(detections() / ("fold-" + number + "-out.txt"), text);
  }

  std::filesystem::path annotations() const { return folder_ / "FDDB-folds"; }
  std::filesystem::path detections() const { return folder_ / "detections"; }
  std::filesystem::path json() const { return folder_ / "detections.jsonl"; }

  std::vector<FddbFold> load() const {
    std::vector<FddbFold> folds = read_fddb_annotations(annotations());
    read_fddb_results(folds, detections());
    return folds;
  }

  /// What is said about the files as they are now; empty where all is well.
  std::string refusal() const {
    try {
      load();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string json_refusal(const std::string& text) const {
    write_text(json(), text);
    std::vector<FddbFold> folds = read_fddb_annotations(annotations());
    try {
      read_fddb_json(folds, {json()}, ".jpg");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  testing::TempFolder folder_;
};

TEST_F(FddbFiles, AreReadAsWritten) {
  const std::vector<FddbFold> folds = load();
  ASSERT_EQ(folds.size(), 2U);
  EXPECT_EQ(folds[0].number, "01");
  ASSERT_EQ(folds[0].images.size(), 2U);
  EXPECT_EQ(folds[0].images[0].name, "a/one");
  const FddbEllipse face = folds[0].images[0].faces.at(0);
  EXPECT_THAT((std::vector{face.major, face.minor, face.angle, face.x, face.y}),
              ElementsAre(30.5, 20.25, 1.25, 60, 45));
  EXPECT_THAT(folds[0].images[1].faces, IsEmpty());
  EXPECT_EQ(folds[1].images[0].faces.size(), 2U);
  const FddbDetection detection = folds[0].images[0].detections.at(1);
  const auto box = std::get<FddbRectangle>(detection.region);
  EXPECT_THAT((std::vector{box.x, box.y, box.w, box.h, detection.score}), ElementsAre(-5, -6, 7.5, 8, -1000));
  EXPECT_THAT(folds[0].images[1].detections, IsEmpty());
}

TEST_F(FddbFiles, SixColumnsAreAnEllipse) {
  results("01", "a/one\n1\n30 20 1.5 60 45 0.75\na/two\n0\n");
  results("02", "b/three\n0\n");
  const FddbDetection detection = load()[0].images[0].detections.at(0);
  EXPECT_EQ(std::get<FddbEllipse>(detection.region).y, 45);
  EXPECT_EQ(detection.score, 0.75);
}

TEST_F(FddbFiles, LineEndsBlanksAndEmptyLinesDoNotMatter) {
  list("01", "a/one\r\na/two  \r\n\r\n");
  faces("01", "\r\na/one\r\n1 \r\n\t30.5 20.25   1.25 60 +45  1\r\n\na/two\r\n0");
  results("01", "a/one \n2\r\n1 2 3 4 0.5\r\n-5 -6 7.5 8 -1e3\r\na/two\r\n0\r\n");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(load()[0].images[0].faces.at(0).y, 45);
}

TEST_F(FddbFiles, FacesInAnotherOrderAreNamed) {
  faces("01", "a/two\n0\na/one\n1\n30 20 1 60 45  1\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("FDDB-fold-01-ellipseList.txt:1"), HasSubstr("found 'a/two'"),
                               HasSubstr("expected 'a/one'"), HasSubstr("order of")));
}

TEST_F(FddbFiles, DetectionsInAnotherOrderAreNamed) {
  results("01", "a/one\n0\na/three\n0\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-01-out.txt:3"), HasSubstr("image 2"), HasSubstr("found 'a/three'"),
                               HasSubstr("expected 'a/two'")));
}

TEST_F(FddbFiles, CountsThatDoNotMatchAreNamed) {
  results("01", "a/one\n1\n1 2 3 4 0.5\n5 6 7 8 0.25\na/two\n0\n");  // one row too many
  EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-01-out.txt:4"), HasSubstr("expected 'a/two'")));
  results("01", "a/one\n2\n1 2 3 4 0.5\na/two\n0\n");  // one too few
  EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-01-out.txt:4"), HasSubstr("not a detection"), HasSubstr("'a/two'")));
  for (const char* count : {"-1", "1.5", "two", "1 2", "99999999999999999999"}) {
    results("01", std::string("a/one\n") + count + "\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-01-out.txt:2"), HasSubstr("not a count"))) << count;
  }
}

TEST_F(FddbFiles, EveryTruncationIsRefused) {
  const std::string whole = "a/one\n2\n1 2 3 4 0.5\n5 6 7 8 0.25\na/two\n0";
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::string part = whole.substr(0, length);
    results("01", part);
    EXPECT_NE(refusal(), "") << part;
  }
  results("01", "a/one\n9000000000000000000\n1 2 3 4 0.5\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("ends too early"), HasSubstr("more rows for 'a/one'")));
}

TEST_F(FddbFiles, WhatFollowsTheLastPictureIsRefused) {
  results("02", "b/three\n0\nb/four\n0\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-02-out.txt:3"), HasSubstr("b/four"), HasSubstr("end of the file")));
}

TEST_F(FddbFiles, NumbersMustBeFinite) {
  for (const char* bad : {"nan", "inf", "-inf", "1e999", "0x10", "1,5", "--1"}) {
    results("02", std::string("b/three\n1\n9 8 ") + bad + " 6 0.25\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-02-out.txt:3"), HasSubstr("column 3"))) << bad;
    results("02", std::string("b/three\n1\n9 8 7 6 ") + bad + "\n");
    EXPECT_THAT(refusal(), HasSubstr("column 5")) << bad;
    results("02", "b/three\n0\n");
    faces("02", std::string("b/three\n1\n10 8 ") + bad + " 20 20  1\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("ellipseList.txt:3"), HasSubstr("column 3"))) << bad;
    faces("02", "b/three\n0\n");
  }
}

TEST_F(FddbFiles, WrongNumbersOfColumnsAreRefused) {
  for (const char* row : {"9 8 7 6", "9", "9 8 7 6 5 4 3"}) {
    results("02", std::string("b/three\n1\n") + row + "\n");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-02-out.txt:3"), HasSubstr("x y w h score"))) << row;
  }
  faces("02", "b/three\n1\n10 8 0 20\n");
  EXPECT_THAT(refusal(), HasSubstr("major minor angle x y"));
}

TEST_F(FddbFiles, RectanglesAndEllipsesDoNotMix) {
  results("02", "b/three\n1\n30 20 1 60 45 0.5\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-02-out.txt:3"), HasSubstr("rectangles and ellipses")));
}

TEST_F(FddbFiles, HalfAxesOfMinusOneAndHugeNumbersAreRefused) {
  faces("02", "b/three\n1\n-1 8 0 20 20  1\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("ellipseList.txt:3"), HasSubstr("half axes above -1")));
  faces("02", "b/three\n1\n-0.5 8 0 20 20  1\n");
  EXPECT_EQ(refusal(), "");
  results("02", "b/three\n1\n9 8 7 2e6 0.25\n");
  EXPECT_THAT(refusal(), HasSubstr("within +-1048576"));
}

TEST_F(FddbFiles, MissingFilesAreNamed) {
  std::filesystem::remove(detections() / "fold-02-out.txt");
  EXPECT_THAT(refusal(), HasSubstr("fold-02-out.txt"));
  std::filesystem::remove(annotations() / "FDDB-fold-02-ellipseList.txt");
  EXPECT_THAT(refusal(), HasSubstr("FDDB-fold-02-ellipseList.txt"));
  std::filesystem::remove_all(annotations());
  EXPECT_THAT(refusal(), HasSubstr("FDDB-folds"));
  std::filesystem::create_directory(annotations());
  EXPECT_THAT(refusal(), HasSubstr("no FDDB-fold-NN.txt"));
}

TEST_F(FddbFiles, FoldsThatDoNotFitAreNamed) {
  results("03", "");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("fold-03-out.txt"), HasSubstr("no annotations"), HasSubstr("01 to 02")));
  std::filesystem::remove(detections() / "fold-03-out.txt");
  list("04", "c/four\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("FDDB-fold-02.txt, then FDDB-fold-04.txt")));
  std::filesystem::remove(annotations() / "FDDB-fold-04.txt");
  list("1", "c/four\n");
  EXPECT_THAT(refusal(), HasSubstr("do not follow each other"));
}

TEST_F(FddbFiles, FoldsAreInOrderOfTheirNumbers) {
  for (int i = 3; i <= 10; ++i) {
    const std::string number = i < 10 ? "0" + std::to_string(i) : std::to_string(i);
    list(number, "");
    faces(number, "");
    results(number, "");
  }
  const std::vector<FddbFold> folds = load();
  ASSERT_EQ(folds.size(), 10U);
  EXPECT_EQ(folds[8].number, "09");
  EXPECT_EQ(folds[9].number, "10");
  EXPECT_THAT(folds[9].images, IsEmpty());
}

TEST_F(FddbFiles, APictureListedTwiceIsNamed) {
  list("02", "a/two\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("FDDB-fold-02.txt:1"), HasSubstr("a/two"), HasSubstr("FDDB-fold-01.txt")));
}

/// The three images are the same file: what reading their sizes gives or says.
class FddbSizes : public FddbFiles {
 protected:
  void pictures(const std::string& bytes) {
    for (const char* name : {"a/one.jpg", "a/two.jpg", "b/three.jpg"}) write_text(folder_ / "pictures" / name, bytes);
  }

  std::vector<FddbFold> sized() const {
    std::vector<FddbFold> folds = read_fddb_annotations(annotations());
    read_fddb_sizes(folds, folder_ / "pictures", ".jpg");
    return folds;
  }

  std::string size_refusal() const {
    try {
      sized();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(FddbSizes, AreThoseOfTheUprightPicture) {
  for (const char* name : {"orientation1.jpg", "orientation6.jpg", "orientation6.png"}) {
    pictures(read_text(testing::source_folder() / "tests" / "data" / "pictures" / name));
    for (const FddbFold& fold : sized()) {
      for (const FddbImage& image : fold.images) {
        EXPECT_EQ(image.size.width, 24) << name;
        EXPECT_EQ(image.size.height, 16) << name;
      }
    }
  }
}

TEST_F(FddbSizes, NameWhatIsMissingOrNoPicture) {
  EXPECT_THAT(size_refusal(), HasSubstr("pictures/a/one.jpg"));
  pictures("no picture");
  EXPECT_THAT(size_refusal(), HasSubstr("pictures/a/one.jpg"));
  std::string bytes = read_text(testing::source_folder() / "tests" / "data" / "pictures" / "orientation1.jpg");
  pictures(bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(size_refusal(), HasSubstr("pictures/a/one.jpg"));
  const size_t frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  bytes[frame + 5] = bytes[frame + 6] = 0;  // the height
  pictures(bytes);
  EXPECT_THAT(size_refusal(), AllOf(HasSubstr("pictures/a/one.jpg"), HasSubstr("24 x 0")));
}

TEST_F(FddbFiles, JsonLinesMayBeInAnyOrderWithOrWithoutExtension) {
  write_text(json(), R"({"image": "b/three", "faces": [{"box": [1, 2, 3, 4], "confidence": 0.5}]})"
                     "\n"
                     R"({"image": "a/one.jpg", "faces": []})"
                     "\n"
                     R"({"image": "z/other.jpg", "faces": [{"box": [1, 2, 3, 4], "confidence": 0.5}]})"
                     "\n");
  std::vector<FddbFold> folds = read_fddb_annotations(annotations());
  const FddbMismatch mismatch = read_fddb_json(folds, {json()}, ".jpg");
  EXPECT_THAT(mismatch.unknown, ElementsAre("z/other.jpg"));
  EXPECT_THAT(mismatch.missing, ElementsAre("a/two"));
  EXPECT_THAT(mismatch.unusable, IsEmpty());
  EXPECT_EQ(folds[1].images[0].detections.at(0).score, 0.5);
}

TEST_F(FddbFiles, SeveralJsonFilesAreOneRun) {
  const auto piece = [&](const std::string& name, const std::string& image) {
    const auto file = json().parent_path() / name;
    write_text(file, R"({"image": ")" + image + R"(", "faces": [{"box": [1, 2, 3, 4], "confidence": 0.5}]})");
    return file;
  };
  const DetectionFiles files = {piece("0.jsonl", "b/three"), piece("1.jsonl", "a/one.jpg")};
  std::vector<FddbFold> folds = read_fddb_annotations(annotations());
  EXPECT_THAT(read_fddb_json(folds, files, ".jpg").missing, ElementsAre("a/two"));
  EXPECT_EQ(folds[0].images[0].detections.size(), 1U);
  EXPECT_EQ(folds[1].images[0].detections.size(), 1U);
  const DetectionFiles twice = {files[0], files[1], piece("2.jsonl", "a/one")};
  EXPECT_THAT([&] { read_fddb_json(folds, twice, ".jpg"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("in two files"), HasSubstr("'a/one'"), HasSubstr("2.jsonl: "),
                                         HasSubstr("1.jsonl too"))));
}

TEST_F(FddbFiles, UnreadablePicturesAreReported) {
  write_text(json(), R"({"image": "a/one.jpg", "error": "broken", "faces": []})");
  std::vector<FddbFold> folds = read_fddb_annotations(annotations());
  EXPECT_THAT(read_fddb_json(folds, {json()}, ".jpg").unusable, ElementsAre("a/one"));
}

TEST_F(FddbFiles, EmptyJsonMeansNoDetections) {
  write_text(json(), "");
  std::vector<FddbFold> folds = read_fddb_annotations(annotations());
  EXPECT_EQ(read_fddb_json(folds, {json()}, ".jpg").missing.size(), 3U);
}

TEST_F(FddbFiles, BadJsonIsRefused) {
  const std::string one = R"({"image": "a/one.jpg", "faces": []})";
  EXPECT_THAT(json_refusal(one + "\n" + R"({"image": "a/one", "faces": []})"),
              AllOf(HasSubstr("twice"), HasSubstr("a/one")));
  EXPECT_THAT(json_refusal(R"({"image": "x/a/one.jpg", "faces": []})"),
              AllOf(HasSubstr("no line is about an image"), HasSubstr("x/a/one.jpg"), HasSubstr("'a/one'")));
  EXPECT_THAT(json_refusal(R"({"image": "a/one", "faces": [{"box": [1, 2, 3, 1e9], "confidence": 1}]})"),
              AllOf(HasSubstr("cannot be drawn"), HasSubstr("a/one")));
  EXPECT_NE(json_refusal(R"({"image": "a/one", "faces": [)"), "");
}

TEST_F(FddbFiles, ResultsReadBackAsTheSameDoubles) {
  std::vector<FddbFold> folds = load();
  folds[1].images[0].detections = {{FddbRectangle{0.1, -1.0 / 3, 1e-7, 123456.789}, 0.87654321},
                                   {FddbRectangle{1, 2, 3, 4}, -2.5e-9}};
  write_fddb_results(folds, folder_ / "written");
  std::vector<FddbFold> again = read_fddb_annotations(annotations());
  read_fddb_results(again, folder_ / "written");
  for (size_t i = 0; i < 2; ++i) {
    const auto before = std::get<FddbRectangle>(folds[1].images[0].detections[i].region);
    const auto after = std::get<FddbRectangle>(again[1].images[0].detections.at(i).region);
    EXPECT_THAT((std::vector{after.x, after.y, after.w, after.h}), ElementsAre(before.x, before.y, before.w, before.h));
    EXPECT_EQ(again[1].images[0].detections[i].score, folds[1].images[0].detections[i].score);
  }
}

TEST_F(FddbFiles, RectanglesBecomeUprightEllipses) {
  std::vector<FddbFold> folds = load();
  EXPECT_EQ(make_fddb_ellipses(folds), 3);
  const auto ellipse = std::get<FddbEllipse>(folds[0].images[0].detections.at(0).region);
  EXPECT_THAT((std::vector{ellipse.major, ellipse.minor, ellipse.x, ellipse.y}), ElementsAre(2, 1.5, 2.5, 4));
  EXPECT_EQ(make_fddb_ellipses(folds), 0);
}

}  // namespace
}  // namespace mtcnn
