#include "mtcnn/detect/detector.h"

#include "mtcnn/core/error.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/read.h"
#include "mtcnn/model/model_folder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/shared_data.h"
#include "unit/detect/made_detectors.h"
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

TEST(Detector, FindsSomethingByFallingConfidence) {
  const Image image = noise(160, 120, 1);
  const std::vector<Face> faces = random_detector().detect(image.view());
  ASSERT_GT(faces.size(), 1U) << "the random nets of this test should let something through";
  for (size_t i = 1; i < faces.size(); ++i) EXPECT_GE(faces[i - 1].confidence, faces[i].confidence);
}

TEST(Detector, ABatchOfMixedSizesGivesTheSameAsOneByOne) {
  std::vector<Image> images;
  std::vector<ImageView> views;
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{120, 90}, {33, 200}, {8, 8}, {200, 150}, {64, 64}, {0, 0}, {300, 20}}) {
    images.push_back(noise(width, height, static_cast<uint32_t>(width)));
  }
  for (const Image& image : images) views.push_back(image.view());
  const auto together = random_detector().detect(views);
  ASSERT_EQ(together.size(), views.size());
  for (size_t i = 0; i < views.size(); ++i) expect_same(together[i], random_detector().detect(views[i]));
}

TEST(Detector, ThreadsChangeNothing) {
  const Image image = noise(200, 160, 4);
  const int before = thread_count();
  set_threads(1);
  const std::vector<Face> one = random_detector().detect(image.view());
  set_threads(2);
  const std::vector<Face> two = random_detector().detect(image.view());
  set_threads(before);
  expect_same(two, one);
}

TEST(Detector, FourThreadsAtOnceGiveTheSame) {
  expect_four_threads_give_the_same(random_detector(), noise(150, 150, 9));
}

TEST(Detector, TinyAndOddPicturesGiveNothingOrSomethingButNeverFail) {
  for (int side = 0; side <= 11; ++side)
    EXPECT_TRUE(random_detector().detect(noise(side, side, 1).view()).empty()) << side;
  EXPECT_TRUE(random_detector().detect(noise(1, 5000, 1).view()).empty());
  EXPECT_NO_THROW(random_detector().detect(noise(5000, 25, 1).view()));
  EXPECT_NO_THROW(random_detector().detect(Image(300, 200).view()));  // all black
  EXPECT_TRUE(random_detector().detect(std::span<const ImageView>()).empty());
}

TEST(Detector, RefusesUnknownDevices) {
  EXPECT_THROW(made_detector("gpu"), Error);
  EXPECT_THROW(made_detector("cuda:x"), Error);
  EXPECT_NO_THROW(made_detector("auto"));
  EXPECT_THROW(made_detector("cuda"), Error) << "nothing here computes there";
  EXPECT_THROW(made_detector("cpu:torch"), Error);
}

/// Support raises confidences where other windows agree, and changes neither boxes nor which faces there are.
TEST(Detector, SupportRaisesConfidences) {
  const Image image = noise(200, 160, 4);
  DetectorOptions options = random_detector().options();
  const std::vector<Face> plain = random_detector().detect(image.view());
  options.confidence.support = 1;
  const std::vector<Face> weighed = random_detector().with(set_to(options)).detect(image.view());
  ASSERT_EQ(weighed.size(), plain.size());
  int raised = 0;
  for (size_t i = 0; i < weighed.size(); ++i) {
    if (i > 0) {
      EXPECT_LE(weighed[i].confidence, weighed[i - 1].confidence);
    }
    const auto same = std::find_if(plain.begin(), plain.end(), [&](const Face& face) {
      return face.box.x1 == weighed[i].box.x1 && face.box.y1 == weighed[i].box.y1;
    });
    ASSERT_NE(same, plain.end());
    EXPECT_GE(weighed[i].confidence, same->confidence);
    EXPECT_LE(weighed[i].confidence, 1);
    raised += weighed[i].confidence > same->confidence ? 1 : 0;
  }
  EXPECT_GT(raised, 0);
}

