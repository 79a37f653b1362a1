#include "mtcnn/eval/wider_ground_truth.h"

#include "mtcnn/core/file.h"

#include <limits>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "unit/eval/wider_truth_writer.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using testing::error_message;
using ::testing::HasSubstr;
using testing::mat_cells;
using testing::mat_numbers;
using testing::mat_text;
using testing::MatVariables;
using testing::small_wider_truth;
using testing::TempFolder;
using testing::write_wider_truth;

/// The variable of this name.
MatValue& named(MatVariables& variables, const std::string& name) {
  for (auto& [key, value] : variables) {
    if (key == name) return value;
  }
  throw std::runtime_error("no variable " + name);
}

class WiderGroundTruthTest : public ::testing::Test {
 protected:
  WiderGroundTruthTest() { write_wider_truth(folder_.path(), small_wider_truth()); }

  std::filesystem::path file(size_t place) const { return wider_ground_truth_files(folder_.path())[place]; }

  /// The message after one file's variables were changed: 0 faces, 1 easy, 2 medium, 3 hard.
  template <class Change>
  std::string message_after(size_t place, Change&& change) const {
    MatVariables variables = place == 0 ? testing::wider_face_variables(small_wider_truth())
                                        : testing::wider_setting_variables(small_wider_truth(), place - 1);
    change(variables);
    testing::write_mat(file(place), variables);
    const std::string message = error_message(ErrorCode::bad_format, [&] { read_wider_ground_truth(folder_.path()); });
    EXPECT_THAT(message, HasSubstr(file(place).string()));
    write_wider_truth(folder_.path(), small_wider_truth());
    return message;
  }

  TempFolder folder_;
};

TEST_F(WiderGroundTruthTest, GivesWhatWasWritten) {
  const WiderGroundTruth truth = read_wider_ground_truth(folder_.path());
  const WiderGroundTruth expected = small_wider_truth();
  EXPECT_EQ(truth.events, 2);
  EXPECT_EQ(truth.faces, 7);
  EXPECT_THAT(truth.kept_faces, ElementsAre(3, 4, 5));
  ASSERT_EQ(truth.images.size(), expected.images.size());
  for (size_t i = 0; i < truth.images.size(); ++i) {
    EXPECT_EQ(truth.images[i].event, expected.images[i].event);
    EXPECT_EQ(truth.images[i].name, expected.images[i].name);
    ASSERT_EQ(truth.images[i].faces.size(), expected.images[i].faces.size());
    for (size_t f = 0; f < truth.images[i].faces.size(); ++f) {
      const WiderFace& a = truth.images[i].faces[f];
      const WiderFace& b = expected.images[i].faces[f];
      EXPECT_EQ(std::tie(a.x, a.y, a.w, a.h, a.kept), std::tie(b.x, b.y, b.w, b.h, b.kept));
    }
  }
}

TEST_F(WiderGroundTruthTest, NoFacesAndNoImagesAreValues) {
  write_wider_truth(folder_.path(), testing::wider_truth({{"0--Parade", "first", {}}}));
  EXPECT_EQ(read_wider_ground_truth(folder_.path()).faces, 0);
  write_wider_truth(folder_.path(), {});
  EXPECT_TRUE(read_wider_ground_truth(folder_.path()).images.empty());
}

TEST_F(WiderGroundTruthTest, NamesTheFileThatIsMissingOrCutShort) {
  std::filesystem::remove(file(2));
  EXPECT_THAT(error_message(ErrorCode::not_found, [&] { read_wider_ground_truth(folder_.path()); }),
              HasSubstr(file(2).string()));
  const std::string text = read_text(file(3));
  write_text(file(2), text.substr(0, text.size() - 10));
  EXPECT_THAT(error_message(ErrorCode::bad_format, [&] { read_wider_ground_truth(folder_.path()); }),
              AllOf(HasSubstr(file(2).string()), HasSubstr("missing")));
}

