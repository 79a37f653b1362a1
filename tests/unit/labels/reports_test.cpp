#include "mtcnn/core/error.h"
#include "mtcnn/labels/labels.h"

#include <algorithm>

#include "support/expect_error.h"
#include "support/made_labels.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

int64_t counted(const SkipCounts& counts, const std::string& reason) {
  int64_t sum = 0;
  for (const Skipped& item : counts.all()) {
    EXPECT_FALSE(item.examples.empty()) << item.reason;
    if (item.reason.find(reason) != std::string::npos) sum += item.count;
  }
  return sum;
}

/// Labels of COCO with everything that may be wrong, whatever the format.
constexpr const char* kFaults = R"({"images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80},
    {"id": 2, "file_name": "gone.png", "width": 100, "height": 80}],
  "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
  "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]},
    {"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20.001]},
    {"image_id": 1, "category_id": 1, "bbox": [200, 10, 20, 20]},
    {"image_id": 1, "category_id": 1, "bbox": [90, 10, 20, 20]},
    {"image_id": 1, "category_id": 1, "bbox": [50, 50, -20, 10]},
    {"image_id": 1, "category_id": 1, "bbox": [10, 10, 0, 20]},
    {"image_id": 1, "category_id": 2, "bbox": [10, 10, 20, 20]},
    {"image_id": 1, "category_id": 1, "bbox": [60, 60, 10, 10], "iscrowd": 1},
    {"image_id": 2, "category_id": 1, "bbox": [10, 10, 20, 20]}]})";

TEST(LabelReports, CountsWhatIsNotAsItShouldBe) {
  const testing::TempFolder folder;
  testing::make_image(folder / "a.png");
  write_text(folder / "annotations.json", kFaults);
  const LabelSet set = read_labels("coco", folder.path(), {.classes = {"cat"}});
  EXPECT_EQ(counted(set.dropped, "twice"), 1);
  EXPECT_EQ(counted(set.dropped, "outside"), 1);
  EXPECT_EQ(counted(set.dropped, "width or height"), 1);
  EXPECT_EQ(counted(set.dropped, "another class ('dog')"), 1);
  EXPECT_EQ(counted(set.kept, "beyond"), 1);
  EXPECT_EQ(counted(set.kept, "wrong order"), 1);
  EXPECT_EQ(counted(set.kept, "crowd"), 1);
  EXPECT_EQ(counted(set.kept, "not there"), 1);
  ASSERT_EQ(set.images.size(), 2U);
  ASSERT_EQ(set.images[0].faces.size(), 4U);
  EXPECT_EQ(set.images[0].faces[2].x, 30) << "corners put right";
  EXPECT_TRUE(set.images[0].faces[3].ignore);
  EXPECT_EQ(set.classes, std::vector<std::string>{"cat"});
  EXPECT_THAT(
      testing::error_message(ErrorCode::bad_format, [&] { read_labels("coco", folder.path(), {.strict = true}); }),
      AllOf(HasSubstr("1 x box outside its image, as"), HasSubstr("annotations[2]")));
}

#ifdef MTCNN_TEST_XML
TEST(LabelReports, TellsFlagsOfVocAndFindsImages) {
  const testing::TempFolder folder;
  testing::make_image(folder / "images" / "a.png");
  // The file name is another than the image's, as after renaming.
  write_text(folder / "annots" / "a.xml",
             R"(<annotation><filename>IMG_1.jpg</filename><object><name>cat</name><difficult>1</difficult>
      <truncated>1</truncated><occluded>1</occluded><bndbox><xmin>30</xmin><ymin>20</ymin><xmax>10</xmax><ymax>40</ymax></bndbox></object></annotation>)");
  const LabelSet set = read_labels("voc", folder.path());
  EXPECT_EQ(set.images.at(0).image, "a.png");
  EXPECT_EQ(set.images_folder.filename(), "images");
  const FaceAnnotation& face = set.images[0].faces.at(0);
  EXPECT_TRUE(face.ignore);
  EXPECT_EQ(face.x, 10);
  EXPECT_EQ(face.w, 20);
  for (const char* flag : {"difficult", "truncated", "occluded", "wrong order"})
    EXPECT_EQ(counted(set.kept, flag), 1) << flag;
  EXPECT_TRUE(set.dropped.all().empty());
}

TEST(LabelReports, PointsWithoutABoxAreCounted) {
  const testing::TempFolder folder;
  testing::make_image(folder / "a.png");
  write_text(folder / "annotations.xml", R"(<annotations><image id="0" name="a.png" width="100" height="80">
      <box label="cat" xtl="1" ytl="2" xbr="3" ybr="4" group_id="2"/><box label="cat" xtl="11" ytl="2" xbr="13" ybr="4" group_id="3"/>
      <points label="nose" points="1,2" group_id="2"/><points label="ear" points="1,2" group_id="2"/>
      <points label="nose" points="1,2" group_id="3"/><points label="nose" points="5,6"/></image></annotations>)");
  const LabelSet set = read_labels("cvat", folder.path());
  EXPECT_EQ(counted(set.dropped, "belong to no box"), 1);
  EXPECT_EQ(counted(set.kept, "all of its points"), 1);
  EXPECT_TRUE(set.images.at(0).faces.at(0).landmarks);
  EXPECT_FALSE(set.images[0].faces.at(1).landmarks);
  EXPECT_EQ(set.landmark_names, (std::vector<std::string>{"nose", "ear"}));
}
#endif

TEST(LabelReports, UnannotatedTasksAreNotImagesWithoutObjects) {
  const testing::TempFolder folder;
  testing::make_image(folder / "a.png");
  write_text(folder / "annotations.json", R"([{"data": {"image": "a.png"}, "annotations": [{"result": []}]},
      {"data": {"image": "b.png"}, "annotations": []}, {"data": {"image": "c.png"}, "annotations": [{"was_cancelled": true, "result": []}]}])");
  const LabelSet set = read_labels("labelstudio", folder.path());
  EXPECT_EQ(set.images.size(), 1U);
  EXPECT_EQ(counted(set.dropped, "nobody has annotated"), 2);
}

}  // namespace
}  // namespace mtcnn
