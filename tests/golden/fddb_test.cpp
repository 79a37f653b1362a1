// The FDDB reference evaluator's own outputs on synthetic data, to the byte.
#include "mtcnn/eval/fddb.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/fddb_assignment.h"
#include "mtcnn/eval/fddb_files.h"

#include <map>
#include <sstream>

#include "support/shared_data.h"
#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;

fs::path golden() { return testing::shared_folder() / "golden" / "fddb"; }

std::vector<FddbFold> load(const std::string& name) {
  std::vector<FddbFold> folds = read_fddb_annotations(golden() / "FDDB-folds");
  read_fddb_sizes(folds, golden() / "images", ".jpg");
  read_fddb_results(folds, golden() / "detections" / name);
  return folds;
}

/// The curves by the prefix of their files: "" for all folds, "fold-01-" and so on.
std::map<std::string, std::vector<FddbRow>> curves(const std::string& name, const FddbOptions& options) {
  std::map<std::string, std::vector<FddbRow>> curves;
  std::vector<std::vector<FddbEntry>> all;
  int64_t all_faces = 0;
  for (const FddbFold& fold : load(name)) {
    std::vector<std::vector<FddbEntry>> entries;
    int64_t faces = 0;
    for (const FddbImage& image : fold.images) {
      entries.push_back(score_fddb_image(image, options));
      faces += static_cast<int64_t>(image.faces.size());
    }
    curves["fold-" + fold.number + "-"] = fddb_curve(entries, faces);
    all.insert(all.end(), entries.begin(), entries.end());
    all_faces += faces;
  }
  curves[""] = fddb_curve(all, all_faces);
  return curves;
}

/// Compares with every file of the folder; returns how many there were.
int compare_files(const fs::path& folder, const FddbOptions& options) {
  int compared = 0;
  for (const std::string name : {"A", "B", "C", "D", "E"}) {
    for (const auto& [prefix, curve] : curves(name, options)) {
      const std::string start = name + "-" + prefix;
      if (!fs::exists(folder / (start + "DiscROC.txt"))) continue;
      EXPECT_EQ(fddb_roc_text(curve, FddbMetric::discrete), read_text(folder / (start + "DiscROC.txt"))) << start;
      EXPECT_EQ(fddb_roc_text(curve, FddbMetric::continuous), read_text(folder / (start + "ContROC.txt"))) << start;
      compared += 2;
    }
  }
  return compared;
}

int files_in(const fs::path& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(FddbGolden, CurvesAreTheEvaluatorsToTheByte) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  EXPECT_EQ(compare_files(golden() / "expected", {.angle = FddbAngle::opencv4}), files_in(golden() / "expected"));
}

TEST(FddbGolden, CurvesOfTheOtherAngleAreTheEvaluatorsToTheByte) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  const fs::path folder = golden() / "expected-angle-t";
  EXPECT_EQ(compare_files(folder, {.angle = FddbAngle::opencv1}), files_in(folder));
}

TEST(FddbGolden, OptimalAssignmentGivesTheRecomputedCurves) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  const fs::path folder = golden() / "expected-optimal-assignment";
  EXPECT_EQ(compare_files(folder, {.assignment = FddbAssignment::optimal}), files_in(folder));
}

std::vector<double> numbers(std::istringstream& text, size_t count) {
  std::vector<double> values(count);
  for (double& value : values) text >> value;
  return values;
}

FddbRegion read_region(std::istringstream& text) {
  std::string kind;
  text >> kind;
  if (kind == "R") {
    const auto v = numbers(text, 4);
    return FddbRectangle{v[0], v[1], v[2], v[3]};
  }
  const auto v = numbers(text, 5);
  return FddbEllipse{v[0], v[1], v[2], v[3], v[4]};
}

TEST(FddbGolden, MasksAreTheEvaluatorsToThePixel) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  std::string drawn;
  for (const std::string& line : split(trim(read_text(golden() / "masks.txt")), '\n')) {
    std::istringstream text(line);
    std::string name;
    FddbSize size;
    text >> name >> size.width >> size.height;
    const FddbMask mask = fddb_mask(read_region(text), size, FddbAngle::opencv4);
    drawn += concat(line, " pixels ", mask.pixels, "\n");
    for (const FddbMask::Run& run : mask.runs) drawn += concat(run.row, ": ", run.first, "-", run.last, "\n");
  }
  EXPECT_EQ(drawn, read_text(golden() / "masks-expected.txt"));
}

