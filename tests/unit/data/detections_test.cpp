#include "mtcnn/data/detections.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <cmath>
#include <random>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using testing::error_message;
using ::testing::HasSubstr;
using ::testing::StartsWith;

bool operator==(const Detection& a, const Detection& b) {
  return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h && a.confidence == b.confidence &&
         a.landmarks == b.landmarks && a.angle == b.angle;
}

class DetectionsTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "detections.jsonl"; }

  std::vector<ImageDetections> read(const std::string& text) const {
    write_text(path(), text);
    std::vector<ImageDetections> images;
    read_detections(path(), [&](ImageDetections&& image) { images.push_back(std::move(image)); });
    return images;
  }

  /// The message for a file whose third line is `line` (the first is good, the second blank).
  std::string refusal(const std::string& line) const {
    int good = 0;
    write_text(path(), R"({"image": "a.jpg", "faces": []})"
                       "\n \n" +
                           line + "\n");
    const std::string message =
        error_message(ErrorCode::bad_format, [&] { read_detections(path(), [&](ImageDetections&&) { ++good; }); });
    EXPECT_EQ(good, 1) << "lines before the wrong one are handed on";
    EXPECT_THAT(message, StartsWith(path().string() + ":3:")) << line;
    return message;
  }

  testing::TempFolder folder_;
};

TEST_F(DetectionsTest, AnglesAreThereWhereTheImageWasTurned) {
  const Face face{.box = {1, 2, 4, 8}, .confidence = 0.5F, .angle = 90};
  EXPECT_FALSE(face_json(to_detection(face), {}).contains("angle"));
  ImageDetections turned{.image = "a.jpg", .faces = {to_detection(face, true)}};
  const std::vector<ImageDetections> images = read(detections_line(turned) + "\n");
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images.front().faces.front().angle, 90);
  EXPECT_THAT(refusal(R"({"image": "a", "faces": [{"box": [1, 2, 3, 4], "confidence": 1, "angle": "left"}]})"),
              HasSubstr("angle"));
}

TEST_F(DetectionsTest, RoundTripLosesNothing) {
  std::mt19937_64 random(23);
  std::uniform_real_distribution<double> any(-1e4, 1e4);
  std::string text;
  std::vector<ImageDetections> written;
  for (int i = 0; i < 200; ++i) {
    ImageDetections image{.image = concat("folder/", i, " \"x\" \xE2\x82\xAC.jpg"), .width = i, .height = 2 * i};
    for (int k = 0; k < i % 5; ++k) {
      Detection face{any(random), any(random), any(random), any(random), any(random) * 1e-9};
      if (k % 2 == 0) {
        face.landmarks.emplace(kLandmarkCount);
        for (auto& point : *face.landmarks) point = {any(random), any(random)};
      }
      image.faces.push_back(face);
    }
    const std::string line = detections_line(image);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    text += line + "\n";
    written.push_back(image);
  }
  const std::vector<ImageDetections> images = read(text);
  ASSERT_EQ(images.size(), written.size());
  for (size_t i = 0; i < images.size(); ++i) {
    EXPECT_EQ(images[i].image, written[i].image);
    EXPECT_EQ(images[i].width, written[i].width);
    EXPECT_EQ(images[i].height, written[i].height);
    EXPECT_EQ(images[i].error, "");
    ASSERT_EQ(images[i].faces.size(), written[i].faces.size());
    for (size_t k = 0; k < images[i].faces.size(); ++k) EXPECT_TRUE(images[i].faces[k] == written[i].faces[k]);
  }
}

