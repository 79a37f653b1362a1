#include "mtcnn/labels/facts.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"

#include <cmath>
#include <limits>

#include "support/made_labels.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// `count` objects of one size in an image of 1000 x 800 pixels, away from its border.
ImageAnnotation image_of(const std::string& name, size_t count, double w, double h) {
  ImageAnnotation image{.image = name, .width = 1000, .height = 800};
  for (size_t i = 0; i < count; ++i)
    image.faces.push_back({.x = 100 + static_cast<double>(i), .y = 100, .w = w, .h = h, .category = "cat"});
  return image;
}

TEST(LabelFacts, InterpolatesQuantiles) {
  const Spread spread = spread_of({4, 1, 2, 3, 5});
  EXPECT_EQ(spread.count, 5U);
  EXPECT_EQ(spread.least, 1);
  EXPECT_DOUBLE_EQ(spread.p5, 1.2);
  EXPECT_EQ(spread.p25, 2);
  EXPECT_EQ(spread.median, 3);
  EXPECT_DOUBLE_EQ(spread.p95, 4.8);
  EXPECT_EQ(spread.greatest, 5);
  EXPECT_EQ(spread_of({7}).p95, 7);
  EXPECT_EQ(spread_of({}), Spread{});
  EXPECT_THROW(spread_of({1, std::nan("")}), ContractError);
}

TEST(LabelFacts, CountsWhatTheLabelsSay) {
  LabelSet set{.kind = "own", .images_folder = "images"};
  set.landmark_names = {"nose", "tail"};
  set.classes = {"cat", "dog", "cow"};
  set.images = {image_of("a.png", 2, 50, 100), image_of("empty.png", 0, 0, 0), image_of("unknown.png", 1, 8, 9)};
  set.images[0].faces[0].landmarks = ExactPoints{{1, 2}, {3, 4}};
  set.images[0].faces[1].x = 950;  // up to the border
  set.images[0].faces[1].category = "dog";
  set.images[0].faces.push_back({.x = 0, .y = 0, .w = 3000, .h = 1, .ignore = true, .category = "cat"});
  set.images[2].width = 0;
  set.images[2].faces[0].category.clear();
  set.dropped.add("box outside its image", "a.png");
  set.kept.add("crowd", "a.png");
  const LabelFacts facts = label_facts(set);
  EXPECT_EQ(facts.images, 3U);
  EXPECT_EQ(facts.images_without_objects, 1U);
  EXPECT_EQ(facts.images_without_size, 1U);
  EXPECT_EQ(facts.objects, 3U);
  EXPECT_EQ(facts.ignored, 1U);
  EXPECT_EQ(facts.points, 2U);
  EXPECT_EQ(facts.with_points, 1U);
  EXPECT_EQ(facts.classes, (std::vector<std::pair<std::string, size_t>>{{"cat", 1}, {"dog", 1}, {"cow", 0}}));
  EXPECT_EQ(facts.without_class, 1U);
  EXPECT_EQ(facts.objects_per_image.median, 1);
  EXPECT_EQ(facts.shorter_side.least, 8);
  EXPECT_EQ(facts.longer_side.greatest, 100);
  EXPECT_EQ(facts.relative_longer_side.count, 2U) << "where the image's size is known";
  EXPECT_EQ(facts.relative_longer_side.median, 0.1);
  EXPECT_EQ(facts.relative_shorter_side.median, 0.05);
  EXPECT_EQ(facts.aspect.median, 0.5);
  EXPECT_EQ(facts.at_border, 1U);
  EXPECT_EQ(facts.elongated, 2U);
  EXPECT_EQ(facts.below_window, 1U);
  EXPECT_EQ(facts.image_width.median, 1000);
  ASSERT_EQ(facts.dropped.size(), 1U);
  ASSERT_EQ(facts.kept.size(), 1U);

  const LabelAdvice advice = advise(facts);
  const Json json = facts_json(facts, advice);
  EXPECT_EQ(json["classes"][1], (Json{{"name", "dog"}, {"objects", 1}}));
  EXPECT_EQ(json["dropped"][0]["examples"][0], "a.png");
  EXPECT_EQ(json["longer_side"]["max"], 100);
  EXPECT_THAT(facts_text(facts, advice),
              AllOf(HasSubstr("3 images, 1 without objects; 3 objects, 1 more to be ignored"),
                    HasSubstr("96 .. 128         2  ####"),
                    HasSubstr("passed over: 1 x box outside its image, as a.png"), HasSubstr("(no class)")));
}

