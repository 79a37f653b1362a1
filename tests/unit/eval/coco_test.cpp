#include "mtcnn/eval/coco.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/coco_files.h"

#include <cmath>

#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsNan;

/// The reference divides by tp + fp + 2^-52.
constexpr double kTiny = 1e-15;

CocoFace face(double x, double y, double side) { return {x, y, side, side, side * side}; }
CocoFace crowd(double x, double y, double side) { return {x, y, side, side, side * side, true}; }
CocoDetection found(const CocoFace& face, double score) { return {face.x, face.y, face.w, face.h, score}; }

TEST(CocoThresholds, AreTheDoublesOfTheReference) {
  EXPECT_EQ(coco_threshold(0), 0.5);
  EXPECT_EQ(coco_threshold(5), 0.75);
  EXPECT_EQ(coco_threshold(9), 0.95);
  EXPECT_EQ(coco_threshold(7), 0.85);
}

TEST(CocoScore, PerfectDetectionsScoreOne) {
  const CocoFace a = face(0, 0, 20);
  const CocoFace b = face(100, 100, 50);
  const CocoScore score = score_coco(std::vector<CocoImage>{{{a, b}, {found(b, 0.5), found(a, 0.9)}}, {}});
  for (const double value : {score.ap, score.ap50, score.ap75, score.ap_small, score.ap_medium, score.ar_10,
                             score.ar_100, score.ar_1000, score.ar_small, score.ar_medium}) {
    EXPECT_NEAR(value, 1, kTiny);
  }
  EXPECT_NEAR(score.ar_1, 0.5, kTiny);
  EXPECT_THAT(score.ap_large, IsNan());
  EXPECT_THAT(score.ar_large, IsNan());
  EXPECT_EQ(score.faces, 2);
}

TEST(CocoScore, NoDetectionsGiveZeroAndNoFacesNothing) {
  const CocoFace a = face(0, 0, 20);
  const CocoScore none = score_coco(std::vector<CocoImage>{{{a}, {}}});
  EXPECT_EQ(none.ap, 0);
  EXPECT_EQ(none.ap50, 0);
  EXPECT_EQ(none.ar_100, 0);
  EXPECT_THAT(score_coco(std::vector<CocoImage>{{{}, {found(a, 1)}}}).ap, IsNan());
  EXPECT_THAT(score_coco({}).ar_1, IsNan());
}

TEST(CocoScore, AHalfRightRankingIsReadAt101Levels) {
  // By score: hit, miss, hit of two faces: precision 1 up to recall .5, then 2/3; 51 levels of the 101 lie at or below
  // .5.
  const CocoFace a = face(0, 0, 20);
  const CocoFace b = face(100, 0, 20);
  const CocoFace away = face(200, 0, 20);
  const CocoScore score =
      score_coco(std::vector<CocoImage>{{{a, b}, {found(a, 0.9), found(away, 0.8), found(b, 0.7)}}});
  EXPECT_NEAR(score.ap50, (51 + 50 * 2.0 / 3) / 101, kTiny);
  EXPECT_NEAR(score.precision[0][50], 1, kTiny);
  EXPECT_NEAR(score.precision[0][51], 2.0 / 3, kTiny);
}

TEST(CocoScore, IouCountsFromTheThresholdOn) {
  const CocoFace a = face(0, 0, 100);
  const CocoScore score = score_coco(std::vector<CocoImage>{{{a}, {{0, 0, 100, 75, 1}}}});  // IoU exactly .75
  EXPECT_NEAR(score.ap75, 1, kTiny);
  EXPECT_NEAR(score.ap, 0.6, kTiny);  // .50 .55 .60 .65 .70 .75
}

TEST(CocoScore, OfEqualOverlapsTheLastFaceIsTaken) {
  const CocoFace left = face(0, 0, 40);
  const CocoFace right = face(20, 0, 40);
  const CocoDetection between = {10, 0, 40, 40, 0.9};  // IoU .6 with both
  EXPECT_NEAR(score_coco(std::vector<CocoImage>{{{left, right}, {between, found(left, 0.5)}}}).ar_10, 1.3 / 2, kTiny);
  EXPECT_NEAR(score_coco(std::vector<CocoImage>{{{right, left}, {between, found(left, 0.5)}}}).ar_10, 1.0 / 2, kTiny);
}