TEST_F(DetectionsTest, FacesAreWrittenAsShortAsTheirFloats) {
  Face face{.box = {0.1F, 2, 10.1F, 22}, .confidence = 0.7F, .landmarks = Landmarks(kLandmarkCount)};
  face.landmarks[2] = {3.3F, 4};
  const Detection detection = to_detection(face);
  EXPECT_EQ(detection.x, 0.1);
  EXPECT_EQ(detection.confidence, 0.7);
  EXPECT_EQ(static_cast<float>(detection.w), face.box.width());
  ASSERT_TRUE(detection.landmarks);
  EXPECT_EQ((*detection.landmarks)[2][0], 3.3);
  const std::string line = detections_line({.image = "a.jpg", .width = 4, .height = 3, .faces = {detection}});
  EXPECT_THAT(line, AllOf(HasSubstr(R"("confidence":0.7)"), HasSubstr(R"("nose":[3.3,4.0])")));
}

TEST_F(DetectionsTest, UnreadablePicturesKeepTheirError) {
  const std::string line = detections_line({.image = "a.jpg", .error = "no picture"});
  EXPECT_EQ(line, R"({"image":"a.jpg","error":"no picture","faces":[]})");
  const auto images = read(line);
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].error, "no picture");
  EXPECT_EQ(images[0].width, 0);
}

TEST_F(DetectionsTest, NamesThatAreNoUtf8AreReplaced) {
  const std::string line = detections_line({.image = "a\xFF\xC3(.jpg"});
  EXPECT_TRUE(is_utf8(line));
  EXPECT_EQ(read(line)[0].image, "a\xEF\xBF\xBD\xEF\xBF\xBD(.jpg");
}

TEST_F(DetectionsTest, ReadsWhatItNeedNotKnow) {
  const auto images = read(
      "\n\r\n"
      R"({"image": "a.jpg", "more": {"x": 1}, "faces": [{"box": [1, 2, -3, 4.5], "confidence": 1,)"
      R"( "keypoints": null, "age": 3}], "error": null, "width": 640.0})"
      "\r\n");  // and no last line end is needed
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].width, 640);
  EXPECT_EQ(images[0].faces[0].w, -3);
  EXPECT_FALSE(images[0].faces[0].landmarks);
  EXPECT_TRUE(read("").empty());
  EXPECT_EQ(read(R"({"image": "a.jpg", "faces": []})").size(), 1U);
}

