// The small reference outputs in tests/golden/reference, which make_reference.py computes in plain numpy.
#include "mtcnn/core/json.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/engine/runner.h"
#include "mtcnn/eval/fddb.h"
#include "mtcnn/eval/wider.h"
#include "mtcnn/geometry/nms.h"
#include "mtcnn/geometry/pyramid.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"
#include "mtcnn/model/model_folder.h"

#include <cmath>

#include "support/shared_data.h"
#include <gmock/gmock.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;

/// Single precision here, double in the reference: numbers up to a few hundred.
constexpr double kPixels = 1e-4;
/// A net's values are up to about 30, and sums of up to 1,152 products.
constexpr double kNetValues = 1e-4;
/// JPEG decoders differ by a few grey levels, and boxes then by up to half a pixel.
constexpr double kDecodedPixels = 1;
constexpr double kDecodedConfidence = 0.01;
/// Double precision on both sides, sums in another order.
constexpr double kScores = 1e-9;

fs::path reference(const std::string& name) { return testing::source_folder() / "tests/golden/reference" / name; }

Box to_box(const Json& values) { return {values[0], values[1], values[2], values[3]}; }

void expect_near(const Box& box, const Json& expected, double tolerance) {
  EXPECT_NEAR(box.x1, expected[0].get<double>(), tolerance);
  EXPECT_NEAR(box.y1, expected[1].get<double>(), tolerance);
  EXPECT_NEAR(box.x2, expected[2].get<double>(), tolerance);
  EXPECT_NEAR(box.y2, expected[3].get<double>(), tolerance);
}

void expect_near(const Landmarks& points, const Json& expected, double tolerance) {
  ASSERT_EQ(points.size(), expected.size());
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_NEAR(points[i].x, expected[i][0].get<double>(), tolerance);
    EXPECT_NEAR(points[i].y, expected[i][1].get<double>(), tolerance);
  }
}

TEST(Reference, SizesOfThePyramid) {
  for (const Json& row : read_json(reference("pyramid.json"))) {
    std::vector<std::vector<int>> sizes;
    for (const Level& level :
         pyramid_levels(row["width"], row["height"], row["min_face"], row["max_face"], row["factor"]))
      sizes.push_back({level.width, level.height});
    EXPECT_EQ(sizes, row["levels"].get<std::vector<std::vector<int>>>()) << row.dump();
  }
}

TEST(Reference, Resampling) {
  const Json rows = read_json(reference("resample.json"));
  const Json& pixels = rows[0]["image"];
  Image image(static_cast<int>(pixels[0].size()), static_cast<int>(pixels.size()));
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < 3 * image.width(); ++x) image.row(y)[x] = pixels[y][x / 3][x % 3].get<uint8_t>();
  }
  for (size_t i = 1; i < rows.size(); ++i) {
    const Json& values = rows[i]["values"];
    const auto height = static_cast<int>(values.size());
    const auto width = static_cast<int>(values[0].size());
    std::vector<float> found(static_cast<size_t>(3) * width * height);
    resample(image.view(), to_box(rows[i]["window"]), 127.5F,
             {found.data(), width, height, static_cast<ptrdiff_t>(3) * width, 127.5F, 1.0F / 128});
    for (size_t k = 0; k < found.size(); ++k) {
      const auto place = static_cast<int>(k);
      const Json& expected = values[place / (3 * width)][place / 3 % width][place % 3];
      ASSERT_NEAR(found[k], expected.get<double>(), kPixels) << "window " << i << ", value " << k;
    }
  }
}

TEST(Reference, Suppression) {
  const Json rows = read_json(reference("suppression.json"));
  std::vector<Box> boxes;
  for (const Json& box : rows[0]["boxes"]) boxes.push_back(to_box(box));
  const auto scores = rows[0]["scores"].get<std::vector<float>>();
  for (size_t i = 1; i < rows.size(); ++i) {
    const Overlap overlap = rows[i]["smaller_area"].get<bool>() ? Overlap::smaller_area : Overlap::union_area;
    EXPECT_EQ(nms(boxes, scores, rows[i]["threshold"], overlap), rows[i]["kept"].get<std::vector<int32_t>>())
        << "threshold " << rows[i]["threshold"] << ", smaller area " << rows[i]["smaller_area"];
  }
}

TEST(Reference, BoxesAndLandmarksFromOffsets) {
  for (const Json& row : read_json(reference("boxes.json"))) {
    const Box window = to_box(row["window"]);
    const Box box = decode_offsets(window, row["offsets"].get<Offsets>());
    expect_near(box, row["box"], kPixels);
    expect_near(square(box), row["square"], kPixels);
    expect_near(decode_landmarks(window, row["targets"].get<LandmarkTargets>()), row["points"], kPixels);
  }
}

class ReferenceNets : public ::testing::TestWithParam<NetKind> {};

