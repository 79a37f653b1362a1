#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"

#include "support/damaged_json.h"
#include "support/expect_error.h"
#include "support/made_labels.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string nested(const std::string& open, const std::string& close, size_t depth = 200000) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text += open;
  for (size_t i = 0; i < depth; ++i) text += close;
  return text;
}

/// A data set with one image, whose label file a test damages.
class Damaged : public ::testing::Test {
 protected:
  void SetUp() override { testing::make_image(folder_ / "a.png"); }

  /// Each text, as the content of `file`, gives one line that names the file.
  void expect_refused(const std::string& kind, const std::string& file, const std::vector<std::string>& texts) {
    EXPECT_GE(texts.size(), 10U);
    for (const std::string& text : texts) {
      testing::overwrite(folder_ / file, text);
      try {
        read_labels(kind, folder_.path());
        ADD_FAILURE() << kind << " took: " << text.substr(0, 200);
      } catch (const Error& error) {
        const std::string message = error.what();
        EXPECT_THAT(message, HasSubstr(file)) << text.substr(0, 200);
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_LT(message.size(), 600U) << message;
      }
    }
  }

  testing::TempFolder folder_;
};

#ifdef MTCNN_TEST_XML
std::string voc(const std::string& object) {
  return "<annotation><filename>a.png</filename><size><width>100</width><height>80</height></size>" + object +
         "</annotation>";
}

std::string voc_box(const std::string& xmin, const std::string& name = "cat") {
  return voc("<object><name>" + name + "</name><bndbox><xmin>" + xmin +
             "</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>");
}

/// Entities that would be a gigabyte where a reader expands them.
std::string entity_bomb(const std::string& where_used) {
  std::string text = "<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY e0 \"0000000000\">";
  for (int i = 1; i < 10; ++i) {
    text += concat("<!ENTITY e", i, " \"");
    for (int k = 0; k < 10; ++k) text += concat("&e", i - 1, ";");
    text += "\">";
  }
  return text + "]>" + where_used;
}

TEST_F(Damaged, Voc) {
  expect_refused("voc", "a.xml",
                 {"",
                  "no xml",
                  voc_box("1").substr(0, 150),
                  voc_box("nan"),
                  voc_box("inf"),
                  voc_box("1e999"),
                  voc_box(""),
                  voc_box("one"),
                  voc_box("1 2"),
                  voc_box("&e9;"),
                  entity_bomb(voc_box("&e9;")),
                  voc_box("1", ""),
                  voc_box("1", "\xFF\xFE"),
                  voc("<object><name>cat</name></object>"),
                  voc("<object><bndbox><xmin>1</xmin></bndbox></object>"),
                  "<annotations/>",
                  "<a>" + voc_box("1") + "</a>",
                  "<annotation><size><width>-5</width><height>9</height></size></annotation>",
                  "<annotation><size><width>1e99</width><height>9</height></size></annotation>",
                  nested("<a>", "</a>"),
                  nested("<annotation>", ""),
                  std::string("\0\0\0\0", 4),
                  "<annotation><object></annotation>"});
}

TEST_F(Damaged, Cvat) {
  const auto image = [](const std::string& inside, const std::string& width = "100") {
    return "<annotations><image id=\"0\" name=\"a.png\" width=\"" + width + "\" height=\"80\">" + inside +
           "</image></annotations>";
  };
  const std::string box = R"(<box label="cat" xtl="1" ytl="2" xbr="9" ybr="9"/>)";
  expect_refused(
      "cvat", "annotations.xml",
      {"", "{}", image(box).substr(0, 90), image(box, "nan"), image(box, ""), image(box, "-1"),
       image(R"(<box label="" xtl="1" ytl="2" xbr="9" ybr="9"/>)"),
       image(R"(<box label="cat" xtl="1" ytl="2" xbr="9"/>)"),
       image(R"(<box label="cat" xtl="inf" ytl="2" xbr="9" ybr="9"/>)"),
       image(R"(<polygon label="cat" points="1,2;3"/>)"), image(R"(<polygon label="cat" points=""/>)"),
       image(R"(<points label="cat" points="1;2"/>)"), "<annotation/>", "<annotations><track id=\"0\"/></annotations>",
       "<annotations/>", entity_bomb("<annotations>&e9;</annotations>"), nested("<annotations>", "</annotations>"),
       "<annotations><image name=\"\" width=\"1\" height=\"1\"/></annotations>",
       "<annotations><image name=\"a.png\" width=\"9\" height=\"9\"/><image name=\"a.png\" width=\"9\" "
       "height=\"9\"/></annotations>"});
}
#endif

#ifdef MTCNN_TEST_YAML
TEST_F(Damaged, YoloRows) {
  write_text(folder_ / "data.yaml", "names: [cat]\n");
  expect_refused("yolo", "a.txt",
                 {"0", "0 .5", "0 .5 .5 .5", "0 .5 .5 .5 .5 .5", "1 .5 .5 .5 .5", "-1 .5 .5 .5 .5", "0.5 .5 .5 .5 .5",
                  "cat .5 .5 .5 .5", "0 nan .5 .5 .5", "0 .5 inf .5 .5", "0 .5 .5 1e999 .5", "0,.5,.5,.5,.5",
                  "0 .5 .5 .5 .5 .5 .5 .5", std::string("0 \0 .5 .5 .5", 12), "1e300 .5 .5 .5 .5"});
}