/// A face's box and points are the mean of the windows that overlap it; which faces there are stays the same.
TEST(Detector, WindowsThatAgreeVoteForTheBox) {
  DetectorOptions options = random_detector().options();
  options.confidence.support = 0;
  const Image image = noise(200, 160, 4);
  const std::vector<Face> plain = random_detector().with(set_to(options)).detect(image.view());
  options.confidence.box_voting = 0.6F;
  const Trace trace = random_detector().with(set_to(options)).trace(image.view());
  ASSERT_EQ(trace.faces.size(), plain.size());
  int moved = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(trace.faces[i].confidence, plain[i].confidence);
    float weights = 0;
    float right = 0;
    float nose = 0;
    for (const Answer& window : trace.onet) {
      if (iou(window.box, plain[i].box) < 0.6F) continue;
      weights += window.score;
      right += window.score * window.box.x2;
      nose += window.score * window.landmarks[2].y;
    }
    EXPECT_NEAR(trace.faces[i].box.x2, right / weights, 1e-3);
    EXPECT_NEAR(trace.faces[i].landmarks[2].y, nose / weights, 1e-3);
    moved += trace.faces[i].box.x2 != plain[i].box.x2 ? 1 : 0;
  }
  EXPECT_GT(moved, 0);
}

/// Plain: as if the model had no weights of its own, and they are still there when it is switched off again.
TEST(Detector, PlainIsThePapersWay) {
  const Detector tuned = random_detector().with([](DetectorOptions& options) {
    options.confidence = {
        .pnet_weight = 0.3F, .rnet_weight = 0.5F, .support = 1, .box_voting = 0.6F, .mirror_weight = 0.7F};
  });
  const Detector plain = tuned.with([](DetectorOptions& options) { options.confidence.plain = true; });
  const Image image = noise(200, 160, 4);
  const std::vector<Face> paper = random_detector().detect(image.view());
  const std::vector<Face> faces = tuned.detect(image.view());
  ASSERT_FALSE(paper.empty());
  expect_same(plain.detect(image.view()), paper);
  EXPECT_NE(faces.front().confidence, paper.front().confidence);
  expect_same(plain.with([](DetectorOptions& options) { options.confidence.plain = false; }).detect(image.view()),
              faces);
}

TEST(Detector, WithStartsFromTheOptionsThatAreThere) {
  const Detector changed = random_detector().with([](DetectorOptions& options) { options.min_face = 40; });
  EXPECT_EQ(changed.options().min_face, 40);
  EXPECT_EQ(changed.options().thresholds, random_detector().options().thresholds);
}

float logit(float probability) { return std::log(probability / (1 - probability)); }

/// Each face's confidence is the probability of the weighted mean of what the three nets said on its way.
TEST(Detector, NetsVoteWithTheirWeights) {
  DetectorOptions options = random_detector().options();
  options.nms_onet = 1;
  options.confidence.pnet_weight = 0.25F;
  options.confidence.rnet_weight = 0.5F;
  const Trace trace = random_detector().with(set_to(options)).trace(noise(200, 160, 4).view());
  const auto same = [](const Box& a, const Box& b) {
    return a.x1 == b.x1 && a.y1 == b.y1 && a.x2 == b.x2 && a.y2 == b.y2;
  };
  ASSERT_FALSE(trace.after_rnet.empty());
  for (const Window& window : trace.after_rnet) {
    const auto rnet =
        std::ranges::find_if(trace.rnet, [&](const Answer& it) { return same(square(it.box), window.box); });
    ASSERT_NE(rnet, trace.rnet.end());
    const auto pnet =
        std::ranges::find_if(trace.after_pnet, [&](const Window& it) { return same(it.box, rnet->window); });
    ASSERT_NE(pnet, trace.after_pnet.end());
    EXPECT_NEAR(window.votes, 0.25F * logit(pnet->score) + 0.5F * logit(rnet->score), 1e-3);
  }
  ASSERT_FALSE(trace.faces.empty());
  for (const Face& face : trace.faces) {
    const auto onet = std::ranges::find_if(trace.onet, [&](const Answer& it) { return same(it.box, face.box); });
    ASSERT_NE(onet, trace.onet.end());
    const auto window =
        std::ranges::find_if(trace.after_rnet, [&](const Window& it) { return same(it.box, onet->window); });
    ASSERT_NE(window, trace.after_rnet.end());
    EXPECT_NEAR(logit(face.confidence), (window->votes + logit(onet->score)) / 1.75F, 1e-3);
  }
}