TEST_P(ReferenceNets, OutputsOfTheDefaultModel) {
  const NetKind net = GetParam();
  const Safetensors file(reference(std::string(net_name(net)) + ".safetensors"));
  const Safetensors::Entry& pixels = *file.find("pixels");
  std::vector<float> input;
  for (const std::byte pixel : file.bytes(pixels))
    input.push_back((static_cast<float>(std::to_integer<int>(pixel)) - 127.5F) / 128);
  const auto logits = file.floats(*file.find("logits"));
  const auto offsets = file.floats(*file.find("offsets"));
  const auto* landmarks_entry = file.find("landmarks");
  const auto landmarks = landmarks_entry == nullptr ? std::vector<float>() : file.floats(*landmarks_entry);

  const Model model = read_model(testing::source_folder() / "models/default");
  const NetRunner runner(model.nets);
  std::vector<float> values;
  if (net == NetKind::pnet) {
    const auto height = static_cast<int>(pixels.shape[1]);
    const auto width = static_cast<int>(pixels.shape[2]);
    runner.run_pnet(input, height, width, std::vector<CanvasPart>{{0, 0, width, height}}, values);
  } else {
    runner.run_crops(net, input, static_cast<int>(pixels.shape[0]), values);
  }
  const size_t count = logits.size();
  const size_t each = values.size() / count;
  ASSERT_EQ(each, 5 + landmarks.size() / count);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_NEAR(values[each * i], logits[i], kNetValues) << "logit " << i;
    for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(values[each * i + 1 + k], offsets[4 * i + k], kNetValues);
    for (size_t k = 0; k + 5 < each; ++k)
      EXPECT_NEAR(values[each * i + 5 + k], landmarks[(each - 5) * i + k], kNetValues);
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, ReferenceNets, ::testing::ValuesIn(kNetKinds),
                         [](const auto& test) { return std::string(net_name(test.param)); });

/// The plain cascade against the reference's own; with all options of the default model against what the program gave
/// when the reference was made.
TEST(Reference, FacesInTheSampleImages) {
  const Detector detector =
      Detector(testing::source_folder() / "models/default", "cpu").with([](DetectorOptions& options) {
        options.engine.screen = false;
      });
  int faces = 0;
  for (const Json& row : read_json(reference("detections.json"))) {
    const bool plain = row["plain"];
    SCOPED_TRACE(row["image"].get<std::string>() + (plain ? ", plain" : ", default options"));
    const Image image = read_image(testing::source_folder() / "samples" / row["image"].get<std::string>());
    const auto found =
        detector.with([&](DetectorOptions& options) { options.confidence.plain = plain; }).detect(image.view());
    ASSERT_EQ(found.size(), row["faces"].size());
    for (size_t i = 0; i < found.size(); ++i) {
      expect_near(found[i].box, row["faces"][i]["box"], kDecodedPixels);
      EXPECT_NEAR(found[i].confidence, row["faces"][i]["confidence"].get<double>(), kDecodedConfidence);
      expect_near(found[i].landmarks, row["faces"][i]["landmarks"], kDecodedPixels);
      ++faces;
    }
  }
  EXPECT_GE(faces, 4);
}

TEST(Reference, WiderFigures) {
  const Json rows = read_json(reference("wider.json"));
  WiderGroundTruth truth;
  WiderRun run;
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    WiderImage image{.event = "0--Toys", .name = std::to_string(i)};
    for (size_t k = 0; k < rows[i]["faces"].size(); ++k) {
      const Json& box = rows[i]["faces"][k];
      image.faces.push_back(
          {box[0], box[1], box[2], box[3], rows[i]["kept"][k].get<std::array<bool, kWiderSettings>>()});
      for (size_t s = 0; s < kWiderSettings; ++s) truth.kept_faces[s] += image.faces.back().kept[s] ? 1 : 0;
    }
    truth.images.push_back(image);
    std::vector<Detection>& faces = run.faces.emplace_back();
    for (const Json& found : rows[i]["detections"]) faces.push_back({found[0], found[1], found[2], found[3], found[4]});
  }
  const WiderScores scores = score_wider(run, truth, {.bootstrap = {.repeats = 0}});
  for (size_t s = 0; s < kWiderSettings; ++s)
    EXPECT_NEAR(scores.settings[s].ap, rows.back()["ap"][s].get<double>(), kScores) << kWiderSettingNames[s];
}

TEST(Reference, FddbFigures) {
  const Json rows = read_json(reference("fddb.json"));
  std::vector<std::vector<FddbEntry>> entries;
  int64_t faces = 0;
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    FddbImage image{.name = std::to_string(i), .size = {rows[i]["size"][0], rows[i]["size"][1]}};
    for (const Json& face : rows[i]["faces"]) image.faces.push_back({face[0], face[1], face[2], face[3], face[4]});
    for (const Json& found : rows[i]["detections"])
      image.detections.push_back({FddbRectangle{found[0], found[1], found[2], found[3]}, found[4]});
    entries.push_back(score_fddb_image(image, {.assignment = FddbAssignment::optimal}));
    faces += static_cast<int64_t>(image.faces.size());
  }
  const std::vector<FddbRow> curve = fddb_curve(entries, faces);
  const Json& expected = rows.back()["curve"];
  ASSERT_EQ(curve.size(), expected.size());
  for (size_t i = 0; i < curve.size(); ++i) {
    EXPECT_EQ(curve[i].threshold, expected[i][0].get<double>());
    EXPECT_EQ(curve[i].false_positives, expected[i][1].get<int64_t>());
    EXPECT_NEAR(curve[i].discrete, expected[i][2].get<double>(), kScores);
    EXPECT_NEAR(curve[i].continuous, expected[i][3].get<double>(), kScores);
  }
}

}  // namespace
}  // namespace mtcnn