TEST(CocoScore, ASecondDetectionOfAFaceIsFalseButInACrowdNeutral) {
  const CocoFace a = face(0, 0, 40);
  const CocoFace b = face(100, 0, 40);
  const CocoDetection twice = {1, 0, 40, 40, 0.8};
  const CocoScore plain = score_coco(std::vector<CocoImage>{{{a, b}, {found(a, 0.9), twice, found(b, 0.1)}}});
  EXPECT_NEAR(plain.ap50, (51 + 50 * 2.0 / 3) / 101, kTiny);
  const CocoFace around = crowd(-20, -20, 100);
  const CocoScore beside = score_coco(std::vector<CocoImage>{{{around, a, b}, {found(a, 0.9), twice, found(b, 0.1)}}});
  EXPECT_NEAR(beside.ap50, 1, kTiny);
  EXPECT_EQ(beside.crowds, 1);
  EXPECT_EQ(beside.faces, 2);
}

TEST(CocoScore, MissesOutsideTheRangeOfSizesAreNeutral) {
  const CocoFace small = face(0, 0, 20);
  const CocoDetection large_miss = {300, 300, 200, 200, 0.9};
  const CocoScore score = score_coco(std::vector<CocoImage>{{{small}, {large_miss, found(small, 0.5)}}});
  EXPECT_NEAR(score.ap50, 0.5, kTiny);
  EXPECT_NEAR(score.ap_small, 1, kTiny);
}

TEST(CocoScore, BothEndsBelongToARangeOfSizes) {
  const CocoFace edge = face(0, 0, 32);
  const CocoScore score = score_coco(std::vector<CocoImage>{{{edge}, {found(edge, 1)}}});
  EXPECT_NEAR(score.ap_small, 1, kTiny);
  EXPECT_NEAR(score.ap_medium, 1, kTiny);
}

TEST(CocoScore, OnlyTheFirstHundredOfAnImageCountForPrecision) {
  CocoImage image;
  for (int i = 0; i < 200; ++i) {
    const CocoFace a = face(100.0 * i, 0, 20);
    image.faces.push_back(a);
    image.detections.push_back(found(a, 1.0 - i * 0.001));
  }
  const CocoScore score = score_coco(std::vector<CocoImage>{image});
  EXPECT_NEAR(score.ar_1, 0.005, kTiny);
  EXPECT_NEAR(score.ar_10, 0.05, kTiny);
  EXPECT_NEAR(score.ar_100, 0.5, kTiny);
  EXPECT_NEAR(score.ar_1000, 1, kTiny);
  EXPECT_NEAR(score.ap50, 51.0 / 101, kTiny);
}

TEST(CocoScore, EqualScoresKeepTheOrderOfImages) {
  const CocoFace a = face(0, 0, 20);
  const CocoImage hit = {{a}, {found(a, 0.5)}};
  const CocoImage miss = {{}, {found(a, 0.5)}};
  EXPECT_NEAR(score_coco(std::vector<CocoImage>{hit, miss}).ap50, 1, kTiny);
  EXPECT_NEAR(score_coco(std::vector<CocoImage>{miss, hit}).ap50, 0.5, kTiny);
}

TEST(CocoIntervals, AreTheFigureWhereImagesAreAlike) {
  const CocoFace a = face(0, 0, 20);
  const std::vector<CocoImage> images(5, CocoImage{{a}, {found(a, 0.5)}});
  const CocoIntervals alike = coco_intervals(images, {.repeats = 20});
  EXPECT_NEAR(alike.ap50.low, 1, kTiny);
  EXPECT_NEAR(alike.ap50.high, 1, kTiny);
  EXPECT_THAT(coco_intervals({}, {.repeats = 20}).ap.low, IsNan());
}

/// Images drawn twice must count as if they stood there twice.
TEST(CocoIntervals, HoldWhatScoringTheDrawnImagesGives) {
  const CocoFace a = face(0, 0, 20);
  const CocoFace away = face(200, 0, 20);
  std::vector<CocoImage> images;
  for (int i = 0; i < 40; ++i) {
    images.push_back({{a}, {found(i % 3 == 0 ? away : a, 0.5 + 0.01 * i), found(a, 0.3)}});
  }
  const double score = score_coco(images).ap50;
  const CocoIntervals wide = coco_intervals(images, {.repeats = 200});
  EXPECT_LT(wide.ap50.low, score);
  EXPECT_GT(wide.ap50.high, score);
  EXPECT_LT(wide.ap50.high - wide.ap50.low, 0.5);
  EXPECT_GT(wide.ap50.high - wide.ap50.low, 0.01);
}

class CocoFiles : public ::testing::Test {
 protected:
  CocoTruth truth(const std::string& text, const std::string& category = "") {
    write_text(folder_ / "truth.json", text);
    return read_coco_truth(folder_ / "truth.json", category);
  }

  DetectionFit detections(const std::string& text, CocoTruth& into) {
    write_text(folder_ / "found.json", text);
    return read_coco_detections({folder_ / "found.json"}, into);
  }