TEST(Detector, PaddingFindsFacesThatFillTheImage) {
  const Image portrait = read_image(std::string(MTCNN_SAMPLES_DIR) + "/astronaut.jpg");
  const Detector detector;
  const std::vector<Face> faces = detector.detect(portrait.view());
  ASSERT_FALSE(faces.empty());
  const Box& box = faces.front().box;
  constexpr int kCut = 14;  // pixels of the face on each side that are not in the image
  const auto x = static_cast<int>(box.x1) + kCut;
  const auto y = static_cast<int>(box.y1) + kCut;
  const auto width = static_cast<int>(box.width()) - 2 * kCut;
  const auto height = static_cast<int>(box.height()) - 2 * kCut;
  const ImageView close_up{portrait.row(y) + ptrdiff_t{3} * x, width, height, ptrdiff_t{3} * portrait.width()};
  const Box whole{-kCut, -kCut, static_cast<float>(width + kCut), static_cast<float>(height + kCut)};
  const auto overlap = [&](float padding) {
    const std::vector<Face> found =
        detector.with([&](DetectorOptions& options) { options.padding = padding; }).detect(close_up);
    return found.empty() ? 0 : iou(found.front().box, whole);
  };
  EXPECT_GT(overlap(0.6F), 0.5F);
  EXPECT_GT(overlap(0.6F), overlap(0) + 0.2F);
}

TEST(Detector, PaddingOfAnEmptyOrTinyImageFindsNothing) {
  const Detector padded = random_detector().with([](DetectorOptions& options) { options.padding = 2; });
  EXPECT_TRUE(padded.detect(Image().view()).empty());
  EXPECT_NO_THROW(padded.detect(noise(1, 1, 1).view()));
  EXPECT_NO_THROW(padded.detect(noise(3, 200, 1).view()));
}

TEST(Detector, MinFaceLargerThanThePictureFindsNothing) {
  DetectorOptions options = random_detector().options();
  options.min_face = 500;
  EXPECT_TRUE(random_detector().with(set_to(options)).detect(noise(200, 300, 1).view()).empty());
}

TEST(Detector, ClipKeepsBoxesInside) {
  DetectorOptions options = random_detector().options();
  options.clip = true;
  const Image image = noise(120, 100, 5);
  for (const Face& face : random_detector().with(set_to(options)).detect(image.view())) {
    EXPECT_GE(face.box.x1, 0);
    EXPECT_GE(face.box.y1, 0);
    EXPECT_LE(face.box.x2, 120);
    EXPECT_LE(face.box.y2, 100);
  }
}

TEST(Detector, MaxSideActsAsAShrunkPicture) {
  DetectorOptions shrunk = random_detector().options();
  shrunk.max_side = 150;  // half: a smallest face of 20 is one of 40
  DetectorOptions larger = random_detector().options();
  larger.min_face = 40;
  const Image image = noise(300, 200, 8);
  expect_same(random_detector().with(set_to(shrunk)).detect(image.view()),
              random_detector().with(set_to(larger)).detect(image.view()));
}

TEST(Detector, EverythingPassingStaysBounded) {
  DetectorOptions options = random_detector().options();
  options.thresholds = {0, 0, 0};
  options.engine.max_windows = 500;
  const std::vector<Face> faces = random_detector().with(set_to(options)).detect(noise(400, 300, 2).view());
  EXPECT_FALSE(faces.empty());
  EXPECT_LE(faces.size(), 500U);
}

