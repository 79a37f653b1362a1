#include "mtcnn/data/celeba.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"

#include <set>

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kBoxes =
    "3\nimage_id x_1 y_1 width height\n"
    "a.jpg 1 2 30 40\nb.jpg 5 6 70.5 80\nc.jpg 9 9 9 9\n";
constexpr const char* kLandmarks =
    "3\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y\n"
    "a.jpg 1 2 3 4 5 6 7 8 9 10\nb.jpg 11 12 13 14 15 16 17 18 19 20.25\nc.jpg 0 0 1 1 2 2 3 3 4 4\n";
constexpr const char* kPartition = "a.jpg 0\nb.jpg 1\nc.jpg 0\n";

class Celeba : public ::testing::Test {
 protected:
  Celeba() {
    write_text(boxes_, kBoxes);
    write_text(landmarks_, kLandmarks);
    write_text(partition_, kPartition);
  }

  std::vector<ImageAnnotation> read(CelebaSplit split) {
    std::vector<ImageAnnotation> images;
    counts_ = read_celeba(folder_.path(), split, [&](ImageAnnotation&& image) { images.push_back(std::move(image)); });
    return images;
  }

  std::vector<std::string> names(CelebaSplit split) {
    std::vector<std::string> names;
    for (const ImageAnnotation& image : read(split)) names.push_back(image.image);
    return names;
  }

