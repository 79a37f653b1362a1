#include "mtcnn/core/error.h"
#include "mtcnn/labels/labels.h"

#include "support/expect_error.h"
#include "support/made_labels.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

bool has_points(const std::string& kind) { return kind != "voc"; }

void expect_same(const LabelSet& read, const LabelSet& wanted, bool points, const std::string& what) {
  ASSERT_EQ(read.images.size(), wanted.images.size()) << what;
  if (points) {
    EXPECT_EQ(read.landmark_names, wanted.landmark_names) << what;
  }
  for (size_t i = 0; i < read.images.size(); ++i) {
    const ImageAnnotation& image = read.images[i];
    EXPECT_EQ(image.image, wanted.images[i].image) << what;
    ASSERT_EQ(image.faces.size(), wanted.images[i].faces.size()) << what;
    for (size_t k = 0; k < image.faces.size(); ++k) {
      const FaceAnnotation& face = image.faces[k];
      const FaceAnnotation& same = wanted.images[i].faces[k];
      EXPECT_EQ(face.category, same.category) << what;
      EXPECT_EQ(face.ignore, same.ignore) << what;
      EXPECT_NEAR(face.x, same.x, 0.01) << what;
      EXPECT_NEAR(face.y, same.y, 0.01) << what;
      EXPECT_NEAR(face.w, same.w, 0.01) << what;
      EXPECT_NEAR(face.h, same.h, 0.01) << what;
      if (!points) continue;
      ASSERT_EQ(face.landmarks.has_value(), same.landmarks.has_value()) << what;
      for (size_t p = 0; face.landmarks && p < face.landmarks->size(); ++p) {
        EXPECT_NEAR((*face.landmarks)[p][0], (*same.landmarks)[p][0], 0.01) << what;
        EXPECT_NEAR((*face.landmarks)[p][1], (*same.landmarks)[p][1], 0.01) << what;
      }
    }
  }
}

TEST(LabelFormats, EveryFormatGoesThroughEveryOther) {
  const testing::TempFolder folder;
  const LabelSet made = testing::made_labels(folder.path());
  const std::string images = (folder / "images").string();
  for (const std::string& first : testing::kinds()) {
    make_folder(folder / first);
    write_labels(made, first, folder / first, "face");
    const LabelOptions options{.images = images,
                               .landmarks = first == "own" ? made.landmark_names : std::vector<std::string>{},
                               .strict = true};
    const LabelSet one = read_labels(first, folder / first, options);
    expect_same(one, made, has_points(first), first);
    for (const std::string& second : testing::kinds()) {
      const fs::path out = folder / (first + "-" + second);
      make_folder(out);
      write_labels(one, second, out, "face");
      LabelOptions again = options;
      if (second == "own") again.landmarks = made.landmark_names;
      const LabelSet two = read_labels(second, out, again);
      expect_same(two, made, has_points(first) && has_points(second), first + " to " + second);
    }
  }
}

TEST(LabelFormats, IgnoredObjectsStayIgnored) {
  const testing::TempFolder folder;
  LabelSet made = testing::made_labels(folder.path());
  made.images[0].faces[1].ignore = true;
  for (const std::string& kind : testing::kinds()) {
    make_folder(folder / kind);
    const SkipCounts lost = write_labels(made, kind, folder / kind, "face");
    const LabelSet read = read_labels(kind, folder / kind, {.images = (folder / "images").string()});
    if (kind == "yolo") {
      EXPECT_EQ(lost.all().size(), 1U);
      EXPECT_EQ(read.images[0].faces.size(), 1U) << "YOLO has no such flag";
    } else {
      EXPECT_TRUE(read.images[0].faces[1].ignore) << kind;
    }
  }
}

TEST(LabelFormats, ReadsPolygonsAndTurnedBoxesOfEveryTool) {
  const testing::TempFolder folder;
  testing::make_image(folder / "a.png");
  const auto read = [&](const std::string& kind, const std::string& file, const std::string& text) {
    write_text(folder / file, text);
    const LabelSet set = read_labels(kind, folder / file, {.images = "."});
    EXPECT_EQ(set.images.size(), 1U);
    return set.images.at(0).faces;
  };
  const auto studio = read("labelstudio", "studio.json",
                           R"([{"data": {"image": "/data/upload/1/1a2b3c4d-a.png"}, "annotations": [{"result": [
      {"type": "polygonlabels", "original_width": 100, "original_height": 80, "value": {"points": [[10, 10], [20, 50], [5, 30]], "polygonlabels": ["cat"]}},
      {"type": "rectanglelabels", "original_width": 100, "original_height": 80, "value": {"x": 50, "y": 50, "width": 20, "height": 10, "rotation": 90, "rectanglelabels": ["cat"]}}]}]}])");
  ASSERT_EQ(studio.size(), 2U);
  EXPECT_DOUBLE_EQ(studio[0].x, 5);
  EXPECT_DOUBLE_EQ(studio[0].h, 32);
  EXPECT_NEAR(studio[1].x, 42, 1e-9) << "turned clockwise about its first corner";
  EXPECT_NEAR(studio[1].h, 20, 1e-9);
#ifdef MTCNN_TEST_XML
  const auto cvat = read("cvat", "cvat.xml", R"(<annotations><image id="0" name="a.png" width="100" height="80">
      <polygon label="cat" points="10,8;20,40;5,24"/><box label="cat" xtl="40" ytl="40" xbr="60" ybr="50" rotation="90" occluded="0"/>
      <skeleton label="cat" group_id="1"><points label="nose" outside="0" points="1,2"/></skeleton></image></annotations>)");
  ASSERT_EQ(cvat.size(), 2U);
  EXPECT_DOUBLE_EQ(cvat[0].h, 32);
  EXPECT_NEAR(cvat[1].x, 45, 1e-9);
#endif
#ifdef MTCNN_TEST_YAML
  write_text(folder / "data.yaml", "names: [dog, cat]\nkpt_shape: [2, 3]\ntrain: .\n");
  write_text(folder / "a.txt", "1 0.1 0.1 0.2 0.5 0.05 0.3\n1 .5 .5 .2 .2 .5 .5 2 .6 .6 1\n0 .5 .5 .1 .2\n");
  const LabelSet yolo = read_labels("yolo", folder / "data.yaml");
  ASSERT_EQ(yolo.images.at(0).faces.size(), 3U);
  EXPECT_DOUBLE_EQ(yolo.images[0].faces[0].x, 5);
  EXPECT_EQ(yolo.images[0].faces[1].landmarks, (ExactPoints{{50, 40}, {60, 48}}));
  EXPECT_EQ(yolo.images[0].faces[2].category, "dog");
#endif
}

TEST(LabelFormats, NamesWhatItKnows) {
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [] { label_format("pascal"); }), HasSubstr("voc, yolo"));
}

TEST(LabelFormats, RefusesTwoImagesWithOneLabelFile) {
  const testing::TempFolder folder;
  LabelSet set{.kind = "own"};
  set.images = {{.image = "a.png", .width = 9, .height = 9, .faces = {}},
                {.image = "a.jpg", .width = 9, .height = 9, .faces = {}}};
  EXPECT_THAT(
      testing::error_message(ErrorCode::unsupported, [&] { write_labels(set, "labelme", folder.path(), "face"); }),
      HasSubstr("one label file"));
}

}  // namespace
}  // namespace mtcnn
