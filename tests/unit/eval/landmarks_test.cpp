#include "mtcnn/eval/landmarks.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include <cmath>
#include <random>

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Points = ExactPoints;

const Points kPoints = {{20, 20}, {60, 20}, {40, 40}, {25, 70}, {55, 70}};

Points moved(const Points& points, double x, double y) {
  Points result = points;
  for (auto& point : result) point = {point[0] + x, point[1] + y};
  return result;
}

/// One face of 100 x 64 pixels: the square root of its area is 80.
ImageAnnotation one_face() { return {.image = "a", .faces = {{0, 0, 100, 64, kPoints}}}; }

TEST(LandmarkErrors, AreTheDistancesOfThePoints) {
  Points points = moved(kPoints, 3, 4);
  points[2] = kPoints[2];
  const auto errors = landmark_errors(one_face(), std::vector<Detection>{{0, 0, 100, 64, 0.9, points}});
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors[0].found);
  EXPECT_THAT(errors[0].distances, ElementsAre(5, 5, 0, 5, 5));
  EXPECT_DOUBLE_EQ(errors[0].mean_distance(), 4);
  EXPECT_DOUBLE_EQ(errors[0].box_size, 80);
  EXPECT_DOUBLE_EQ(errors[0].eye_distance, 40);
}

TEST(LandmarkErrors, TakeTheDetectionOfHighestOverlap) {
  const std::vector<Detection> detections = {{0, 0, 100, 40, 0.99, moved(kPoints, 1, 0)},
                                             {0, 0, 100, 60, 0.5, moved(kPoints, 2, 0)},
                                             {0, 4, 100, 60, 0.7, moved(kPoints, 3, 0)},
                                             {0, 4, 100, 60, 0.7, moved(kPoints, 4, 0)}};
  EXPECT_DOUBLE_EQ(landmark_errors(one_face(), detections)[0].mean_distance(), 3);
}

TEST(LandmarkErrors, AnOverlapOfExactlyOneHalfIsFound) {
  EXPECT_TRUE(landmark_errors(one_face(), std::vector<Detection>{{0, 0, 100, 32, 1, kPoints}})[0].found);
  EXPECT_FALSE(landmark_errors(one_face(), std::vector<Detection>{{0, 0, 100, 31.9, 1, kPoints}})[0].found);
  EXPECT_FALSE(landmark_errors(one_face(), {})[0].found);
  EXPECT_FALSE(landmark_errors(one_face(), std::vector<Detection>{{0, 0, 0, 0, 1, kPoints}})[0].found);
}

TEST(LandmarkErrors, LeaveOutIgnoredFacesAndFacesWithoutPoints) {
  ImageAnnotation image = one_face();
  image.faces.push_back({0, 0, 10, 10, kPoints, true});
  image.faces.push_back({0, 0, 10, 10});
  EXPECT_EQ(landmark_errors(image, {}).size(), 1U);
}

TEST(LandmarkErrors, NeedDetectionsWithPoints) {
  EXPECT_THROW(landmark_errors(one_face(), std::vector<Detection>{{0, 0, 100, 64, 1}}), ContractError);
}

FaceError face_error(double distance) {
  FaceError error{.found = true, .box_size = 100, .eye_distance = 50};
  error.distances.assign(kLandmarkCount, distance);
  return error;
}

TEST(LandmarkScore, CountsFacesNotFoundAsFailures) {
  const std::vector<FaceError> faces = {
      face_error(2), face_error(8), face_error(9), face_error(20), {.box_size = 100, .eye_distance = 50}};
  const LandmarkScore score = score_landmarks(faces);
  EXPECT_EQ(score.faces, 5);
  EXPECT_EQ(score.not_found, 1);
  EXPECT_DOUBLE_EQ(score.found, 0.8);
  EXPECT_DOUBLE_EQ(score.by_box.mean, (0.02 + 0.08 + 0.09 + 0.2) / 4);
  EXPECT_DOUBLE_EQ(score.by_box.median, 0.085);
  EXPECT_DOUBLE_EQ(score.by_eyes.median, 0.17);
  EXPECT_DOUBLE_EQ(score.by_box.failure_8, 3.0 / 5);  // .08 itself is no failure
  EXPECT_DOUBLE_EQ(score.by_box.failure_10, 2.0 / 5);
  EXPECT_DOUBLE_EQ(score.by_box.share_within(0.05), 1.0 / 5);
  EXPECT_DOUBLE_EQ(score.by_box.share_within(1), 4.0 / 5);
  EXPECT_THAT(score.by_box.points, ::testing::Each(::testing::DoubleEq(score.by_box.mean)));
}