TEST_F(DetectionsTest, BrokenJsonIsRefused) {
  const std::string line = R"({"image": "b.jpg", "faces": [{"box": [1, 2, 3, 4], "confidence": 0.5}]})";
  EXPECT_EQ(read(line).size(), 1U);
  for (size_t size = 1; size < line.size(); ++size) refusal(line.substr(0, size));
  EXPECT_THAT(refusal("{\"image\": \"\xFF\", \"faces\": []}"), HasSubstr("JSON"));
  refusal(line + line);
  refusal(std::string(100'000, '['));
}

TEST_F(DetectionsTest, MissingKeysAreNamed) {
  EXPECT_THAT(refusal("3"), HasSubstr("'image' is missing"));
  EXPECT_THAT(refusal("[]"), HasSubstr("'image' is missing"));
  EXPECT_THAT(refusal(R"({"faces": []})"), HasSubstr("'image' is missing"));
  EXPECT_THAT(refusal(R"({"image": "a"})"), HasSubstr("'faces' is missing"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": [3]})"), HasSubstr("'box' is missing"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": [{"confidence": 1}]})"), HasSubstr("'box' is missing"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": [{"box": [1, 2, 3, 4]}]})"), HasSubstr("'confidence' is missing"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": [{"box": [1, 2, 3, 4], "confidence": 1, "keypoints": {"nose": 1}}]})"),
              HasSubstr("bad point 'nose'"));
}

TEST_F(DetectionsTest, WrongTypesAreNamed) {
  EXPECT_THAT(refusal(R"({"image": 3, "faces": []})"), HasSubstr("'image'"));
  EXPECT_THAT(refusal(R"({"image": "", "faces": []})"), HasSubstr("'image'"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": {}})"), HasSubstr("'faces'"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": null})"), HasSubstr("'faces'"));
  EXPECT_THAT(refusal(R"({"image": "a", "faces": [], "error": 3})"), HasSubstr("'error'"));
  for (const char* size : {"\"640\"", "640.5", "1e300", "-3000000000"}) {
    EXPECT_THAT(refusal(concat(R"({"image": "a", "faces": [], "width": )", size, "}")),
                AllOf(HasSubstr("'width'"), HasSubstr("number")));
    EXPECT_THAT(refusal(concat(R"({"image": "a", "faces": [], "height": )", size, "}")), HasSubstr("'height'"));
  }
  for (const char* box : {"3", "{}", "[1, 2, 3]", "[1, 2, 3, 4, 5]", R"([1, 2, 3, "4"])", "[1, 2, 3, null]"}) {
    EXPECT_THAT(refusal(concat(R"({"image": "a", "faces": [{"box": )", box, R"(, "confidence": 1}]})")),
                HasSubstr("'box'"));
  }
  const std::string start = R"({"image": "a", "faces": [{"box": [1, 2, 3, 4], "confidence": )";
  EXPECT_THAT(refusal(start + R"("1"}]})"), HasSubstr("'confidence'"));
  EXPECT_THAT(refusal(start + R"(1, "keypoints": [1, 2]}]})"), HasSubstr("'keypoints'"));
  EXPECT_THAT(refusal(start + R"(1, "keypoints": {"left_eye": [1]}}]})"), HasSubstr("'left_eye'"));
  EXPECT_THAT(refusal(start + R"(1, "keypoints": {"left_eye": [1, "2"]}}]})"), HasSubstr("'left_eye'"));
}

TEST_F(DetectionsTest, NumbersThatAreNotFiniteAreRefused) {
  for (const char* number : {"NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "null"}) {
    refusal(concat(R"({"image": "a", "faces": [{"box": [1, 2, 3, 4], "confidence": )", number, "}]}"));
    refusal(concat(R"({"image": "a", "faces": [{"box": [1, 2, )", number, R"(, 4], "confidence": 1}]})"));
  }
  // What such numbers become when they are written is refused as well.
  ImageDetections image{.image = "a.jpg"};
  image.faces = {{.x = std::nan(""), .confidence = 1}};
  EXPECT_THAT(refusal(detections_line(image)), HasSubstr("'box'"));
}

TEST_F(DetectionsTest, FilesThatCannotBeReadAreNamed) {
  const auto ignore = [](ImageDetections&&) {};
  EXPECT_THAT(error_message(ErrorCode::not_found, [&] { read_detections(path(), ignore); }),
              HasSubstr(path().string()));
  EXPECT_THAT(error_message(ErrorCode::unreadable, [&] { read_detections(folder_.path(), ignore); }),
              HasSubstr(folder_.path().string()));
}

TEST_F(DetectionsTest, KeypointsMayBeAnyAndKeepTheirOrder) {
  ImageDetections image{.image = "a.jpg", .width = 4, .height = 3, .landmark_names = {"tip", "tail"}};
  image.faces.push_back({0, 0, 2, 2, .5, ExactPoints{{1, 2}, {3, 4}}});
  image.faces.push_back({0, 0, 2, 2, .5});
  const std::string line = detections_line(image);
  EXPECT_THAT(line, HasSubstr(R"("keypoints":{"tip":[1.0,2.0],"tail":[3.0,4.0]}})"));
  const ImageDetections back = read(line)[0];
  EXPECT_EQ(back.landmark_names, image.landmark_names);
  EXPECT_EQ(back.faces[0].landmarks, image.faces[0].landmarks);
  EXPECT_FALSE(back.faces[1].landmarks);
  EXPECT_THAT(
      refusal(
          R"({"image": "a", "faces": [{"box": [1,2,3,4], "confidence": 1, "keypoints": {"a": [1, 2]}}, {"box": [1,2,3,4], "confidence": 1, "keypoints": {"b": [1, 2]}}]})"),
      HasSubstr("'a' is missing"))
      << "two faces, two names";
}

}  // namespace
}  // namespace mtcnn
