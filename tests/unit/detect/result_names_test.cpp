#include "mtcnn/detect/result_names.h"

#include "mtcnn/core/file.h"

#include <set>

#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

/// Empty files, found as the program would.
class ResultNamesOf : public ::testing::Test {
 protected:
  std::vector<PictureFile> find(const std::vector<std::string>& files, const std::vector<std::string>& inputs) {
    for (const std::string& file : files) write_text(folder_ / file, "x");
    std::vector<std::string> paths;
    for (const std::string& input : inputs) paths.push_back((folder_ / input).string());
    return find_pictures(paths, {});
  }
  ResultNames names(const std::vector<std::string>& files, const std::vector<std::string>& inputs,
                    bool fold_case = false) {
    return result_names(find(files, inputs), fold_case);
  }
  testing::TempFolder folder_;
};

TEST_F(ResultNamesOf, PicturesThatShareNoneAreTheirOwn) {
  const ResultNames found = names({"d/a.jpg", "d/b.bmp", "d/deep/a.png", "lone.tif"}, {"d", "lone.tif"});
  EXPECT_THAT(found.drawings, ElementsAre("a.jpg", "b.png", "deep/a.png", "lone.png"));
  EXPECT_THAT(found.crops, ElementsAre("a", "b", "deep/a", "lone"));
}

TEST_F(ResultNamesOf, WholeNamesKeepFormatsApart) {
  const ResultNames found = names({"d/a.bmp", "d/a.jpg", "d/a.png", "d/a.tif", "d/b.jpg"}, {"d"});
  EXPECT_THAT(found.drawings, ElementsAre("a.bmp.png", "a.jpg", "a.png", "a.tif.png", "b.jpg"));
  EXPECT_THAT(found.crops, ElementsAre("a.bmp", "a.jpg", "a.png", "a.tif", "b"));
}

TEST_F(ResultNamesOf, EndingsThatDifferInCase) {
  const std::vector<std::string> files = {"d/IMG.JPG", "d/IMG.jpeg", "d/IMG.jpg"};
  const ResultNames found = names(files, {"d"});
  EXPECT_THAT(found.drawings, ElementsAre("IMG.JPG", "IMG.jpeg", "IMG.jpg"));
  EXPECT_THAT(found.crops, ElementsAre("IMG.JPG", "IMG.jpeg", "IMG.jpg"));
  const ResultNames folded = names(files, {"d"}, true);
  EXPECT_THAT(folded.drawings, ElementsAre("IMG.JPG", "IMG.jpeg", "IMG-2.jpg"));
  EXPECT_THAT(folded.crops, ElementsAre("IMG.JPG", "IMG.jpeg", "IMG.jpg-2"));
}

TEST_F(ResultNamesOf, AWholeNameMayBeAnothersToo) {
  const ResultNames found = names({"d/a.bmp", "d/a.bmp.png", "d/a.png"}, {"d"});
  EXPECT_EQ(std::set<fs::path>(found.drawings.begin(), found.drawings.end()).size(), 3U);
  EXPECT_EQ(std::set<fs::path>(found.crops.begin(), found.crops.end()).size(), 3U);
}

TEST_F(ResultNamesOf, FoldersTellEqualNamesApart) {
  const auto pictures = find({"a/x.jpg", "a/only.jpg", "b/x.jpg"}, {"a", "b"});
  std::vector<std::string> names;
  for (const PictureFile& picture : pictures) names.push_back(picture.name);
  EXPECT_THAT(names, ElementsAre("only.jpg", "a/x.jpg", "b/x.jpg"));
  EXPECT_THAT(result_names(pictures, false).drawings, ElementsAre("only.jpg", "a/x.jpg", "b/x.jpg"));
  EXPECT_THAT(result_names(pictures, false).crops, ElementsAre("only", "a/x", "b/x"));
}

TEST_F(ResultNamesOf, AFoundNameMayBeAPlace) {
  std::set<std::string> names;
  for (const PictureFile& picture : find({"a/x.jpg", "b/x.jpg", "c/a/x.jpg"}, {"a", "b", "c"}))
    names.insert(picture.name);
  EXPECT_EQ(names, (std::set<std::string>{"a/x.jpg", "b/x.jpg", "c/a/x.jpg"}));
}

TEST_F(ResultNamesOf, FilesOfTheirOwnToo) {
  const ResultNames found = names({"a/x.jpg", "b/x.jpg", "b/x.png"}, {"a/x.jpg", "b/x.jpg", "b/x.png"});
  EXPECT_THAT(found.drawings, ElementsAre("a/x.jpg", "b/x.jpg", "x.png"));
  EXPECT_THAT(found.crops, ElementsAre("a/x", "b/x", "x.png"));
}

TEST_F(ResultNamesOf, APictureListedTwice) {
  const auto pictures = find({"x.jpg", "x-2.jpg"}, {"x.jpg", "x.jpg", "x-2.jpg"});
  EXPECT_EQ(pictures[0].name, pictures[1].name);
  EXPECT_THAT(result_names(pictures, false).drawings, ElementsAre("x.jpg", "x-3.jpg", "x-2.jpg"));
  EXPECT_THAT(result_names(pictures, false).crops, ElementsAre("x", "x-3", "x-2"));
}

TEST_F(ResultNamesOf, NothingLeavesTheFolder) {
  write_text(folder_ / "inner/list.txt", "../p.jpg\np.jpg\n");
  const auto pictures = find_pictures({"@" + (folder_ / "inner/list.txt").string()}, {});
  EXPECT_THAT(result_names(pictures, false).drawings, ElementsAre("p.jpg", "inner/p.jpg"));
}

TEST(CropFile, AndBack) {
  EXPECT_EQ(crop_file("deep/a.jpg", 12), "deep/a.jpg_12.jpg");
  EXPECT_EQ(crops_of("deep/a.jpg_12.jpg"), fs::path("deep/a.jpg"));
  for (const char* other : {"a.jpg", "a_.jpg", "a_1.png", "a_b.jpg", "a_1"}) EXPECT_FALSE(crops_of(other)) << other;
}

}  // namespace
}  // namespace mtcnn
