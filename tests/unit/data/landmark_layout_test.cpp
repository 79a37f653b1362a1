#include "mtcnn/data/landmark_layout.h"

#include "mtcnn/core/text.h"

#include "support/expect_error.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

LandmarkLayout read(const std::string& text) {
  return read_landmark_layout(parse_json(text, "text"), "config: landmarks", ErrorCode::usage);
}

std::string refusal(const std::string& text) {
  return testing::error_message(ErrorCode::usage, [&] { read(text); });
}

TEST(LandmarkLayout, ReadsNamesAndPairs) {
  const LandmarkLayout layout = read(R"({"names": ["tip", "left", "right"], "mirror": [["left", 2]]})");
  EXPECT_THAT(layout.names, ElementsAre("tip", "left", "right"));
  EXPECT_THAT(layout.mirror, ElementsAre(0, 2, 1));
  EXPECT_EQ(read(landmark_layout_json(layout).dump()), layout);
  EXPECT_EQ(read(landmark_layout_json(face_landmarks()).dump()), face_landmarks());
}

TEST(LandmarkLayout, ReadsACount) {
  const LandmarkLayout many = read(R"({"count": 68, "mirror": [[0, 16], ["point_1", 15]]})");
  EXPECT_EQ(many.count(), 68U);
  EXPECT_EQ(many.names[67], "point_67");
  EXPECT_EQ(many.mirror[16], 0U);
  EXPECT_EQ(many.mirror[30], 30U);
  EXPECT_EQ(read(R"({"count": 0})").count(), 0U);
  EXPECT_EQ(read(R"({"names": []})").count(), 0U);
  EXPECT_EQ(read(R"({"names": ["middle"]})").count(), 1U);
}

TEST(LandmarkLayout, RefusesInOneClearLine) {
  EXPECT_THAT(refusal("5"), AllOf(HasSubstr("config: landmarks"), HasSubstr("names")));
  EXPECT_THAT(refusal(R"({"names": ["a"], "count": 1})"), HasSubstr("either names or count"));
  EXPECT_THAT(refusal(R"({"mirror": []})"), HasSubstr("either names or count"));
  EXPECT_THAT(refusal(R"({"names": ["a"], "pairs": []})"), HasSubstr("unknown key 'pairs'"));
  EXPECT_THAT(refusal(R"({"names": ["a", ""], "mirror": []})"), HasSubstr("not empty"));
  EXPECT_THAT(refusal(R"({"names": ["a", "a"], "mirror": []})"), HasSubstr("two landmarks of one name"));
  EXPECT_THAT(refusal(R"({"count": -1})"), HasSubstr("from 0 to 1000"));
  EXPECT_THAT(refusal(R"({"count": 1001})"), HasSubstr("from 0 to 1000"));
  EXPECT_THAT(refusal(R"({"count": 2.5})"), HasSubstr("whole number"));
  EXPECT_THAT(refusal(R"({"count": 2})"), HasSubstr("lack 'mirror'"));
  EXPECT_THAT(refusal(R"({"count": 3, "mirror": [[0, 3]]})"),
              AllOf(HasSubstr("found [0,3]"), HasSubstr("from 0 to 2")));
  EXPECT_THAT(refusal(R"({"names": ["a", "b"], "mirror": [["a", "c"]]})"), HasSubstr("two of a, b"));
  EXPECT_THAT(refusal(R"({"count": 0, "mirror": [[0, 1]]})"), HasSubstr("there are no points"));
  EXPECT_THAT(refusal(R"({"count": 3, "mirror": [[0, 1], [1, 2]]})"), HasSubstr("in two mirror pairs"));
  EXPECT_THAT(refusal(R"({"count": 3, "mirror": [[1, 1]]})"), HasSubstr("in two mirror pairs"));
  EXPECT_THAT(refusal(R"({"count": 3, "mirror": [[1]]})"), HasSubstr("two points"));
  EXPECT_THAT(refusal(R"({"count": 3, "mirror": 1})"), HasSubstr("list of pairs"));
}

TEST(LandmarkLayout, FindsTheFivePointsOfAFace) {
  std::vector<std::string> names = {"chin", "mouth_right", "nose", "left_eye", "right_eye", "mouth_left"};
  EXPECT_THAT(face_points_among(names).value(), ElementsAre(3, 4, 2, 5, 1));
  names[2] = "beak";
  EXPECT_FALSE(face_points_among(names));
  EXPECT_THAT(default_landmark_names(5), ElementsAre("left_eye", "right_eye", "nose", "mouth_left", "mouth_right"));
  EXPECT_EQ(shown_names(default_landmark_names(68)),
            "point_0, point_1, point_2, point_3, point_4, point_5, … (68 points)");
}

}  // namespace
}  // namespace mtcnn