/// The model inside the library, on images whose faces are known.
TEST(Detector, TheDefaultModelFindsTheSamplePortraits) {
  const Detector detector(default_model(), "cpu");
  const std::vector<std::pair<const char*, Box>> portraits = {{"astronaut.jpg", {175, 60, 272, 175}},
                                                              {"grace_hopper.jpg", {168, 110, 350, 335}}};
  for (const auto& [name, expected] : portraits) {
    const Image image = read_image(testing::source_folder() / "samples" / name);
    const std::vector<Face> faces = detector.detect(image.view());
    ASSERT_EQ(faces.size(), 1U) << name;
    EXPECT_GT(iou(faces[0].box, expected), 0.7F) << name;
    EXPECT_GT(faces[0].confidence, 0.99F) << name;
    EXPECT_LT(faces[0].landmarks[0].x, faces[0].landmarks[1].x);
    EXPECT_LT(faces[0].landmarks[2].y, faces[0].landmarks[3].y);
  }
}

/// Rounding to 15 bits moves a face by less than a thousandth of its side.
TEST(Detector, FixedPointHardlyMovesAFace) {
  const Detector rounded(default_model(), "cpu");
  DetectorOptions options = rounded.options();
  EXPECT_TRUE(options.engine.fixed_point);
  options.engine.fixed_point = false;
  const Detector exact = rounded.with(set_to(options));
  for (const char* name : {"astronaut.jpg", "grace_hopper.jpg"}) {
    const Image image = read_image(testing::source_folder() / "samples" / name);
    const std::vector<Face> faces = rounded.detect(image.view());
    const std::vector<Face> expected = exact.detect(image.view());
    ASSERT_EQ(faces.size(), expected.size()) << name;
    for (size_t i = 0; i < faces.size(); ++i) {
      const float most = 1e-3F * expected[i].box.width();
      EXPECT_NEAR(faces[i].confidence, expected[i].confidence, 5e-3F) << name;
      EXPECT_NEAR(faces[i].box.x1, expected[i].box.x1, most) << name;
      EXPECT_NEAR(faces[i].box.y2, expected[i].box.y2, most) << name;
      for (size_t k = 0; k < kLandmarkCount; ++k)
        EXPECT_NEAR(faces[i].landmarks[k].y, expected[i].landmarks[k].y, most) << name;
    }
  }
}

/// Screening in 8-bit arithmetic only saves time.
TEST(Detector, ScreeningChangesNoFace) {
  const Detector screened(default_model(), "cpu");
  DetectorOptions options = screened.options();
  options.engine.screen = false;
  const Detector plain = screened.with(set_to(options));
  for (const char* name : {"astronaut.jpg", "grace_hopper.jpg"}) {
    const Image image = read_image(testing::source_folder() / "samples" / name);
    const std::vector<Face> faces = screened.detect(image.view());
    const std::vector<Face> expected = plain.detect(image.view());
    ASSERT_EQ(faces.size(), expected.size()) << name;
    for (size_t i = 0; i < faces.size(); ++i) {
      EXPECT_EQ(faces[i].box.x1, expected[i].box.x1) << name;
      EXPECT_EQ(faces[i].box.y2, expected[i].box.y2) << name;
      EXPECT_NEAR(faces[i].confidence, expected[i].confidence, 1e-3) << name;
    }
  }
}

