#include "mtcnn/core/file.h"
#include "mtcnn/labels/labels.h"

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::HasSubstr;

std::vector<ImageAnnotation> read(const std::string& text, const std::vector<std::string>& classes = {},
                                  const std::vector<std::string>& landmarks = face_landmarks().names,
                                  bool required = false) {
  const testing::TempFolder folder;
  write_text(folder / "coco.json", text);
  return read_labels("coco", folder / "coco.json",
                     {.classes = classes, .landmarks = landmarks, .landmarks_required = required})
      .images;
}

std::string with_annotations(const std::string& annotations) {
  return R"({"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "face"}], "annotations": [)" +
         annotations + "]}";
}

TEST(CocoAnnotations, ReadsBoxesCrowdsAndPoints) {
  const auto images = read(with_annotations(
      R"({"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "keypoints": [1,2,2, 3,4,2, 5,6,1, 7,8,2, 9,10,2]},
         {"image_id": 1, "category_id": 1, "bbox": [2, 2, 3, 4], "keypoints": [1,2,2, 3,4,0, 5,6,1, 7,8,2, 9,10,2]},
         {"image_id": 1, "category_id": 1, "bbox": [3, 2, 3, 4], "iscrowd": 1})"));
  ASSERT_EQ(images.size(), 1U);
  const auto& faces = images[0].faces;
  ASSERT_EQ(faces.size(), 3U);
  EXPECT_EQ((*faces[0].landmarks)[4][1], 10);
  EXPECT_FALSE(faces[1].landmarks.has_value()) << "one point is not labelled";
  EXPECT_TRUE(faces[2].ignore);
}

TEST(CocoAnnotations, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::string& text) {
    return testing::error_message(ErrorCode::bad_format, [&] { read(text); });
  };
  EXPECT_THAT(refused("[]"), HasSubstr("no COCO annotations"));
  EXPECT_THAT(refused(R"({"images": []})"), HasSubstr("annotations"));
  EXPECT_THAT(refused(with_annotations(R"({"image_id": 2, "bbox": [1, 2, 3, 4]})")), HasSubstr("unknown image"));
  EXPECT_THAT(refused(with_annotations(R"({"image_id": 1, "bbox": [1, 2, 3]})")), HasSubstr("annotations[0]"));
  EXPECT_THAT(refused(with_annotations(R"({"image_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 3})")),
              HasSubstr("iscrowd"));
  EXPECT_THAT(refused(R"({"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": []})"),
              HasSubstr("this id occurs twice"));
  EXPECT_THAT(refused(R"({"images": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "a"}], "annotations": []})"),
              HasSubstr("this image occurs twice"));
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [] { read(with_annotations(""), {"cat"}); }),
              HasSubstr("'cat'"));
}

TEST(CocoAnnotations, TakesTheWantedNumberOfPoints) {
  const std::string text =
      with_annotations(R"({"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "keypoints": [1, 2, 2, 3, 4, 1]})");
  EXPECT_EQ(read(text, {}, {"a", "b"}, true)[0].faces[0].landmarks, (ExactPoints{{1, 2}, {3, 4}}));
  EXPECT_FALSE(read(text)[0].faces[0].landmarks) << "not five";
  EXPECT_THAT(testing::error_message(ErrorCode::bad_format,
                                     [&] {
                                       read(text, {}, {"a", "b", "c"}, true);
                                     }),
              ::testing::AllOf(::testing::HasSubstr("annotations[0]"), ::testing::HasSubstr("6 numbers"),
                               ::testing::HasSubstr("3 points")));
}

}  // namespace
}  // namespace mtcnn
