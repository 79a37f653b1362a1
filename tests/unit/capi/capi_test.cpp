#include "mtcnn/capi/mtcnn.h"
#include "mtcnn/core/json.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/turn.h"
#include "mtcnn/model/model_folder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/temp_folder.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

const std::string kSample = std::string(MTCNN_SAMPLES_DIR) + "/astronaut.jpg";

using OwnedDetector = std::unique_ptr<mtcnn_detector, decltype(&mtcnn_free_detector)>;

OwnedDetector made(const char* device = "cpu") {
  mtcnn_detector* detector = nullptr;
  EXPECT_EQ(mtcnn_make_detector(nullptr, device, &detector), MTCNN_OK) << mtcnn_last_error();
  return {detector, &mtcnn_free_detector};
}

mtcnn_image view(const mtcnn_pixels& image) {
  return {image.pixels, image.width, image.height, int64_t{3} * image.width};
}

TEST(Capi, FindsWhatTheDetectorFinds) {
  mtcnn_pixels pixels = {};
  ASSERT_EQ(mtcnn_read_image(kSample.c_str(), &pixels), MTCNN_OK) << mtcnn_last_error();
  const Image image = read_image(kSample);
  ASSERT_EQ(pixels.width, image.width());
  ASSERT_EQ(std::memcmp(pixels.pixels, image.row(0), size_t{3} * static_cast<size_t>(image.width() * image.height())),
            0);
  const std::vector<Face> expected = Detector().detect(image.view());
  ASSERT_FALSE(expected.empty());
  const mtcnn_image images[] = {view(pixels), {nullptr, 0, 0, 0}, view(pixels)};
  const OwnedDetector detector = made();
  mtcnn_face* faces = nullptr;
  size_t counts[3] = {7, 7, 7};
  ASSERT_EQ(mtcnn_detect(detector.get(), images, 3, &faces, counts), MTCNN_OK) << mtcnn_last_error();
  ASSERT_EQ(counts[0], expected.size());
  ASSERT_EQ(counts[1], 0U);
  ASSERT_EQ(counts[2], expected.size());
  for (size_t i = 0; i < 2 * expected.size(); ++i) {
    const Face& face = expected[i % expected.size()];
    EXPECT_EQ(faces[i].x1, face.box.x1);
    EXPECT_EQ(faces[i].y2, face.box.y2);
    EXPECT_EQ(faces[i].confidence, face.confidence);
    EXPECT_EQ(faces[i].landmarks[9], face.landmarks[4].y);
  }
  mtcnn_free(faces);
  mtcnn_free(pixels.pixels);
}

/// On the CPU the device's memory is the host's.
TEST(Capi, SearchesImagesOnTheDevice) {
  const Image image = read_image(kSample);
  const mtcnn_image images[] = {{image.row(0), image.width(), image.height(), int64_t{3} * image.width()}, {}};
  const OwnedDetector detector = made();
  float* rows = nullptr;
  size_t counts[2] = {7, 7};
  ASSERT_EQ(mtcnn_search_on_device(detector.get(), images, 2, &rows, counts), MTCNN_OK) << mtcnn_last_error();
  EXPECT_EQ(counts[0], 1U);
  EXPECT_EQ(counts[1], 0U);
  EXPECT_EQ(rows[0], Detector().detect(image.view()).front().box.x1);
  mtcnn_free(rows);
}

TEST(Capi, TellsAnglesWhereItTurnsTheImage) {
  const TurnedImage turned = turned_by_quarters(read_image(kSample).view(), 1);
  const ImageView pixels = turned.image.view();
  const OwnedDetector upright = made();
  mtcnn_detector* turning = nullptr;
  ASSERT_EQ(mtcnn_with_options(upright.get(), R"({"rotate": 90})", "test", &turning), MTCNN_OK) << mtcnn_last_error();
  const mtcnn_image image = {pixels.pixels, pixels.width, pixels.height, pixels.stride};
  mtcnn_face* faces = nullptr;
  float* angles = nullptr;
  size_t count = 0;
  ASSERT_EQ(mtcnn_detect_turned(turning, &image, 1, &faces, &count, &angles), MTCNN_OK) << mtcnn_last_error();
  ASSERT_GE(count, 1U);
  EXPECT_EQ(angles[0], 90);
  EXPECT_GT(faces[0].confidence, 0.9F);
  mtcnn_free(faces);
  mtcnn_free(angles);
  mtcnn_free_detector(turning);
  EXPECT_EQ(mtcnn_detect_turned(upright.get(), &image, 1, &faces, &count, nullptr), MTCNN_BUG);
}

