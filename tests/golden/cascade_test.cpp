#include "mtcnn/data/detections.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/detect/picture_run.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/read.h"
#include "mtcnn/model/model_folder.h"
#include "mtcnn/weights/import.h"

#include <map>
#include <numeric>
#include <thread>

#include "support/shared_data.h"
#include <gtest/gtest.h>

/// The public weights in our cascade on real images, against facenet-pytorch 2.6.0's detections from the same
/// weights.
namespace mtcnn {
namespace {

namespace fs = std::filesystem;

const fs::path kPictures = "data/wider/WIDER_val/images";
const fs::path kDetections = "golden/cascade/wider_val.jsonl";

Detector public_detector() {
  Model model;
  const fs::path folder = testing::shared_folder() / "golden/cascade/weights";
  for (const NetKind net : kNetKinds) {
    model.nets[static_cast<size_t>(net)] = import_weights(folder / (std::string(net_name(net)) + ".pt"));
  }
  return Detector(model, "cpu");
}

Box to_box(const Detection& face) {
  return {static_cast<float>(face.x), static_cast<float>(face.y), static_cast<float>(face.x + face.w),
          static_cast<float>(face.y + face.h)};
}

/// The sure faces of the reference that lie wholly inside their image: there its squeezing of windows at the border
/// plays no part.
bool is_comparable(const Detection& face, int width, int height) {
  return face.confidence >= 0.95 && face.x >= 0 && face.y >= 0 && face.x + face.w <= width && face.y + face.h <= height;
}

double mean_landmark_error(const Face& found, const Detection& expected) {
  double sum = 0;
  for (size_t i = 0; i < kLandmarkCount; ++i) {
    sum += std::hypot(found.landmarks[i].x - (*expected.landmarks)[i][0],
                      found.landmarks[i].y - (*expected.landmarks)[i][1]);
  }
  return sum / kLandmarkCount / std::sqrt(expected.w * expected.h);
}

TEST(GoldenCascade, FindsTheFacesOfTheReference) {
  MTCNN_NEEDS_SHARED(kPictures);
  MTCNN_NEEDS_SHARED(kDetections);
  std::map<std::string, std::vector<Detection>> reference;
  read_detections(testing::shared_folder() / kDetections,
                  [&](ImageDetections&& image) { reference[image.image] = std::move(image.faces); });
  int expected = 0;
  int matched = 0;
  double landmark_error = 0;
  const auto pictures = find_pictures({(testing::shared_folder() / kPictures).string()}, {});
  ASSERT_EQ(pictures.size(), reference.size());
  search_pictures(public_detector(), pictures, 8, [&](const PictureResult& result) {
    for (const Detection& face : reference.at(result.file.name)) {
      if (!is_comparable(face, result.image.width(), result.image.height())) continue;
      ++expected;
      const auto best = std::max_element(
          result.found.faces.begin(), result.found.faces.end(),
          [&](const Face& a, const Face& b) { return iou(a.box, to_box(face)) < iou(b.box, to_box(face)); });
      if (best == result.found.faces.end() || iou(best->box, to_box(face)) < 0.75F) continue;
      ++matched;
      landmark_error += mean_landmark_error(*best, face);
    }
  });
  RecordProperty("expected", expected);
  RecordProperty("matched", matched);
  ASSERT_GT(expected, 300);
  EXPECT_GE(matched, 0.95 * expected) << matched << " of " << expected;
  EXPECT_LE(landmark_error / matched, 0.05);
}

TEST(GoldenCascade, BatchesThreadsAndCallersChangeNothing) {
  MTCNN_NEEDS_SHARED(kPictures);
  const Detector detector = public_detector();
  const auto files = find_pictures({(testing::shared_folder() / kPictures / "2--Web").string()}, {});
  std::vector<Image> images;
  for (size_t i = 0; i < std::min<size_t>(24, files.size()); ++i) images.push_back(read_image(files[i].path));
  std::vector<ImageView> views;
  for (const Image& image : images) views.push_back(image.view());

  const int before = thread_count();
  set_threads(1);
  std::vector<std::vector<Face>> alone;
  for (const ImageView& view : views) alone.push_back(detector.detect(view));
  set_threads(2);
  std::vector<std::vector<std::vector<Face>>> others = {detector.detect(views)};
  others.resize(5);
  std::vector<std::thread> callers;
  for (size_t i = 1; i < others.size(); ++i) callers.emplace_back([&, i] { others[i] = detector.detect(views); });
  for (std::thread& caller : callers) caller.join();
  set_threads(before);

  EXPECT_GT(std::accumulate(alone.begin(), alone.end(), size_t{0},
                            [](size_t sum, const auto& faces) { return sum + faces.size(); }),
            10U);
  for (const auto& other : others) {
    for (size_t i = 0; i < views.size(); ++i) {
      ASSERT_EQ(other[i].size(), alone[i].size()) << files[i].name;
      for (size_t k = 0; k < alone[i].size(); ++k) {
        EXPECT_NEAR(other[i][k].confidence, alone[i][k].confidence, 1e-4);
        EXPECT_NEAR(other[i][k].box.x1, alone[i][k].box.x1, 0.01);
        EXPECT_NEAR(other[i][k].box.y2, alone[i][k].box.y2, 0.01);
      }
    }
  }
}

}  // namespace
}  // namespace mtcnn
