#include "mtcnn/eval/mat_file.h"

#include "mtcnn/core/file.h"

#include <array>
#include <fstream>

#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "unit/eval/mat_writer.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

using testing::error_message;
using ::testing::HasSubstr;
using testing::mat_cells;
using testing::mat_numbers;
using testing::mat_text;
using testing::MatClass;
using testing::MatFormat;
using testing::TempFolder;
using testing::write_mat;

/// Without waiting for the disk, as these tests write thousands of files.
void quick_write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

testing::MatVariables sample() {
  return {{"first", mat_numbers(2, 3, {1, 2, 3, 4, 5, 6})},
          {"nested", mat_cells({mat_text("0--Parade"), mat_cells({mat_numbers(1, 2, {7, 8}), mat_text("x")}),
                                mat_numbers(0, 0, {}), mat_cells({})})},
          {"last", mat_text("end")}};
}

void expect_equal(const MatValue& found, const MatValue& expected) {
  EXPECT_EQ(found.kind, expected.kind);
  EXPECT_EQ(found.shape, expected.shape);
  EXPECT_EQ(found.text, expected.text);
  EXPECT_EQ(found.numbers, expected.numbers);
  ASSERT_EQ(found.cells.size(), expected.cells.size());
  for (size_t i = 0; i < found.cells.size(); ++i) expect_equal(found.cells[i], expected.cells[i]);
}

TEST(ReadMat, GivesWhatWasWrittenInEveryClassInTheOrderAskedFor) {
  const TempFolder folder;
  const auto path = folder / "a.mat";
  for (const MatFormat format : {MatFormat::v5, MatFormat::v7}) {
    for (const MatClass numbers :
         {MatClass::real, MatClass::single, MatClass::signed32, MatClass::unsigned8, MatClass::unsigned16}) {
      write_mat(path, sample(), format, numbers);
      const auto values = read_mat(path, {"last", "first", "nested"});
      ASSERT_EQ(values.size(), 3U);
      expect_equal(values[0], sample()[2].second);
      expect_equal(values[1], sample()[0].second);
      expect_equal(values[2], sample()[1].second);
    }
  }
}

TEST(ReadMat, SaysWhatIsMissingAndWhatCannotBeRead) {
  const TempFolder folder;
  const auto path = folder / "a.mat";
  const auto message = [&](const char* name) {
    return error_message(ErrorCode::bad_format, [&] { read_mat(path, {name}); });
  };
  write_mat(path, sample());
  EXPECT_THAT(message("other"), AllOf(HasSubstr("a.mat"), HasSubstr("'other' is missing")));
  testing::write_struct_mat(path);
  EXPECT_THAT(message("bad"), HasSubstr("found class 2"));
  testing::write_complex_mat(path);
  EXPECT_THAT(message("bad"), HasSubstr("complex"));
}

TEST(ReadMat, TellsOtherFormatsApart) {
  const TempFolder folder;
  const auto path = folder / "a.mat";
  const auto message = [&](ErrorCode code) { return error_message(code, [&] { read_mat(path, {"first"}); }); };
  EXPECT_THAT(message(ErrorCode::not_found), HasSubstr("a.mat"));
  write_mat(path, {sample()[0]}, MatFormat::v73);
  EXPECT_THAT(message(ErrorCode::unsupported), AllOf(HasSubstr("MATLAB 7.3"), HasSubstr("-v7")));
  write_mat(path, {sample()[0]}, MatFormat::v4);
  EXPECT_THAT(message(ErrorCode::unsupported), HasSubstr("MATLAB 4"));
  for (const std::string& text : {std::string(), std::string("hello"), std::string(500, 'x'), std::string(500, '\0')}) {
    write_text(path, text);
    EXPECT_THROW(read_mat(path, {"first"}), Error);
  }
  EXPECT_THROW(read_mat(folder.path(), {"first"}), Error);
}

TEST(ReadMat, NoticesAFileCutShortAnywhere) {
  const TempFolder folder;
  for (const MatFormat format : {MatFormat::v5, MatFormat::v7}) {
    write_mat(folder / "whole.mat", sample(), format);
    const std::string whole = read_text(folder / "whole.mat");
    for (size_t size = 0; size < whole.size(); ++size) {
      quick_write(folder / "cut.mat", whole.substr(0, size));
      // A cut between two variables leaves a good file in which the last ones are missing.
      EXPECT_THROW(read_mat(folder / "cut.mat", {"first", "nested", "last"}), Error) << size;
    }
  }
}

TEST(ReadMat, NoticesOrSurvivesEveryDamagedByte) {
  const TempFolder folder;
  for (const MatFormat format : {MatFormat::v5, MatFormat::v7}) {
    write_mat(folder / "whole.mat", sample(), format);
    const std::string whole = read_text(folder / "whole.mat");
    for (size_t i = 0; i < whole.size(); ++i) {
      const std::array<int, 3> masks = {0x01, 0x80, 0xFF};
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ masks[i % masks.size()]);
      quick_write(folder / "damaged.mat", damaged);
      try {
        const auto values = read_mat(folder / "damaged.mat", {"first", "nested", "last"});
        EXPECT_EQ(values.size(), 3U);  // without compression there are no checksums: other values may come out
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("damaged.mat"));
      }
    }
  }
}

TEST(ReadMat, SaysNothingOnItsOwn) {
  const TempFolder folder;
  write_mat(folder / "a.mat", sample());
  const std::string whole = read_text(folder / "a.mat");
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 0x55;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  for (const std::string& text : {whole, whole.substr(0, whole.size() / 2), damaged, std::string("x")}) {
    write_text(folder / "b.mat", text);
    try {
      read_mat(folder / "b.mat", {"first", "other"});
    } catch (const Error&) {
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DescribedMat, NamesShapeAndKind) {
  EXPECT_EQ(described(mat_cells({mat_text("a"), mat_text("b")})), "2 x 1 cells");
  EXPECT_EQ(described(mat_text("abc")), "1 x 3 letters");
  EXPECT_EQ(described(mat_numbers(0, 0, {})), "0 x 0 numbers");
}

}  // namespace
}  // namespace mtcnn