TEST(Capi, OptionsOfACopyLeaveTheOriginalAlone) {
  const OwnedDetector detector = made();
  mtcnn_detector* changed = nullptr;
  ASSERT_EQ(mtcnn_with_options(detector.get(), R"({"min_face": 55})", "test", &changed), MTCNN_OK)
      << mtcnn_last_error();
  char* text = nullptr;
  ASSERT_EQ(mtcnn_options(changed, &text), MTCNN_OK);
  EXPECT_NE(std::string(text).find(R"("min_face":55)"), std::string::npos) << text;
  mtcnn_free(text);
  ASSERT_EQ(mtcnn_options(detector.get(), &text), MTCNN_OK);
  EXPECT_EQ(std::string(text).find(R"("min_face":55)"), std::string::npos) << text;
  mtcnn_free(text);
  mtcnn_free_detector(changed);
}

TEST(Capi, FaultsAreCodesWithOneLineAndLeaveOutputsAlone) {
  const OwnedDetector detector = made();
  auto* untouched = reinterpret_cast<mtcnn_detector*>(1);
  mtcnn_detector* place = untouched;
  EXPECT_EQ(mtcnn_make_detector("no/such/model", "cpu", &place), MTCNN_NOT_FOUND);
  EXPECT_NE(std::string(mtcnn_last_error()).find("no/such/model"), std::string::npos);
  EXPECT_EQ(mtcnn_make_detector(nullptr, "tpu", &place), MTCNN_USAGE);
  EXPECT_EQ(mtcnn_make_detector(nullptr, "cpu", nullptr), MTCNN_BUG);
  EXPECT_EQ(mtcnn_with_options(detector.get(), R"({"min_face": 0})", "here", &place), MTCNN_USAGE);
  EXPECT_NE(std::string(mtcnn_last_error()).find("here: min_face"), std::string::npos) << mtcnn_last_error();
  EXPECT_EQ(mtcnn_with_options(detector.get(), "{", "here", &place), MTCNN_BAD_FORMAT);
  EXPECT_EQ(mtcnn_with_options(nullptr, "{}", "here", &place), MTCNN_BUG);
  EXPECT_EQ(place, untouched);
  mtcnn_pixels image = {nullptr, -5, -5};
  EXPECT_EQ(mtcnn_read_image("no/such.jpg", &image), MTCNN_NOT_FOUND);
  EXPECT_EQ(mtcnn_decode_image("no picture", 10, "these bytes", &image), MTCNN_BAD_FORMAT);
  EXPECT_NE(std::string(mtcnn_last_error()).find("these bytes"), std::string::npos);
  EXPECT_EQ(image.width, -5);
  mtcnn_face* faces = nullptr;
  size_t count = 0;
  const mtcnn_image negative = {nullptr, -1, 4, 0};
  EXPECT_EQ(mtcnn_detect(detector.get(), &negative, 1, &faces, &count), MTCNN_BUG);
  EXPECT_EQ(mtcnn_set_threads(-1), MTCNN_USAGE);
  std::string elsewhere = "?";
  std::thread([&] { elsewhere = mtcnn_last_error(); }).join();
  EXPECT_EQ(elsewhere, "");
}

/// Places of all arrays of a trace, one behind the other without a gap.
void collect_places(const Json& step, std::vector<std::pair<size_t, size_t>>& places) {
  if (step.is_object() && step.contains("at")) {
    size_t size = 1;
    for (const Json& side : step["shape"]) size *= side.get<size_t>();
    places.emplace_back(step["at"].get<size_t>(), size);
  } else if (step.is_structured()) {
    for (const Json& part : step) collect_places(part, places);
  }
}

/// The default model with the first points alone, by other names.
std::filesystem::path model_with_points(const testing::TempFolder& folder, const std::vector<std::string>& names) {
  Model model = default_model();
  std::vector<NamedTensor> tensors;
  for (NamedTensor& tensor : model.nets.back().tensors) {
    if (tensor.name.starts_with("dense6_3.")) {
      if (names.empty()) continue;
      const auto rows = 2 * names.size();
      tensor.values.resize(tensor.values.size() / static_cast<size_t>(tensor.shape[0]) * rows);
      tensor.shape[0] = static_cast<int64_t>(rows);
    }
    tensors.push_back(std::move(tensor));
  }
  model.nets.back().tensors = std::move(tensors);
  model.landmark_names = names;
  model.object = "raccoon";
  write_model(folder / "model", model);
  return folder / "model";
}