  template <class Attempt>
  std::string message(const Attempt& attempt) {
    try {
      attempt();
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  std::string truth_message(const std::string& text, const std::string& category = "") {
    return message([&] { truth(text, category); });
  }

  std::string detections_message(const std::string& text, CocoTruth into) {
    return message([&] { detections(text, into); });
  }

  static std::string coco(const std::string& annotations,
                          const std::string& categories = R"({"id": 7, "name": "face"})") {
    return concat(R"({"images": [{"id": 5, "file_name": "b.jpg"}, {"id": 2, "file_name": "a.jpg"}], "categories": [)",
                  categories, R"(], "annotations": [)", annotations, "]}");
  }

  testing::TempFolder folder_;
};

constexpr const char* kTwoCategories = R"({"id": 7, "name": "face"}, {"id": 8, "name": "hand"})";
constexpr const char* kFaceB =
    R"({"id": 1, "image_id": 5, "category_id": 7, "bbox": [1, 2, 30, 40], "area": 700.5, "iscrowd": 1, "ignore": 0})";
constexpr const char* kFaceA = R"({"id": 2, "image_id": 2, "category_id": 7, "bbox": [1, 2, 3, 4], "ignore": 1})";
constexpr const char* kHand = R"({"id": 3, "image_id": 2, "category_id": 8, "bbox": [1, 2, 3, 4]})";

TEST_F(CocoFiles, ReadsCocoJson) {
  CocoTruth read = truth(coco(concat(kFaceB, ",", kFaceA, ",", kHand), kTwoCategories), "face");
  ASSERT_EQ(read.images.size(), 2U);
  EXPECT_EQ(read.by_id.at(2), 0U);  // images go by id
  EXPECT_EQ(read.by_name.at("b.jpg"), 1U);
  EXPECT_EQ(read.category_id, 7);
  ASSERT_EQ(read.images[0].faces.size(), 1U);
  EXPECT_EQ(read.images[0].faces[0].area, 12);
  EXPECT_FALSE(read.images[0].faces[0].crowd);  // "ignore" has no effect, as in the reference
  EXPECT_EQ(read.images[1].faces[0].area, 700.5);
  EXPECT_TRUE(read.images[1].faces[0].crowd);

  const DetectionFit fit = detections(
      R"([{"image_id": 5, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5},
          {"image_id": 5, "category_id": 8, "bbox": [1, 2, 3, 4], "score": 0.5},
          {"image_id": 9, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}])",
      read);
  EXPECT_EQ(fit.detections, 1);
  EXPECT_EQ(fit.missing_images, 1);
  EXPECT_EQ(fit.unknown_images, 1);
  EXPECT_EQ(fit.first_unknown, "image_id 9");
  ASSERT_EQ(read.images[1].detections.size(), 1U);
  EXPECT_EQ(read.images[1].detections[0].score, 0.5);
}

TEST_F(CocoFiles, ReadsJsonLines) {
  CocoTruth read = truth(
      "{\"image\": \"z\", \"faces\": [{\"box\": [1, 2, 3, 4], \"ignore\": true}]}\n{\"image\" : \"a\", \"faces\": "
      "[]}\n");
  ASSERT_EQ(read.images.size(), 2U);
  EXPECT_EQ(read.by_name.at("z"), 0U);  // images keep the order of the lines
  EXPECT_TRUE(read.images[0].faces[0].crowd);
  EXPECT_EQ(read.images[0].faces[0].area, 12);
  const std::string line = R"({"image": "a", "faces": [{"box": [0,0,1,1], "confidence": 0.25}]})";
  EXPECT_EQ(detections(line, read).missing_images, 1);
  EXPECT_EQ(read.images[1].detections[0].score, 0.25);
  EXPECT_THAT(detections_message("[]", read), HasSubstr("ids"));
  EXPECT_THAT(truth_message(R"({"image": "a", "faces": []})", "face"), HasSubstr("--category"));
}

TEST_F(CocoFiles, SeveralFilesAreOneRun) {
  CocoTruth read = truth(coco(kFaceA));
  const auto result = [](int image) {
    return concat("[{\"image_id\": ", image, R"(, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}])");
  };
  const fs::path lines = folder_ / "lines.jsonl";
  const fs::path more_lines = folder_ / "more.jsonl";
  const fs::path list = folder_ / "list.json";
  const fs::path more_list = folder_ / "more.json";
  write_text(lines, R"({"image": "a.jpg", "faces": [{"box": [0,0,1,1], "confidence": 0.25}]})");
  write_text(more_lines, R"({"image": "b.jpg", "faces": []})");
  write_text(list, result(5));
  write_text(more_list, result(2));
  EXPECT_EQ(read_coco_detections({lines, more_lines}, read).missing_images, 0);
  EXPECT_EQ(read_coco_detections({lines}, read).first_missing, "b.jpg");
  const DetectionFit fit = read_coco_detections({list, more_list}, read);
  EXPECT_EQ(fit.missing_images, 0);
  EXPECT_EQ(fit.detections, 2);
  const auto refused = [&](const DetectionFiles& files) { return message([&] { read_coco_detections(files, read); }); };
  EXPECT_THAT(refused({list, more_list, list}), AllOf(HasSubstr("in two files"), HasSubstr("'image_id 5'")));
  EXPECT_THAT(refused({lines, lines}),
              AllOf(HasSubstr("in two files"), HasSubstr("'a.jpg'"), HasSubstr("lines.jsonl")));
  EXPECT_THAT(refused({lines, list}),
              AllOf(HasSubstr("list.json: "), HasSubstr("two formats"), HasSubstr("lines.jsonl")));
}