  std::string message() {
    try {
      read(CelebaSplit::train);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  testing::TempFolder folder_;
  std::filesystem::path boxes_ = folder_ / "Anno/list_bbox_celeba.txt";
  std::filesystem::path landmarks_ = folder_ / "Anno/list_landmarks_celeba.txt";
  std::filesystem::path partition_ = folder_ / "Eval/list_eval_partition.txt";
  CelebaCounts counts_;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST_F(Celeba, ReadsOneSplit) {
  EXPECT_TRUE(is_celeba(folder_.path()));
  EXPECT_THAT(names(CelebaSplit::train), ElementsAre("a.jpg", "c.jpg"));
  EXPECT_THAT(names(CelebaSplit::test), ElementsAre());
  const auto images = read(CelebaSplit::validation);
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(counts_.images, 1);
  ASSERT_EQ(images[0].faces.size(), 1U);
  const FaceAnnotation& face = images[0].faces[0];
  EXPECT_THAT((std::array{face.x, face.y, face.w, face.h}), ElementsAre(5, 6, 70.5, 80));
  ASSERT_TRUE(face.landmarks);
  EXPECT_EQ((*face.landmarks)[0], (std::array{11.0, 12.0}));
  EXPECT_EQ((*face.landmarks)[4], (std::array{19.0, 20.25}));
}

TEST_F(Celeba, LineEndsBlanksAndOrderMakeNoDifference) {
  write_text(boxes_, replaced(kBoxes, "\n", " \t\r\n") + "\r\n\r\n");
  write_text(partition_, "c.jpg  0 \r\n\r\nb.jpg\t1\r\na.jpg 0");
  EXPECT_THAT(names(CelebaSplit::train), ElementsAre("a.jpg", "c.jpg"));
  EXPECT_THAT(names(CelebaSplit::validation), ElementsAre("b.jpg"));
}

TEST_F(Celeba, LeavesOutBoxesWithoutAreaAndCountsThem) {
  write_text(boxes_, replaced(kBoxes, "1 2 30 40", "0 0 0 0"));
  EXPECT_THAT(names(CelebaSplit::train), ElementsAre("c.jpg"));
  EXPECT_EQ(counts_.images, 1);
  EXPECT_EQ(counts_.without_area, 1);
}

TEST_F(Celeba, RefusesBadRowsNamingFileAndLine) {
  const auto boxes = [&](const std::string& from, const std::string& to) {
    write_text(boxes_, replaced(kBoxes, from, to));
    return message();
  };
  const std::string file = boxes_.string();
  EXPECT_THAT(boxes("3\n", "4\n"), AllOf(HasSubstr(file), HasSubstr("found 3 rows"), HasSubstr("expected 4")));
  EXPECT_THAT(boxes("3\n", "three\n"), AllOf(HasSubstr(file + ":1"), HasSubstr("number of rows")));
  EXPECT_THAT(boxes("image_id x_1 y_1 width height\n", ""), AllOf(HasSubstr(file + ":2"), HasSubstr("columns")));
  EXPECT_THAT(boxes("5 6 70.5 80", "5 6 70.5"), AllOf(HasSubstr(file + ":4"), HasSubstr("too short")));
  EXPECT_THAT(boxes("5 6 70.5 80", "5 6 70.5 80 1"), AllOf(HasSubstr(file + ":4"), HasSubstr("too long")));
  EXPECT_THAT(boxes("70.5", "nan"), AllOf(HasSubstr(file + ":4"), HasSubstr("nan")));
  EXPECT_THAT(boxes("70.5", "inf"), AllOf(HasSubstr(file + ":4"), HasSubstr("inf")));
  EXPECT_THAT(boxes("70.5", "7O"), AllOf(HasSubstr(file + ":4"), HasSubstr("7O")));
  EXPECT_THAT(boxes("70.5", "-70"), AllOf(HasSubstr(file + ":4"), HasSubstr("negative")));
  write_text(boxes_, "");
  EXPECT_THAT(message(), HasSubstr("number of rows"));
}

TEST_F(Celeba, RefusesListsThatDoNotAgree) {
  write_text(boxes_, replaced(kBoxes, "b.jpg", "x.jpg"));
  EXPECT_THAT(message(), AllOf(HasSubstr(boxes_.string() + ":4"), HasSubstr("x.jpg"), HasSubstr("partition")));
  write_text(boxes_, replaced(kBoxes, "b.jpg", "a.jpg"));
  EXPECT_THAT(message(), AllOf(HasSubstr(boxes_.string() + ":4"), HasSubstr("a.jpg"), HasSubstr("twice")));
  write_text(boxes_, kBoxes);
  write_text(landmarks_, replaced(replaced(kLandmarks, "c.jpg 0 0 1 1 2 2 3 3 4 4\n", ""), "3\n", "2\n"));
  EXPECT_THAT(message(), AllOf(HasSubstr(landmarks_.string()), HasSubstr("1 missing"), HasSubstr("c.jpg")));
  write_text(landmarks_, kLandmarks);
  write_text(partition_, concat(kPartition, "d.jpg 2\n"));
  EXPECT_THAT(message(), AllOf(HasSubstr(boxes_.string()), HasSubstr("d.jpg")));
  write_text(partition_, concat(kPartition, "a.jpg 2\n"));
  EXPECT_THAT(message(), AllOf(HasSubstr(partition_.string() + ":4"), HasSubstr("twice")));
  write_text(partition_, replaced(kPartition, "b.jpg 1", "b.jpg 3"));
  EXPECT_THAT(message(), AllOf(HasSubstr(partition_.string() + ":2"), HasSubstr("split")));
}

TEST_F(Celeba, NamesTheListThatIsMissing) {
  std::filesystem::remove(landmarks_);
  EXPECT_THAT(message(), AllOf(HasSubstr(landmarks_.string()), HasSubstr("cannot open")));
  std::filesystem::remove(boxes_);
  EXPECT_FALSE(is_celeba(folder_.path()));
}

TEST_F(Celeba, TablesOfKaggleAreTold) {
  write_text(partition_, "image_id,partition\na.jpg,0\n");
  EXPECT_THAT(message(), HasSubstr("Kaggle's copy"));
  const testing::TempFolder folder;
  EXPECT_NO_THROW(refuse_celeba_tables(folder.path()));
  write_text(folder / "list_bbox_celeba.csv", "image_id,x_1,y_1,width,height\n");
  EXPECT_THROW(refuse_celeba_tables(folder.path()), Error);
}

TEST(CelebaSplits, AreNamed) {
  EXPECT_EQ(celeba_split("train"), CelebaSplit::train);
  EXPECT_EQ(celeba_split("val"), CelebaSplit::validation);
  EXPECT_EQ(celeba_split("test"), CelebaSplit::test);
  EXPECT_THROW(celeba_split("validation"), Error);
}

TEST(CelebaShared, ReadsTheReferenceFolder) {
  MTCNN_NEEDS_SHARED("data/celeba");
  const auto folder = testing::shared_folder() / "data/celeba";
  std::set<std::string> names;
  const auto count = [&](CelebaSplit split) {
    return read_celeba(folder, split,
                       [&](ImageAnnotation&& image) {
                         EXPECT_TRUE(names.insert(image.image).second);
                         EXPECT_TRUE(std::filesystem::exists(celeba_images(folder) / image.image)) << image.image;
                       })
        .images;
  };
  EXPECT_EQ(count(CelebaSplit::train), 9916);
  EXPECT_EQ(count(CelebaSplit::validation), 695);
  EXPECT_EQ(count(CelebaSplit::test), 0);
}

}  // namespace
}  // namespace mtcnn