TEST(Capi, SearchesWithModelsOfAnyPoints) {
  mtcnn_pixels pixels = {};
  ASSERT_EQ(mtcnn_read_image(kSample.c_str(), &pixels), MTCNN_OK) << mtcnn_last_error();
  const mtcnn_image images[] = {view(pixels), {nullptr, 0, 0, 0}};
  const Image image = read_image(kSample);
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, std::vector<std::string>{"left_ear", "right_ear"}}) {
    const testing::TempFolder folder;
    const std::filesystem::path model = model_with_points(folder, names);
    mtcnn_detector* made = nullptr;
    ASSERT_EQ(mtcnn_make_detector(model.c_str(), "cpu", &made), MTCNN_OK) << mtcnn_last_error();
    const OwnedDetector detector(made, &mtcnn_free_detector);
    char* text = nullptr;
    ASSERT_EQ(mtcnn_object(detector.get(), &text), MTCNN_OK);
    EXPECT_STREQ(text, "raccoon");
    mtcnn_free(text);
    ASSERT_EQ(mtcnn_landmark_names(detector.get(), &text), MTCNN_OK);
    EXPECT_EQ(Json::parse(text), Json(names));
    mtcnn_free(text);

    float* rows = nullptr;
    size_t counts[2] = {7, 7};
    ASSERT_EQ(mtcnn_search(detector.get(), images, 2, &rows, counts), MTCNN_OK) << mtcnn_last_error();
    const std::vector<Face> expected = Detector(model, "cpu").detect(image.view());
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(counts[0], expected.size());
    EXPECT_EQ(counts[1], 0U);
    const size_t values = 6 + 2 * names.size();
    for (size_t i = 0; i < expected.size(); ++i) {
      const float* row = rows + i * values;
      EXPECT_EQ(row[0], expected[i].box.x1);
      EXPECT_EQ(row[4], expected[i].confidence);
      if (!names.empty()) {
        EXPECT_EQ(row[8], expected[i].landmarks[1].y);
      }
      EXPECT_EQ(row[values - 1], 0);
    }
    mtcnn_free(rows);

    mtcnn_face* faces = nullptr;
    EXPECT_EQ(mtcnn_detect(detector.get(), images, 2, &faces, counts), MTCNN_UNSUPPORTED);
    EXPECT_NE(std::string(mtcnn_last_error()).find("mtcnn_search"), std::string::npos) << mtcnn_last_error();
    char* trace = nullptr;
    float* traced = nullptr;
    size_t count = 0;
    ASSERT_EQ(mtcnn_trace(detector.get(), images, &trace, &traced, &count), MTCNN_OK) << mtcnn_last_error();
    EXPECT_EQ(Json::parse(trace)["faces"]["shape"], Json({expected.size(), 5 + 2 * names.size()}));
    mtcnn_free(trace);
    mtcnn_free(traced);
  }
  mtcnn_free(pixels.pixels);
}

TEST(Capi, EveryArrayOfATraceHasItsValues) {
  mtcnn_pixels pixels = {};
  ASSERT_EQ(mtcnn_read_image(kSample.c_str(), &pixels), MTCNN_OK) << mtcnn_last_error();
  const mtcnn_image image = view(pixels);
  const OwnedDetector detector = made();
  char* text = nullptr;
  float* values = nullptr;
  size_t count = 0;
  ASSERT_EQ(mtcnn_trace(detector.get(), &image, &text, &values, &count), MTCNN_OK) << mtcnn_last_error();
  const Json trace = Json::parse(text);
  std::vector<std::pair<size_t, size_t>> places;
  collect_places(trace, places);
  std::sort(places.begin(), places.end());
  size_t end = 0;
  for (const auto& [at, size] : places) {
    EXPECT_EQ(at, end);
    end += size;
  }
  EXPECT_EQ(end, count);
  const size_t answers = trace["rnet"]["scores"]["shape"][0];
  ASSERT_GT(answers, 0U);
  const float* landmarks = values + trace["rnet"]["landmarks"]["at"].get<size_t>();
  EXPECT_TRUE(std::all_of(landmarks, landmarks + answers * 10, [](float value) { return value == 0; }));
  for (void* memory : {static_cast<void*>(text), static_cast<void*>(values), static_cast<void*>(pixels.pixels)})
    mtcnn_free(memory);
}

TEST(Capi, WritesAndCrops) {
  const testing::TempFolder folder;
  mtcnn_pixels image = {};
  ASSERT_EQ(mtcnn_read_image(kSample.c_str(), &image), MTCNN_OK);
  const mtcnn_image whole = view(image);
  const float box[4] = {150, 40, 250, 180};
  mtcnn_pixels crop = {};
  ASSERT_EQ(mtcnn_crop(&whole, box, 0.2F, 64, &crop), MTCNN_OK) << mtcnn_last_error();
  EXPECT_EQ(crop.width, 64);
  const std::string path = (folder.path() / "crop.png").string();
  const mtcnn_image small = view(crop);
  ASSERT_EQ(mtcnn_write_image(path.c_str(), &small), MTCNN_OK) << mtcnn_last_error();
  mtcnn_pixels again = {};
  ASSERT_EQ(mtcnn_read_image(path.c_str(), &again), MTCNN_OK);
  EXPECT_EQ(std::memcmp(again.pixels, crop.pixels, size_t{3} * 64 * 64), 0);
  for (void* memory : {image.pixels, crop.pixels, again.pixels}) mtcnn_free(memory);
}

}  // namespace
}  // namespace mtcnn