TEST(FddbGolden, PairsOverlapAsInTheEvaluator) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  const Json expected = read_json(golden() / "expected.json")["pairs"];
  const std::vector<std::string> lines = split(trim(read_text(golden() / "pairs.txt")), '\n');
  ASSERT_EQ(lines.size(), expected.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    std::istringstream text(lines[i]);
    std::string name;
    FddbSize size;
    text >> name >> size.width >> size.height;
    ASSERT_EQ(name, expected[i]["name"].get<std::string>());
    const FddbRegion ellipse = read_region(text);
    const FddbRegion region = read_region(text);
    for (const FddbAngle angle : {FddbAngle::opencv4, FddbAngle::opencv1}) {
      const Json& figures = angle == FddbAngle::opencv4 ? expected[i] : expected[i]["angle_t"];
      const FddbMask a = fddb_mask(ellipse, size, angle);
      const FddbMask b = fddb_mask(region, size, angle);
      EXPECT_EQ(a.pixels, figures["ellipse_pixels"]) << name;
      EXPECT_EQ(b.pixels, figures["region_pixels"]) << name;
      EXPECT_EQ(fddb_common_pixels(a, b), figures["intersection"]) << name;
      EXPECT_EQ(fddb_overlap(a, b), figures["iou"].get<double>()) << name;
    }
  }
}

TEST(FddbGolden, AssignmentsAreTheEvaluators) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  for (const Json& item : read_json(golden() / "assignments.json")) {
    RatingMatrix ratings(item["rows"].get<size_t>(), item["cols"].get<size_t>());
    for (size_t row = 0; row < ratings.rows(); ++row) {
      for (size_t column = 0; column < ratings.columns(); ++column)
        ratings.at(row, column) = item["rating"][row][column];
    }
    const auto sum = [&](const std::vector<size_t>& assignment) {
      double total = 0;
      for (size_t row = 0; row < assignment.size(); ++row) total += ratings.at(row, assignment[row]);
      return total;
    };
    const auto reference = assign_reference(ratings);
    ASSERT_TRUE(reference.has_value()) << item["name"];
    EXPECT_EQ(*reference, item["assignment"].get<std::vector<size_t>>()) << item["name"];
    EXPECT_EQ(sum(*reference), item["sum"].get<double>()) << item["name"];
    EXPECT_NEAR(sum(assign_optimal(ratings)), item["optimal_sum"].get<double>(), 1e-12) << item["name"];
  }
}

TEST(FddbGolden, RatesAtFalsePositivesAreThoseOfTheFiles) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  const Json expected = read_json(golden() / "expected.json");
  const std::pair<const char*, FddbOptions> variants[] = {
      {"cases", {}},
      {"cases_angle_t", {.angle = FddbAngle::opencv1}},
      {"cases_optimal_assignment", {.assignment = FddbAssignment::optimal}}};
  for (const auto& [variant, options] : variants) {
    for (const auto& [name, figures] : expected[variant].items()) {
      const std::vector<FddbRow> curve = curves(name, options)[""];
      EXPECT_EQ(curve.size(), figures["rows"]) << name;
      EXPECT_EQ(curve.front().false_positives, figures["max_fp"].get<int64_t>()) << name;
      constexpr int kDigits = 6;  // of the files
      for (const int64_t count : {10, 50, 100}) {
        const std::string key = concat("tpr_at_", count, "_fp");
        for (const auto& [metric, rates] :
             {std::pair{FddbMetric::discrete, "disc"}, {FddbMetric::continuous, "cont"}}) {
          EXPECT_EQ(significant(fddb_rate_at(curve, metric, count), kDigits),
                    significant(figures[rates][key].get<double>(), kDigits))
              << variant << name << key;
        }
      }
    }
  }
}

TEST(FddbGolden, FacesAndImagesAreCounted) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  const Json expected = read_json(golden() / "expected.json");
  for (const FddbFold& fold : load("A")) {
    size_t faces = 0;
    for (const FddbImage& image : fold.images) faces += image.faces.size();
    EXPECT_EQ(faces, expected["faces"]["fold-" + fold.number]);
    EXPECT_EQ(fold.images.size(), expected["images"]["fold-" + fold.number]);
  }
}

TEST(FddbGolden, WrittenResultsReadBackTheSame) {
  MTCNN_NEEDS_SHARED("golden/fddb");
  const testing::TempFolder folder;
  for (const std::string name : {"A", "B"}) {
    const std::vector<FddbFold> folds = load(name);
    write_fddb_results(folds, folder / name);
    std::vector<FddbFold> again = read_fddb_annotations(golden() / "FDDB-folds");
    read_fddb_results(again, folder / name);
    for (size_t i = 0; i < folds.size(); ++i) {
      for (size_t k = 0; k < folds[i].images.size(); ++k) {
        const auto& before = folds[i].images[k].detections;
        const auto& after = again[i].images[k].detections;
        ASSERT_EQ(before.size(), after.size());
        for (size_t d = 0; d < before.size(); ++d) {
          EXPECT_EQ(before[d].score, after[d].score);
          EXPECT_EQ(before[d].region.index(), after[d].region.index());
        }
      }
    }
    write_fddb_results(again, folder / "again");
    for (const FddbFold& fold : folds) {
      const std::string file = "fold-" + fold.number + "-out.txt";
      EXPECT_EQ(read_text(folder / name / file), read_text(folder / "again" / file));
    }
  }
}

}  // namespace
}  // namespace mtcnn
