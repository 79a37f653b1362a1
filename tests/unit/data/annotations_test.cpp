#include "mtcnn/data/annotations.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Annotations : public ::testing::Test {
 protected:
  std::vector<ImageAnnotation> read(const std::string& text) {
    write_text(path_, text);
    std::vector<ImageAnnotation> images;
    read_annotations(path_, [&](ImageAnnotation&& image) { images.push_back(std::move(image)); });
    return images;
  }

  std::string message(const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  testing::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "faces.jsonl";
};

constexpr const char* kPoints = R"([[1,2],[3,4],[5,6],[7,8],[9,10.125]])";

TEST_F(Annotations, ReadsAllThatTheFormatHolds) {
  const auto images = read(R"({"image": "a/b.jpg", "width": 640, "height": 480, "faces": [)"
                           R"({"box": [0.1, -2, 30, 40.5], "landmarks": )" +
                           std::string(kPoints) + R"(, "ignore": true}, {"box": [1, 2, 3, 4]}]})" + "\r\n\n  \n" +
                           R"({"image": "empty.jpg", "faces": []})");
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[0].image, "a/b.jpg");
  EXPECT_EQ(images[0].width, 640);
  EXPECT_EQ(images[0].height, 480);
  ASSERT_EQ(images[0].faces.size(), 2U);
  const FaceAnnotation& face = images[0].faces[0];
  EXPECT_THAT((std::array{face.x, face.y, face.w, face.h}), ElementsAre(0.1, -2, 30, 40.5));
  EXPECT_TRUE(face.ignore);
  ASSERT_TRUE(face.landmarks);
  EXPECT_EQ((*face.landmarks)[0], (std::array{1.0, 2.0}));
  EXPECT_EQ((*face.landmarks)[4], (std::array{9.0, 10.125}));
  EXPECT_FALSE(images[0].faces[1].ignore);
  EXPECT_FALSE(images[0].faces[1].landmarks);
  EXPECT_EQ(images[1].width, 0);
  EXPECT_TRUE(images[1].faces.empty());
}

TEST_F(Annotations, NullLandmarksAreNoLandmarks) {
  EXPECT_FALSE(read(R"({"image": "a", "faces": [{"box": [1,2,3,4], "landmarks": null}]})")[0].faces[0].landmarks);
}

TEST_F(Annotations, AnEmptyFileHasNoImages) { EXPECT_TRUE(read("").empty()); }

TEST_F(Annotations, NamesFileLineAndFaultOfBadInput) {
  const std::string good = R"({"image": "a.jpg", "faces": []})"
                           "\n";
  const auto face = [&](const std::string& inside) {
    return good + "\n" + R"({"image": "b.jpg", "faces": [{)" + inside + "}]}";
  };
  const std::string place = path_.string() + ":3";
  const std::pair<std::string, std::string> cases[] = {
      {good + "\n{\"image\"", "JSON"},
      {good + "\n[1, 2]", "'image' is missing"},
      {good + "\n{\"faces\": []}", "'image' is missing"},
      {good + "\n{\"image\": \"\", \"faces\": []}", "bad 'image'"},
      {good + "\n{\"image\": \"b\"}", "'faces' is missing"},
      {good + "\n{\"image\": \"b\", \"faces\": {}}", "bad 'faces'"},
      {good + "\n{\"image\": \"b\", \"faces\": [7]}", "'box' is missing"},
      {good + "\n{\"image\": \"b\", \"width\": -1, \"faces\": []}", "bad 'width'"},
      {good + "\n{\"image\": \"b\", \"width\": 1e300, \"faces\": []}", "bad 'width'"},
      {good + "\n{\"image\": \"b\", \"height\": 2.5, \"faces\": []}", "bad 'height'"},
      {face(R"("box": [1, 2, 3])"), "bad 'box'"},
      {face(R"("box": [1, 2, 3, "4"])"), "bad 'box'"},
      {face(R"("box": [1, 2, 3, null])"), "bad 'box'"},
      {face(R"("box": [1, 2, NaN, 4])"), "JSON"},
      {face(R"("box": [1, 2, 1e999, 4])"), "JSON"},
      {face(R"("box": [1, 2, -3, 4])"), "no area"},
      {face(R"("box": [1, 2, 3, 0])"), "no area"},
      {face(R"("box": [1, 2, 3, 4], "landmarks": 5)"), "bad 'landmarks'"},
      {face(R"("box": [1, 2, 3, 4], "landmarks": [1, 2, 3, 4, 5])"), "landmarks[0]"},
      {face(R"("box": [1, 2, 3, 4], "landmarks": [[1,2],[1,2],[1,2,3],[1,2],[1,2]])"), "landmarks[2]"},
      {face(R"("box": [1, 2, 3, 4], "ignore": 1)"), "bad 'ignore'"},
  };
  for (const auto& [text, fault] : cases) {
    EXPECT_THAT(message(text), AllOf(HasSubstr(place), HasSubstr(fault))) << text;
    EXPECT_THAT(message(text), Not(HasSubstr("\n"))) << text;
  }
}

TEST_F(Annotations, RefusesAnImageThatOccursTwice) {
  const std::string line = R"({"image": "a.jpg", "faces": []})";
  EXPECT_THAT(message(line + "\n\n" + line), AllOf(HasSubstr(":3"), HasSubstr("'a.jpg'"), HasSubstr("line 1")));
}

TEST_F(Annotations, SaysWhatIsWrongWithThePath) {
  const auto attempt = [](const std::filesystem::path& path) -> std::string {
    try {
      read_annotations(path, [](ImageAnnotation&&) {});
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(attempt(folder_ / "absent.jsonl"), AllOf(HasSubstr("absent.jsonl"), HasSubstr("cannot open")));
  EXPECT_THAT(attempt(folder_.path()), HasSubstr("folder"));
}

TEST_F(Annotations, MayHaveAnyNumberOfPointsButOne) {
  const auto line = [](const char* name, const char* points) {
    return std::string(R"({"image": ")") + name + R"(", "faces": [{"box": [1,2,3,4], "landmarks": )" + points + "}]}\n";
  };
  const auto images = read(line("a", "[[1,2],[3,4],[5,6]]") + line("b", "[]"));
  EXPECT_EQ(images[0].faces[0].landmarks, (ExactPoints{{1, 2}, {3, 4}, {5, 6}}));
  EXPECT_FALSE(images[1].faces[0].landmarks);
  EXPECT_THAT(
      testing::error_message(ErrorCode::bad_format, [&] { read(line("a", "[[1,2]]") + line("b", "[[1,2],[3,4]]")); }),
      ::testing::AllOf(::testing::HasSubstr(":2"), ::testing::HasSubstr("found 2 points, expected 1, as in")));
  EXPECT_THAT(
      testing::error_message(ErrorCode::bad_format,
                             [&] {
                               read_annotations(
                                   path_, [](ImageAnnotation&&) {}, 4);
                             }),
      ::testing::AllOf(::testing::HasSubstr(":1"), ::testing::HasSubstr("found 1 points, expected 4, as 'landmarks'")));
}

TEST_F(Annotations, OneJsonValueOverSeveralLinesIsTold) {
  for (const char* text : {"[\n{\"image\": \"a.jpg\", \"faces\": []}\n]\n", "[{\"image\": \"a.jpg\", \"faces\": []}]",
                           "{\n\"image\": \"a.jpg\", \"faces\": []}\n"}) {
    EXPECT_THAT(message(text), AllOf(HasSubstr("faces.jsonl:1"), HasSubstr("expected one object a line"))) << text;
  }
}

}  // namespace
}  // namespace mtcnn