TEST_F(Damaged, YoloYaml) {
  std::string deep = "names: [cat]\nx:\n";
  for (size_t i = 0; i < 2000; ++i) deep += std::string(i + 1, ' ') + "- \n";
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) bomb += concat("a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  expect_refused("yolo", "data.yaml",
                 {"",
                  "[1, 2]",
                  "names",
                  "names: 3",
                  "names: []",
                  "names: [[a], [b]]",
                  "names: {x: cat}",
                  "names: {-1: cat}",
                  "names: {99999999999: cat}",
                  "names: [cat",
                  "nc: 1",
                  "names: [cat]\nkpt_shape: 5",
                  "names: [cat]\nkpt_shape: [5, 7]",
                  "names: [cat]\nkpt_shape: [nan, 3]",
                  "names: [cat]\ntrain: {a: b}",
                  "names: [\"\xFF\"]",
                  "names: *unknown",
                  "names: " + nested("[", "]"),
                  "names: " + nested("{a: ", "}", 3000),
                  deep,
                  bomb,
                  "\t\tnames: [cat]"});
}
#endif

TEST_F(Damaged, LabelMe) {
  const auto file = [](const std::string& shape) {
    return R"({"imagePath": "a.png", "imageWidth": 100, "imageHeight": 80, "shapes": [)" + shape + "]}";
  };
  expect_refused("labelme", "a.json",
                 {"",
                  "[]",
                  "{}",
                  R"({"shapes": []})",
                  R"({"shapes": {}, "imagePath": "a.png"})",
                  R"({"shapes": [], "imagePath": 3})",
                  R"({"shapes": [], "imagePath": "a.png", "imageWidth": -1})",
                  file("1"),
                  file("{}"),
                  file(R"({"label": "cat"})"),
                  file(R"({"label": "", "points": []})"),
                  file(R"({"label": "cat", "points": [[1]]})"),
                  file(R"({"label": "cat", "points": [[1, null]]})"),
                  file(R"({"label": "cat", "points": [[1, 1e999]]})"),
                  file(R"({"label": "cat", "points": [], "shape_type": "point"})"),
                  file(R"({"label": "cat", "points": 3})"),
                  file("{").substr(0, 70),
                  nested("[", "]"),
                  R"({"shapes": )" + nested("[", "]") + "}",
                  "\xFF\xFE"});
}

TEST_F(Damaged, LabelStudio) {
  const auto result = [](const std::string& text) {
    return R"([{"data": {"image": "a.png"}, "annotations": [{"result": [)" + text + "]}]}]";
  };
  const std::string head = R"({"type": "rectanglelabels", "original_width": 100, "original_height": 80, "value": )";
  expect_refused(
      "labelstudio", "annotations.json",
      {"", "{}", "[]", "[1]", "[{}]", R"([{"image": "a.png", "label": []}])", R"([{"data": {}, "annotations": []}])",
       R"([{"data": {"image": ""}, "annotations": []}])", R"([{"data": {"image": "a.png"}, "annotations": 3}])",
       R"([{"data": {"image": "a.png"}, "annotations": [3]}])",
       R"([{"data": {"image": "a.png"}, "annotations": [{}]}])", result("3"), result(R"({"type": "rectanglelabels"})"),
       result(head + "{}}"), result(head + R"({"x": "1"}})"),
       result(head + R"({"x": 1, "y": 1, "width": 1e999, "height": 1}})"),
       result(head + R"({"x": 1, "y": 1, "width": 1, "height": 1, "rectanglelabels": 3}})"), nested("[", "]")});
}

TEST_F(Damaged, Coco) {
  const auto file = [](const std::string& image, const std::string& annotation) {
    return R"({"categories": [{"id": 1, "name": "cat"}], "images": [)" + image + R"(], "annotations": [)" + annotation +
           "]}";
  };
  const std::string image = R"({"id": 1, "file_name": "a.png", "width": 100, "height": 80})";
  expect_refused("coco", "annotations.json",
                 {"", "[]", "{}", "{\"images\": []}", file("", ""), file("3", ""), file(R"({"id": 1})", ""),
                  file(image + "," + image, ""), file(image, "3"),
                  file(image, R"({"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4]})"),
                  file(image, R"({"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]})"),
                  file(image, R"({"image_id": 1, "category_id": 1, "bbox": [1, 2, 3]})"),
                  file(image, R"({"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 1e999]})"),
                  file(image, R"({"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "keypoints": [1, 2]})"),
                  nested("[", "]")});
}

/// One value of a good file is another: read, or one line that names the file.
TEST_F(Damaged, JsonWithOneOtherValue) {
  const LabelSet made = testing::made_labels(folder_ / "made");
  for (const std::string kind : {"coco", "labelme", "labelstudio"}) {
    const fs::path place = folder_ / kind;
    make_folder(place);
    write_labels(made, kind, place, "face");
    const std::string name = kind == "labelme" ? "a b.json" : "annotations.json";
    testing::for_each_damage(read_json(place / name), [&](const Json& damaged, const std::string& what) {
      testing::overwrite(place / name, damaged.dump());
      testing::expect_only_errors(kind, kind + " " + what,
                                  [&] { read_labels(kind, place, {.images = (folder_ / "made/images").string()}); });
    });
  }
}

}  // namespace
}  // namespace mtcnn