TEST(LandmarkScore, CurveAreaIsTheIntegralOfTheCurve) {
  std::mt19937 random(3);
  std::exponential_distribution<double> distance(0.2);
  std::vector<FaceError> faces(300, {.box_size = 100, .eye_distance = 50});
  for (size_t i = 0; i < 270; ++i) faces[i] = face_error(distance(random));
  const NormalisedErrors errors = score_landmarks(faces).by_box;
  const auto integral = [&](double limit) {
    constexpr int kSteps = 200000;
    double sum = 0;
    for (int i = 0; i < kSteps; ++i) sum += errors.share_within((i + 0.5) * limit / kSteps);
    return sum / kSteps;
  };
  EXPECT_NEAR(errors.curve_area_8, integral(0.08), 1e-4);
  EXPECT_NEAR(errors.curve_area_10, integral(0.10), 1e-4);
}

TEST(LandmarkScore, PerfectPointsScorePerfectly) {
  const LandmarkScore score = score_landmarks(std::vector<FaceError>{face_error(0)});
  EXPECT_EQ(score.by_box.mean, 0);
  EXPECT_EQ(score.by_box.failure_8, 0);
  EXPECT_EQ(score.by_box.curve_area_8, 1);
}

TEST(LandmarkScore, SaysWhatCannotBeMeasured) {
  EXPECT_TRUE(std::isnan(score_landmarks({}).found));
  EXPECT_TRUE(std::isnan(score_landmarks({}).by_box.failure_10));
  const LandmarkScore none = score_landmarks(std::vector<FaceError>{{.box_size = 10, .eye_distance = 5}});
  EXPECT_EQ(none.found, 0);
  EXPECT_EQ(none.by_box.failure_10, 1);
  EXPECT_EQ(none.by_box.curve_area_10, 0);
  EXPECT_TRUE(std::isnan(none.by_box.mean));
  std::vector<FaceError> profile = {face_error(1), face_error(2)};
  profile[1].eye_distance = 0;
  EXPECT_EQ(score_landmarks(profile).by_eyes.faces, 1);
  EXPECT_DOUBLE_EQ(score_landmarks(profile).by_eyes.mean, 0.02);
  EXPECT_EQ(score_landmarks(profile).by_box.faces, 2);
}

class LandmarkFiles : public ::testing::Test {
 protected:
  LandmarkData read(const std::string& annotations, const std::string& detections) {
    write_text(folder_ / "truth.jsonl", annotations);
    write_text(folder_ / "found.jsonl", detections);
    return read_landmark_errors(folder_ / "truth.jsonl", "val", {folder_ / "found.jsonl"});
  }