TEST(Detector, ATraceTellsWhatTheSearchDid) {
  const Image image = noise(1100, 700, 6);  // its largest level is cut into tiles
  DetectorOptions options = random_detector().options();
  options.min_face = 12;
  options.engine.max_windows = 100;
  const Detector detector = random_detector().with(set_to(options));
  const Trace trace = detector.trace(image.view());
  const ImageView view = image.view();
  const Found found = detector.detect_stages(std::span(&view, 1)).front();

  const std::vector<Level> levels = pyramid_levels(1100, 700, 12, 0, options.factor);
  ASSERT_EQ(trace.levels.size(), levels.size());
  for (size_t i = 0; i < levels.size(); ++i) {
    const LevelTrace& level = trace.levels[i];
    EXPECT_EQ(level.level.width, levels[i].width);
    ASSERT_EQ(level.pixels.size(), static_cast<size_t>(levels[i].width * levels[i].height * 3));
    ASSERT_EQ(level.probabilities.size(), static_cast<size_t>(levels[i].columns() * levels[i].rows()));
    EXPECT_TRUE(std::all_of(level.probabilities.begin(), level.probabilities.end(),
                            [](float p) { return p > 0 && p < 1; }));  // every cell was written
    for (const Window& window : level.windows) {
      const auto column = std::lround(window.box.x1 * levels[i].scale_x / kPNetStride);
      const auto row = std::lround(window.box.y1 * levels[i].scale_y / kPNetStride);
      EXPECT_EQ(level.probabilities[static_cast<size_t>(row * levels[i].columns() + column)], window.score);
    }
  }
  // Level 0 has the image's own size, so its pixels are the image's.
  EXPECT_EQ(trace.levels[0].level.width, 1100);
  const size_t last = trace.levels[0].pixels.size() - 1;
  EXPECT_NEAR(trace.levels[0].pixels[last], (image.row(699)[1100 * 3 - 1] - 127.5F) / 128, 1e-5);

  ASSERT_EQ(trace.after_pnet.size(), found.after_pnet.size());
  ASSERT_EQ(trace.after_rnet.size(), found.after_rnet.size());
  EXPECT_EQ(trace.after_pnet[0].box.x1, found.after_pnet[0].x1);
  EXPECT_EQ(trace.after_rnet[0].box.x1, found.after_rnet[0].x1);
  EXPECT_GE(trace.rnet.size(), trace.after_rnet.size());
  EXPECT_GE(trace.onet.size(), trace.faces.size());
  ASSERT_EQ(trace.faces.size(), found.faces.size());
  ASSERT_GT(trace.faces.size(), 0U);
  for (size_t i = 0; i < trace.faces.size(); ++i) EXPECT_EQ(trace.faces[i].box.x1, found.faces[i].box.x1);
  EXPECT_TRUE(detector.trace({}).levels.empty());
}

TEST(Detector, RefusesOptionsOutsideTheirRange) {
  const auto refused = [](auto change) {
    DetectorOptions options;
    change(options);
    EXPECT_THROW(random_detector().with(set_to(options)), Error);
  };
  refused([](DetectorOptions& o) { o.min_face = 0; });
  refused([](DetectorOptions& o) { o.min_face = -3; });
  refused([](DetectorOptions& o) { o.min_face = NAN; });
  refused([](DetectorOptions& o) { o.factor = 1; });
  refused([](DetectorOptions& o) { o.factor = 0; });
  refused([](DetectorOptions& o) { o.factor = 0.999F; });
  refused([](DetectorOptions& o) { o.thresholds = {0.6F, 1.5F, 0.7F}; });
  refused([](DetectorOptions& o) { o.thresholds[0] = -0.1F; });
  refused([](DetectorOptions& o) { o.nms_onet = 2; });
  refused([](DetectorOptions& o) { o.max_side = -1; });
}

TEST(Detector, RefineAnswersForEachWindowAsOnetDoes) {
  const Image image = noise(160, 120, 1);
  const ImageView view = image.view();
  DetectorOptions options = random_detector().options();
  options.nms_onet = 1;  // so that the search drops nothing either
  options.confidence.support = 0;
  const Detector detector = random_detector().with(set_to(options));
  const Found found = detector.detect_stages(std::span(&view, 1)).front();
  std::vector<Box> windows = found.after_rnet;
  ASSERT_FALSE(windows.empty());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  windows.push_back({500, 500, 560, 560});
  windows.push_back({nan, 0, 10, 10});
  windows.push_back({5, 5, 5, 5});
  StageTimes times;
  const std::vector<std::optional<Face>> answers = detector.refine(view, windows, &times);
  ASSERT_EQ(answers.size(), windows.size());
  EXPECT_GT(times.onet_s, 0);
  EXPECT_EQ(times.pnet_s, 0);
  std::vector<Face> passed;
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_FALSE(i >= found.after_rnet.size() && answers[i]) << "no window of this picture";
    if (answers[i]) passed.push_back(*answers[i]);
  }
  std::stable_sort(passed.begin(), passed.end(),
                   [](const Face& a, const Face& b) { return a.confidence > b.confidence; });
  expect_same(passed, found.faces);
  EXPECT_TRUE(detector.refine(view, {}).empty());
}

}  // namespace
}  // namespace mtcnn