TEST_F(WiderGroundTruthTest, RefusesANumberThatIsNoFace) {
  for (const double number : {0.0, 6.0, 1.5, -1.0, 1e18, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(message_after(1,
                              [&](MatVariables& v) {
                                named(v, "gt_list").cells[0].cells[0] = mat_numbers(2, 1, {1, number});
                              }),
                AllOf(HasSubstr("0--Parade/first"), HasSubstr("from 1 to 5")));
  }
  EXPECT_THAT(message_after(1,
                            [](MatVariables& v) {
                              named(v, "gt_list").cells[0].cells[0] = mat_numbers(2, 1, {2, 2});
                            }),
              HasSubstr("twice"));
}

TEST_F(WiderGroundTruthTest, RefusesWrongShapes) {
  const auto first_image = [](MatVariables& v, const char* name) -> MatValue& {
    return named(v, name).cells[0].cells[0];
  };
  EXPECT_THAT(message_after(0,
                            [&](MatVariables& v) {
                              first_image(v, "face_bbx_list") = mat_numbers(1, 3, {1, 2, 3});
                            }),
              AllOf(HasSubstr("1 x 3 numbers"), HasSubstr("N x 4")));
  EXPECT_THAT(message_after(0, [&](MatVariables& v) { first_image(v, "face_bbx_list") = mat_text("face"); }),
              HasSubstr("1 x 4 letters"));
  EXPECT_THAT(message_after(0, [&](MatVariables& v) { first_image(v, "file_list") = mat_numbers(1, 1, {1}); }),
              HasSubstr("a name"));
  EXPECT_THAT(
      message_after(0,
                    [](MatVariables& v) {
                      named(v, "file_list").cells[1].cells.clear(), named(v, "file_list").cells[1].shape = {0, 1};
                    }),
      HasSubstr("0 cells"));
  EXPECT_THAT(message_after(0, [](MatVariables& v) { named(v, "file_list") = mat_numbers(1, 1, {1}); }),
              HasSubstr("file_list"));
  EXPECT_THAT(message_after(0, [](MatVariables& v) { named(v, "event_list") = mat_text("0--Parade"); }),
              HasSubstr("event_list"));
  EXPECT_THAT(message_after(3, [&](MatVariables& v) { first_image(v, "gt_list") = mat_cells({}); }),
              HasSubstr("gt_list"));
  EXPECT_THAT(message_after(3, [](MatVariables& v) { v.pop_back(); }), HasSubstr("'gt_list' is missing"));
}

TEST_F(WiderGroundTruthTest, RefusesNamesThatLeadElsewhereAndValuesThatAreNotFinite) {
  for (const char* name : {"", ".", "..", "a/b", "a\\b"}) {
    EXPECT_THAT(message_after(0, [&](MatVariables& v) { named(v, "file_list").cells[0].cells[0] = mat_text(name); }),
                HasSubstr("file name"));
    EXPECT_THAT(message_after(0, [&](MatVariables& v) { named(v, "event_list").cells[0] = mat_text(name); }),
                HasSubstr("file name"));
  }
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(message_after(0,
                            [&](MatVariables& v) {
                              named(v, "face_bbx_list").cells[0].cells[0] = mat_numbers(1, 4, {1, 2, infinity, 4});
                            }),
              HasSubstr("finite"));
}

TEST_F(WiderGroundTruthTest, RefusesAnImageListedTwice) {
  WiderGroundTruth truth = small_wider_truth();
  truth.images[1].name = truth.images[0].name;
  write_wider_truth(folder_.path(), truth);
  EXPECT_THAT(error_message(ErrorCode::bad_format, [&] { read_wider_ground_truth(folder_.path()); }),
              AllOf(HasSubstr("twice"), HasSubstr("0--Parade/first")));
}

TEST_F(WiderGroundTruthTest, RefusesFilesThatDoNotBelongTogether) {
  EXPECT_THAT(message_after(2, [](MatVariables& v) { named(v, "face_bbx_list").cells[0].cells[0].numbers[0] += 1; }),
              AllOf(HasSubstr("belong together"), HasSubstr("0--Parade/first")));
  EXPECT_THAT(message_after(2, [](MatVariables& v) { named(v, "file_list").cells[0].cells[1] = mat_text("other"); }),
              HasSubstr("0--Parade/other"));
  EXPECT_THAT(message_after(2,
                            [](MatVariables& v) {
                              for (auto& [name, value] : v) value = mat_cells({value.cells[0]});
                            }),
              HasSubstr("2 images"));
}

}  // namespace
}  // namespace mtcnn