  std::string message(const std::string& annotations, const std::string& detections) {
    try {
      read(annotations, detections);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  const std::string face_ = R"({"box": [0,0,9,9], "landmarks": [[1,1],[5,1],[3,3],[1,6],[5,6]]})";
  const std::string truth_ = R"({"image": "a", "faces": [)" + face_ + R"(, {"box": [0,0,5,5]}]})" + "\n" +
                             R"({"image": "b", "faces": [)" + face_ + "]}\n";
  testing::TempFolder folder_;
};

TEST_F(LandmarkFiles, CountsWhatDoesNotFit) {
  const LandmarkData data = read(truth_, R"({"image": "strange", "faces": []})"
                                         "\n"
                                         R"({"image": "b", "error": "damaged", "faces": []})");
  EXPECT_EQ(data.faces.size(), 2U);
  EXPECT_EQ(data.faces_without_landmarks, 1);
  EXPECT_EQ(data.fit.images, 2);
  EXPECT_EQ(data.fit.missing_images, 1);
  EXPECT_EQ(data.fit.failed_images, 1);
  EXPECT_EQ(data.fit.unknown_images, 1);
  EXPECT_THAT(fit_warning(data.fit, {"x.jsonl"}), AllOf(HasSubstr("x.jsonl"), HasSubstr("'strange'")));
  EXPECT_EQ(fit_warning({}, {"x.jsonl"}), "");
}

TEST_F(LandmarkFiles, SeveralFilesAreOneRun) {
  const std::string points =
      R"("keypoints": {"left_eye": [1,1], "right_eye": [5,1], "nose": [3,3], "mouth_left": [1,6], "mouth_right": [5,6]})";
  const auto line = [&](const std::string& image) {
    return concat(R"({"image": ")", image, R"(", "faces": [{"box": [0,0,9,9], "confidence": 1, )", points, "}]}\n");
  };
  write_text(folder_ / "truth.jsonl", truth_);
  write_text(folder_ / "one.jsonl", line("a"));
  write_text(folder_ / "two.jsonl", line("b"));
  const auto read_files = [&](const DetectionFiles& files) {
    return read_landmark_errors(folder_ / "truth.jsonl", "val", files);
  };
  const LandmarkData data = read_files({folder_ / "two.jsonl", folder_ / "one.jsonl"});
  EXPECT_EQ(data.fit.missing_images, 0);
  EXPECT_EQ(data.fit.detections, 2);
  EXPECT_TRUE(data.faces[0].found && data.faces[1].found);

  const DetectionFiles twice = {folder_ / "one.jsonl", folder_ / "two.jsonl", folder_ / "one.jsonl"};
  EXPECT_THAT([&] { read_files(twice); },
              ThrowsMessage<Error>(AllOf(HasSubstr("in two files"), HasSubstr("'a'"), HasSubstr("one.jsonl"))));
  const LandmarkData half = read_files({folder_ / "one.jsonl"});
  EXPECT_EQ(half.fit.first_missing, "b");
  EXPECT_THAT(fit_warning(half.fit, {"x.jsonl", "y.jsonl", "z.jsonl"}),
              AllOf(HasSubstr("x.jsonl and 2 more: 1 of 2"), HasSubstr("the first is 'b'")));
}

TEST_F(LandmarkFiles, RefusesBadInput) {
  EXPECT_THAT(message(truth_, R"({"image": "b", "faces": [{"box": [0,0,9,9], "confidence": 1}]})"),
              AllOf(HasSubstr("found.jsonl"), HasSubstr("'b'"), HasSubstr("keypoints")));
  EXPECT_THAT(message(truth_, R"({"image": "b", "faces": [{"box": [0,0,-9,9], "confidence": 1}]})"),
              HasSubstr("negative"));
  EXPECT_THAT(message(truth_, R"({"image": "b", "faces": [{"box": [0,0,9,9], "confidence": NaN}]})"),
              HasSubstr("found.jsonl:1"));
  EXPECT_THAT(message(truth_, "{\"image\": \"b\", \"faces\": []}\n{\"image\": \"b\", \"faces\": []}"),
              HasSubstr("twice"));
  EXPECT_THAT(message("", ""), HasSubstr("no face"));
  EXPECT_THAT(message(R"({"image": "a", "faces": [{"box": [0,0,5,5]}]})", ""), HasSubstr("1 faces without landmarks"));
  EXPECT_THROW(read_landmark_errors(folder_.path(), "val", {folder_ / "found.jsonl"}), Error);
}

TEST(LandmarkGolden, PublicWeightsOnTheReferenceFaces) {
  MTCNN_NEEDS_SHARED("data/celeba");
  MTCNN_NEEDS_SHARED("golden/cascade/celeba_val.jsonl");
  const auto shared = testing::shared_folder();
  const LandmarkData data =
      read_landmark_errors(shared / "data/celeba", "val", {shared / "golden/cascade/celeba_val.jsonl"});
  const LandmarkScore score = score_landmarks(data.faces);
  EXPECT_EQ(score.faces, 695);
  EXPECT_EQ(data.fit.unknown_images, 0);
  EXPECT_EQ(data.fit.missing_images, 0);
  EXPECT_NEAR(score.by_box.mean, 0.0273356, 5e-8);
  EXPECT_NEAR(score.found, 0.998561, 5e-7);
}

TEST_F(LandmarkFiles, ComparesAnyNumberOfPoints) {
  const std::string truth = R"({"image": "a", "faces": [{"box": [0,0,9,4], "landmarks": [[1,1],[5,1],[3,3]]}]})";
  const auto found = [](const char* points) {
    return std::string(R"({"image": "a", "faces": [{"box": [0,0,9,4], "confidence": 1, "keypoints": )") + points +
           "}]}";
  };
  const LandmarkData data = read(truth, found(R"({"tip": [1,4], "left": [5,1], "right": [3,3]})"));
  const LandmarkScore score = score_landmarks(data.faces, data.points.names);
  EXPECT_THAT(score.names, ElementsAre("tip", "left", "right"));
  EXPECT_DOUBLE_EQ(score.by_box.mean, 1.0 / 6);
  EXPECT_THAT(score.by_box.points, ElementsAre(0.5, 0, 0));
  EXPECT_EQ(score.by_eyes.faces, 0) << "nobody knows of eyes";
  const LandmarkData eyes = read(truth, found(R"({"right_eye": [1,4], "left_eye": [5,1], "nose": [3,3]})"));
  EXPECT_DOUBLE_EQ(eyes.faces.at(0).eye_distance, 4);
  EXPECT_THAT(message(truth, found(R"({"tip": [1,4], "left": [5,1]})")),
              AllOf(HasSubstr("found 2: tip, left"), HasSubstr("expected 3 points")));
  EXPECT_THAT(message(truth_, found(R"({"a": [1,1], "b": [1,1], "c": [1,1], "d": [1,1]})")),
              HasSubstr("expected 5 points"));
}

TEST_F(LandmarkFiles, FindsTheFivePointsAmongMore) {
  const LandmarkData data = read(
      R"({"image": "b", "faces": [)" + face_ + "]}",
      R"({"image": "b", "faces": [{"box": [0,0,9,9], "confidence": 1, "keypoints": {"ear": [0,0], "nose": [3,3], "left_eye": [1,1], "right_eye": [5,1], "mouth_left": [1,6], "mouth_right": [5,7]}}]})");
  EXPECT_THAT(data.faces.at(0).distances, ElementsAre(0, 0, 0, 0, 1));
}

}  // namespace
}  // namespace mtcnn
