#include "data_prep/toy_data.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/data/celeba.h"
#include "mtcnn/data/wider_lists.h"
#include "mtcnn/image/read.h"

#include "data_prep/toy_faces.h"
#include "data_prep/toy_watches.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;

TEST(ToyData, ReadsBackInBothLayouts) {
  const testing::TempFolder folder;
  const ToyCounts counts = make_toy_data(folder / "a", {.images = 12, .validation = 3, .seed = 5, .threads = 2});
  EXPECT_EQ(counts.pictures, 30);
  int64_t faces = 0;
  int pictures = 0;
  int empty = 0;
  for (const char* name : {"train", "val"}) {
    const WiderSplit split = wider_split(folder / "a" / "wider", name);
    read_wider_list(
        split.list,
        [&](ImageAnnotation&& image) {
          ++pictures;
          empty += image.faces.empty() ? 1 : 0;
          EXPECT_TRUE(fs::exists(split.images / image.image)) << image.image;
          for (const FaceAnnotation& face : image.faces) faces += face.ignore ? 0 : 1;
        },
        [](const std::string& where) { ADD_FAILURE() << where; });
  }
  EXPECT_EQ(pictures, 15);
  EXPECT_GT(empty, 0);
  for (const CelebaSplit split : {CelebaSplit::train, CelebaSplit::validation}) {
    read_celeba(folder / "a" / "celeba", split, [&](ImageAnnotation&& image) {
      ++faces;
      EXPECT_TRUE(fs::exists(celeba_images(folder / "a" / "celeba") / image.image));
      EXPECT_TRUE(image.faces.at(0).landmarks.has_value());
    });
  }
  EXPECT_EQ(faces, counts.faces);
}

TEST(ToyData, SameSeedSameBytesForAnyThreads) {
  const testing::TempFolder folder;
  make_toy_data(folder / "a", {.images = 6, .validation = 1, .seed = 5, .threads = 1});
  make_toy_data(folder / "b", {.images = 6, .validation = 1, .seed = 5, .threads = 3});
  make_toy_data(folder / "c", {.images = 6, .validation = 1, .seed = 6, .threads = 3});
  int files = 0;
  int changed = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder / "a")) {
    if (!entry.is_regular_file()) continue;
    const fs::path name = fs::relative(entry.path(), folder / "a");
    EXPECT_EQ(read_text(entry.path()), read_text(folder / "b" / name)) << name;
    if (!fs::exists(folder / "c" / name) || read_text(entry.path()) != read_text(folder / "c" / name)) ++changed;
    ++files;
  }
  EXPECT_EQ(files, 14 + 4 + 3);
  EXPECT_GT(changed, 14);
}

TEST(ToyData, RefusesAFolderInUse) {
  const testing::TempFolder folder;
  write_text(folder / "a" / "mine.txt", "mine");
  testing::error_message(ErrorCode::usage, [&] { make_toy_data(folder / "a", {.images = 1}); });
  EXPECT_THROW(make_toy_data(folder / "b", {.images = 0}), ContractError);
}

TEST(ToyFaces, LabelsLieInThePictureAndInTheirBoxes) {
  int faces = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, "labels");
    const ToyPicture picture = paint_toy_picture({.width = 320, .height = 240, .faces = 5, .tiny = 1}, random);
    EXPECT_EQ(picture.image.width(), 320);
    for (const FaceAnnotation& face : picture.annotation.faces) {
      ++faces;
      EXPECT_EQ(face.ignore, face.w < 12);
      EXPECT_GE(face.x, 0);
      EXPECT_LE(face.x + face.w, 320);
      for (const auto& [x, y] : *face.landmarks) {
        EXPECT_GT(x, face.x);
        EXPECT_LT(x, face.x + face.w);
        EXPECT_GT(y, face.y);
        EXPECT_LT(y, face.y + face.h);
      }
      EXPECT_LT((*face.landmarks)[0][0], (*face.landmarks)[1][0]) << "the left eye is left in the picture";
    }
  }
  EXPECT_GT(faces, 70);
}

TEST(ToyWatches, LabelsLieOnWhatIsPainted) {
  const testing::TempFolder folder;
  const ToyOptions options{.object = ToyObject::watch, .images = 20, .validation = 2, .seed = 3, .threads = 2};
  const ToyCounts counts = make_toy_data(folder / "a", options);
  EXPECT_EQ(counts.pictures, 22);
  EXPECT_GT(counts.faces, 20);
  double ratios = 0;
  int64_t watches = 0;
  for (const char* split : {"train", "val"}) {
    read_annotations(
        folder / "a" / split / "annotations.jsonl",
        [&](ImageAnnotation&& image) {
          EXPECT_EQ(read_image(folder / "a" / split / "images" / image.image).width(), image.width);
          for (const FaceAnnotation& watch : image.faces) {
            EXPECT_GE(watch.x, 0);
            EXPECT_LE(watch.y + watch.h, image.height);
            const ExactPoints& points = watch.landmarks.value();
            EXPECT_LT(points[3][0], points[1][0]) << "nine is left of three";
            EXPECT_LT(points[0][1], points[2][1]) << "twelve is above six";
            ratios += watch.h / watch.w;
            ++watches;
          }
        },
        watch_landmarks().count());
  }
  EXPECT_EQ(watches, counts.faces);
  EXPECT_NEAR(ratios / static_cast<double>(watches), 1.7, 0.2);
  make_toy_data(folder / "b", {.object = ToyObject::watch, .images = 20, .validation = 2, .seed = 3, .threads = 1});
  EXPECT_EQ(read_text(folder / "a/train/images/watches_000003.jpg"),
            read_text(folder / "b/train/images/watches_000003.jpg"));
}

}  // namespace
}  // namespace mtcnn