TEST_F(CocoFiles, EmptyFilesAreEmpty) {
  EXPECT_TRUE(truth("").images.empty());
  CocoTruth read = truth(coco(kFaceA));
  EXPECT_EQ(detections("", read).missing_images, 2);
  EXPECT_EQ(detections("[]", read).missing_images, 2);
}

TEST_F(CocoFiles, NamesThePlaceAndFaultOfBadTruth) {
  EXPECT_THAT(truth_message("[1, 2]"), HasSubstr("'images' is missing"));
  EXPECT_THAT(truth_message("{\"images\": ["), AllOf(HasSubstr("truth.json"), HasSubstr("JSON")));
  EXPECT_THAT(truth_message(coco(kFaceA, "")), HasSubstr("'categories' is empty"));
  EXPECT_THAT(truth_message(coco(kFaceA, kTwoCategories)), AllOf(HasSubstr("several"), HasSubstr("--category")));
  EXPECT_THAT(truth_message(coco(kFaceA), "fase"), HasSubstr("did you mean 'face'"));
  EXPECT_THAT(truth_message(coco(concat(kFaceA, ",", kFaceA))), AllOf(HasSubstr("annotations[1]"), HasSubstr("twice")));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = coco(kFaceA);
    text.replace(text.find(from), from.size(), to);
    return truth_message(text);
  };
  EXPECT_THAT(changed(R"("image_id": 2)", R"("image_id": 3)"), HasSubstr("unknown 'image_id'"));
  EXPECT_THAT(changed(R"("image_id": 2)", R"("image_id": 2.5)"), HasSubstr("whole number"));
  EXPECT_THAT(changed(R"("image_id": 2)", R"("image_id": 18446744073709551615)"), HasSubstr("whole number"));
  EXPECT_THAT(changed("[1, 2, 3, 4]", "[1, 2, -3, 4]"), AllOf(HasSubstr("annotations[0]"), HasSubstr("negative")));
  EXPECT_THAT(changed("[1, 2, 3, 4]", "[1, 2, 3]"), HasSubstr("bad 'bbox'"));
  EXPECT_THAT(changed("[1, 2, 3, 4]", "[1, 2, 3, null]"), HasSubstr("finite"));
  EXPECT_THAT(changed("\"ignore\": 1", "\"iscrowd\": 2"), HasSubstr("bad 'iscrowd'"));
  EXPECT_THAT(changed("\"id\": 2", "\"id\": 5"), HasSubstr("image id occurs twice"));
  EXPECT_THAT(changed("a.jpg", "b.jpg"), HasSubstr("file_name occurs twice"));
}

TEST_F(CocoFiles, NamesThePlaceAndFaultOfBadDetections) {
  const CocoTruth read = truth(coco(kFaceA));
  EXPECT_THAT(detections_message("{\"a\": 1}", read), HasSubstr("no COCO results"));
  EXPECT_THAT(detections_message("[{\"image_id\": 5,", read), HasSubstr("JSON"));
  EXPECT_THAT(detections_message("[7]", read), AllOf(HasSubstr("found.json: [0]"), HasSubstr("'bbox' is missing")));
  const auto result = [&](const std::string& box, const std::string& score) {
    return detections_message(
        concat(R"([{"image_id": 5, "category_id": 7, "bbox": )", box, R"(, "score": )", score, "}]"), read);
  };
  EXPECT_EQ(result("[1, 2, 3, 4]", "1"), "accepted");
  EXPECT_THAT(result("[1, 2, -3, 4]", "1"), HasSubstr("negative"));
  EXPECT_THAT(result("[1, 2, 3, 4]", "\"high\""), HasSubstr("bad 'score'"));
  EXPECT_THAT(result("[1, 2, 3, 4]", "1e999"), HasSubstr("JSON"));
  EXPECT_THAT(result("[1, 2, 3, 4]", "NaN"), HasSubstr("JSON"));
}

}  // namespace
}  // namespace mtcnn
