#include "mtcnn/detect/picture_list.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

std::vector<std::string> names(const std::vector<PictureFile>& pictures) {
  std::vector<std::string> result;
  for (const PictureFile& picture : pictures) result.push_back(picture.name);
  return result;
}

class PictureList : public ::testing::Test {
 protected:
  PictureList() {
    for (const char* name : {"b/2.jpg", "b/1.PNG", "a.jpeg", "b/deep/x.jpg", "b/readme.txt"})
      write_text(folder_ / name, "x");
  }
  testing::TempFolder folder_;
};

TEST_F(PictureList, FoldersAreSearchedInOrderAndNamesAreRelative) {
  EXPECT_THAT(names(find_pictures({folder_.path().string()}, {})),
              ::testing::ElementsAre("a.jpeg", "b/1.PNG", "b/2.jpg", "b/deep/x.jpg"));
}

TEST_F(PictureList, RootGivesNamesAndBase) {
  EXPECT_THAT(names(find_pictures({"b"}, folder_.path())),
              ::testing::ElementsAre("b/1.PNG", "b/2.jpg", "b/deep/x.jpg"));
}

TEST_F(PictureList, AFileIsItselfWhateverItsName) {
  const std::string file = (folder_ / "b/readme.txt").string();
  EXPECT_THAT(names(find_pictures({file}, {})), ::testing::ElementsAre(file));
  EXPECT_EQ(find_pictures({"not/there.jpg"}, {}).size(), 1U) << "a missing file fails when it is read, not here";
}

TEST_F(PictureList, ListsWithCommentsAndWindowsLineEnds) {
  write_text(folder_ / "list.txt", "# two of them\r\nb/2.jpg\r\n\r\n  a.jpeg  \n");
  const auto pictures = find_pictures({"@" + (folder_ / "list.txt").string()}, {});
  EXPECT_THAT(names(pictures), ::testing::ElementsAre("b/2.jpg", "a.jpeg"));
  EXPECT_EQ(pictures[1].path, folder_ / "a.jpeg");
}

TEST_F(PictureList, ListsOfWindowsPrograms) {
  const std::string plain = "\"b/2.jpg\"\r\na.jpeg\t \r\n";
  std::string wide = "\xFF\xFE";
  for (const char letter : plain) wide += {letter, '\0'};
  for (const std::string& text : {"\xEF\xBB\xBF" + plain, wide}) {
    write_text(folder_ / "list.txt", text);
    EXPECT_THAT(names(find_pictures({"@" + (folder_ / "list.txt").string()}, {})),
                ::testing::ElementsAre("b/2.jpg", "a.jpeg"));
  }
}

TEST_F(PictureList, ListsAreReadBitByBit) {
  std::string text = "\xEF\xBB\xBF";
  for (int i = 0; i < 100; ++i) text += "# next\n" + std::to_string(i) + ".jpg\n\n";
  write_text(folder_ / "list.txt", text + "last.jpg");
  ListedPictures list(folder_ / "list.txt", {});
  EXPECT_EQ(list.count(), 101);
  EXPECT_THAT(names(list.next(2)), ::testing::ElementsAre("0.jpg", "1.jpg"));
  list.skip(95);
  std::vector<std::string> left;
  EXPECT_EQ(list.count([&](const std::filesystem::path& path) { left.push_back(path.filename().string()); }), 4);
  EXPECT_THAT(left, ::testing::ElementsAre("97.jpg", "98.jpg", "99.jpg", "last.jpg"));
  EXPECT_THAT(names(list.next(100)), ::testing::ElementsAre("97.jpg", "98.jpg", "99.jpg", "last.jpg"));
  EXPECT_TRUE(list.next(1).empty());
  EXPECT_EQ(ListedPictures(folder_ / "list.txt", folder_ / "b").next(1)[0].path, folder_ / "b/0.jpg");
}

TEST_F(PictureList, LinksThatLeadNowhereDoNotEndAFolder) {
  namespace fs = std::filesystem;
  fs::create_symlink("self.jpg", folder_ / "self.jpg");
  fs::create_symlink("gone.jpg", folder_ / "lost.jpg");
  fs::create_directory_symlink(".", folder_ / "loop");
  EXPECT_THAT(names(find_pictures({folder_.path().string()}, {})),
              ::testing::ElementsAre("a.jpeg", "b/1.PNG", "b/2.jpg", "b/deep/x.jpg", "lost.jpg", "self.jpg"));
}

TEST_F(PictureList, NothingFoundIsAnError) {
  write_text(folder_ / "empty.txt", "\n# nothing\n");
  std::filesystem::create_directory(folder_ / "hollow");
  EXPECT_THROW(find_pictures({"@" + (folder_ / "empty.txt").string()}, {}), Error);
  EXPECT_THROW(find_pictures({(folder_ / "hollow").string()}, {}), Error);
  EXPECT_THROW(find_pictures({"@" + (folder_ / "missing.txt").string()}, {}), Error);
}

}  // namespace
}  // namespace mtcnn
