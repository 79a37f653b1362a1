#include "mtcnn/data/wider_lists.h"

#include "mtcnn/core/file.h"

#include <vector>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Read {
  std::vector<ImageAnnotation> images;
  std::vector<std::string> skipped;
};

Read read(const testing::TempFolder& folder, const std::string& text) {
  write_text(folder / "list.txt", text);
  Read result;
  read_wider_list(
      folder / "list.txt", [&](ImageAnnotation&& image) { result.images.push_back(std::move(image)); },
      [&](const std::string& where) { result.skipped.push_back(where); });
  return result;
}

std::string refused(const std::string& text) {
  const testing::TempFolder folder;
  return testing::error_message(ErrorCode::bad_format, [&] { read(folder, text); });
}

TEST(WiderLists, ReadsPicturesWithAndWithoutFaces) {
  const testing::TempFolder folder;
  const Read list = read(folder,
                         "0--A/a.jpg\n2\n1 2 3 4 0 0 0 0 0 0 \n5.5 6 7 8 1 0 0 1 0 0\n"
                         "1--B/none.jpg\n0\n0 0 0 0 0 0 0 0 0 0 \n"
                         "1--B/bare.jpg\n0\n"
                         "2--C/b c.jpg\n1\n10 20 30 40\n");
  ASSERT_EQ(list.images.size(), 4U);
  ASSERT_EQ(list.images[0].faces.size(), 2U);
  EXPECT_EQ(list.images[0].faces[1].x, 5.5);
  EXPECT_FALSE(list.images[0].faces[0].ignore);
  EXPECT_TRUE(list.images[0].faces[1].ignore) << "invalid";
  EXPECT_TRUE(list.images[1].faces.empty());
  EXPECT_TRUE(list.images[2].faces.empty());
  EXPECT_EQ(list.images[3].image, "2--C/b c.jpg");
  EXPECT_EQ(list.images[3].faces.at(0).h, 40);
  EXPECT_TRUE(list.skipped.empty());
}

TEST(WiderLists, LineEndsAndBlanksMakeNoDifference) {
  const testing::TempFolder folder;
  const Read list = read(folder, "a.jpg \r\n 1\r\n1 2 3 4 0 0 0 0 0 0   \r\n\r\nb.jpg\r\n0\r\n0 0 0 0 0 0 0 0 0 0\r\n");
  ASSERT_EQ(list.images.size(), 2U);
  EXPECT_EQ(list.images[0].image, "a.jpg");
}

TEST(WiderLists, FacesWithoutAreaArePassedOver) {
  const testing::TempFolder folder;
  const Read list = read(folder, "a.jpg\n3\n1 2 0 4 0 0 0 0 0 0\n1 2 3 -4 0 0 0 0 0 0\n1 2 3 4 0 0 0 0 0 0\n");
  EXPECT_EQ(list.images.at(0).faces.size(), 1U);
  EXPECT_THAT(list.skipped, ElementsAre(HasSubstr("list.txt:3"), HasSubstr("list.txt:4")));
}

TEST(WiderLists, EmptyListHasNoPictures) {
  const testing::TempFolder folder;
  EXPECT_TRUE(read(folder, "").images.empty());
}

TEST(WiderLists, RefusesDamageNamingTheLine) {
  EXPECT_THAT(refused("a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\nb.jpg\n0\n"),
              ::testing::AllOf(HasSubstr("list.txt:4"), HasSubstr("face 2 of a.jpg")));
  EXPECT_THAT(refused("a.jpg\n1\n1 2 3 4\n5 6 7 8\n"), HasSubstr("list.txt:4"));
  EXPECT_THAT(refused("a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n"), HasSubstr("end of the file"));
  EXPECT_THAT(refused("a.jpg\n"), HasSubstr("no number of faces"));
  EXPECT_THAT(refused("a.jpg\nmany\n"), HasSubstr("no number of faces"));
  EXPECT_THAT(refused("a.jpg\n-1\n"), HasSubstr("no number of faces"));
  EXPECT_THAT(refused("a.jpg\n1\n1 2 nan 4\n"), HasSubstr("face 1"));
  EXPECT_THAT(refused("a.jpg\n1\n1 2 3\n"), HasSubstr("face 1"));
  EXPECT_THAT(refused("a.jpg\n1\n1 2 3 4 5 6 7 8 9 10 11\n"), HasSubstr("face 1"));
  EXPECT_THAT(refused("a.jpg\n0\n0 0 1 1 0 0 0 0 0 0\n"), HasSubstr("an image that has none"));
  EXPECT_THAT(refused("a.jpg\n0\na.jpg\n0\n"), HasSubstr("occurs twice"));
  EXPECT_THAT(refused("../a.jpg\n0\n"), HasSubstr("leaves the folder"));
  EXPECT_THAT(refused("/etc/a.jpg\n0\n"), HasSubstr("leaves the folder"));
  EXPECT_THAT(refused("a\xff.jpg\n0\n"), HasSubstr("no UTF-8"));
}

TEST(WiderLists, SplitsAreTrainAndVal) {
  EXPECT_EQ(wider_split("w", "val").list, "w/wider_face_split/wider_face_val_bbx_gt.txt");
  EXPECT_EQ(wider_split("w", "train").images, "w/WIDER_train/images");
  testing::error_message(ErrorCode::usage, [] { wider_split("w", "test"); });
}

}  // namespace
}  // namespace mtcnn
