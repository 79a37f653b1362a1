#include "mtcnn/image/write.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/image/read.h"

#include <algorithm>
#include <cstdlib>

#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;

Image gradient(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(5 * x);
      pixel[1] = static_cast<uint8_t>(6 * y);
      pixel[2] = static_cast<uint8_t>(3 * (x + y));
    }
  }
  return image;
}

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

int largest_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.height(), b.height());
  int largest = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < 3 * a.width(); ++x) largest = std::max(largest, std::abs(a.row(y)[x] - b.row(y)[x]));
  }
  return largest;
}

TEST(WriteImage, WhatIsWrittenIsRead) {
  const testing::TempFolder folder;
  const Image image = gradient(40, 30);
  for (const char* name : {"a.png", "a.BMP", "a.dib", "a.webp", "a.tif", "a.tiff", "a.ppm", "a.pnm"}) {
    write_image(folder / name, image.view());
    EXPECT_EQ(largest_difference(read_image(folder / name), image), 0) << name;
  }
  for (const char* name : {"a.jpg", "a.JPEG", "a.jpe"}) {
    write_image(folder / name, image.view());
    EXPECT_LE(largest_difference(read_image(folder / name), image), 24) << name;
  }
}

TEST(WriteImage, AMarkIsFoundAndChangesNoPixel) {
  const testing::TempFolder folder;
  const Image image = gradient(40, 30);
  for (const char* ending : {".png", ".jpg", ".JPEG"}) {
    const fs::path plain = folder / (std::string("plain") + ending);
    const fs::path marked = folder / (std::string("marked") + ending);
    write_image(plain, image.view());
    write_marked_image(marked, image.view());
    EXPECT_FALSE(is_marked_image(plain)) << ending;
    EXPECT_TRUE(is_marked_image(marked)) << ending;
    EXPECT_EQ(largest_difference(read_image(marked), read_image(plain)), 0) << ending;
  }
  EXPECT_FALSE(is_marked_image(folder / "missing.png"));
  EXPECT_FALSE(is_marked_image(folder.path()));
}

TEST(WriteImage, HonoursTheStrideAndMakesFolders) {
  const testing::TempFolder folder;
  const Image image = gradient(20, 20);
  const ImageView part{image.row(3) + 3 * 5, 10, 8, ptrdiff_t{3} * 20};
  write_image(folder / "new/folder/a.png", part);
  const Image found = read_image(folder / "new/folder/a.png");
  ASSERT_EQ(found.width(), 10);
  ASSERT_EQ(found.height(), 8);
  for (int y = 0; y < 8; ++y) EXPECT_TRUE(std::equal(found.row(y), found.row(y) + 30, image.row(y + 3) + 15));
}

TEST(WriteImage, RefusesUnknownEndings) {
  const testing::TempFolder folder;
  const Image image = gradient(4, 4);
  for (const char* name : {"a", "a.xyz", "a.gif", "a.jpg.txt", ".png"}) {
    EXPECT_THROW(write_image(folder / name, image.view()), Error) << name;
  }
  EXPECT_EQ(files_in(folder.path()), 0U);
  EXPECT_THROW(write_image(folder / "a.png", {}), ContractError);
}

TEST(WriteImage, FailureLeavesTheOlderFile) {
  const testing::TempFolder folder;
  write_image(folder / "a.jpg", gradient(4, 4).view());
  const std::string before = read_text(folder / "a.jpg");
  EXPECT_THROW(write_image(folder / "a.jpg", Image(65536, 1).view()), Error);
  EXPECT_EQ(read_text(folder / "a.jpg"), before);
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(WriteImage, FailuresOfTheSystemAreErrors) {
  const testing::TempFolder folder;
  const Image image = gradient(64, 64);
  fs::create_symlink("/dev/full", folder / "full.png");
  EXPECT_THROW(write_image(folder / "full.png", image.view()), Error);
  fs::create_directory(folder / "folder.png");
  EXPECT_THROW(write_image(folder / "folder.png", image.view()), Error);
  write_text(folder / "file", "in the way");
  EXPECT_THROW(write_image(folder / "file/a.png", image.view()), Error);
}

}  // namespace
}  // namespace mtcnn