TEST(LabelFacts, NothingAtAllIsAnAnswer) {
  for (const bool images : {false, true}) {
    LabelSet set;
    if (images) set.images = {image_of("empty.png", 0, 0, 0)};
    const LabelFacts facts = label_facts(set);
    EXPECT_EQ(facts.objects, 0U);
    const LabelAdvice advice = advise(facts);
    EXPECT_FALSE(advice.min_face);
    EXPECT_FALSE(advice.square);
    EXPECT_FALSE(advice.points);
    EXPECT_THAT(facts_text(facts, advice), HasSubstr("there are no objects"));
    const Json json = facts_json(facts, advice);
    EXPECT_TRUE(json["advice"]["min_face"]["value"].is_null());
    EXPECT_TRUE(json["longer_side"].is_null());
    EXPECT_EQ(json["image_width"].is_null(), !images);
  }
}

TEST(LabelFacts, BoxesOfAnySizeHaveFiniteFacts) {
  LabelSet set;
  set.images = {image_of("a.png", 1, 1e308, 1e-308), image_of("b.png", 1, 1e-308, 1e308)};
  const LabelFacts facts = label_facts(set);
  EXPECT_TRUE(std::isfinite(facts.aspect.greatest));
  EXPECT_EQ(facts.elongated, 2U);
  EXPECT_EQ(advise(facts).min_face, 400) << "half of the image's shorter side";
  facts_text(facts, advise(facts));
}

TEST(LabelFacts, SmallestWindowFollowsTheSmallerObjects) {
  LabelSet set;
  set.images = {image_of("a.png", 95, 60, 90), image_of("b.png", 5, 7, 10)};
  const auto min_face = [&] { return advise(label_facts(set)).min_face; };
  EXPECT_EQ(min_face(), 86) << "between the fifth and the sixth object of a hundred";
  set.images[1] = image_of("b.png", 50, 7, 10);
  EXPECT_EQ(min_face(), 12) << "P-Net's window";
  EXPECT_THAT(advise(label_facts(set)).min_face_reason, HasSubstr("P-Net's window"));
  set.images = {image_of("a.png", 10, 700, 750)};
  EXPECT_EQ(min_face(), 400) << "an image smaller than min_face is not searched";
  EXPECT_THAT(advise(label_facts(set)).min_face_reason, HasSubstr("shorter side is below min_face"));
  set.images[0].height = 0;
  EXPECT_EQ(min_face(), 750) << "no image's size is known";
}

TEST(LabelFacts, SquareIsForElongatedObjects) {
  EXPECT_NEAR(1 / (2 * std::sqrt(kMostElongation) - 1), kPositiveOverlap, 1e-3);
  LabelSet set;
  set.images = {image_of("a.png", 80, 100, 130), image_of("b.png", 20, 100, 170)};
  EXPECT_FALSE(advise(label_facts(set)).square);
  set.images[1] = image_of("b.png", 21, 170, 100);
  const LabelAdvice advice = advise(label_facts(set));
  EXPECT_TRUE(advice.square);
  EXPECT_THAT(advice.square_reason, HasSubstr("20.8 % of the objects are more than 1.61 times as long as wide"));
}

TEST(LabelKinds, AreToldByTheirFiles) {
  const testing::TempFolder folder;
  const LabelSet set = testing::made_labels(folder / "made");
  for (const std::string& kind : testing::kinds()) {
    write_labels(set, kind, folder / kind, "object");
    EXPECT_EQ(guess_label_kind(folder / kind), kind);
  }
  EXPECT_EQ(guess_label_kind(folder / "coco" / "annotations.json"), "coco");
  write_text(folder / "attributes" / "a.xml", "<annotation verified=\"yes\"></annotation>");
  EXPECT_EQ(guess_label_kind(folder / "attributes"), "voc");
  EXPECT_EQ(guess_label_kind(folder / "made" / "images"), "");
  EXPECT_EQ(guess_label_kind(folder / "missing"), "");
}

}  // namespace
}  // namespace mtcnn
