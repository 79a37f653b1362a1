#include "mtcnn/pipeline/new_object.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/text.h"
#include "mtcnn/pipeline/image_split.h"
#include "mtcnn/pipeline/options.h"
#include "mtcnn/train/options.h"

#include <algorithm>

#include "data_prep/options.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Images of 640 x 480 pixels named a_0.jpg, a_1.jpg …, each with one object of this size, away from the border.
LabelSet made_set(size_t images, double w = 100, double h = 100, const std::string& name = "raccoon") {
  LabelSet set{.kind = "own", .images_folder = "images"};
  set.classes = {name};
  for (size_t i = 0; i < images; ++i) {
    set.images.push_back({.image = concat("a_", i, ".jpg"), .width = 640, .height = 480});
    set.images.back().faces = {{.x = 50, .y = 60, .w = w, .h = h, .category = name}};
  }
  return set;
}

std::vector<std::string> names_of(const LabelSet& set) {
  std::vector<std::string> names;
  for (const ImageAnnotation& image : set.images) names.push_back(image.image);
  return names;
}

ObjectPlan plan_of(const LabelSet& set, const NewObjectOptions& options = {}) {
  return plan_object(set, label_facts(set), options);
}

std::string refusal(const LabelSet& set, const NewObjectOptions& options = {}) {
  return testing::error_message(ErrorCode::usage, [&] { plan_of(set, options); });
}

TEST(SplitImages, EveryFifthIsHeldOut) {
  const ImageSplit split = split_images(made_set(11), 0.2, "image");
  EXPECT_THAT(names_of(split.held_out), ElementsAre("a_0.jpg", "a_5.jpg", "a_10.jpg"));
  EXPECT_EQ(split.training.images.size(), 8U);
  EXPECT_EQ(split.groups, 11U);
  EXPECT_EQ(split.training.classes, std::vector<std::string>{"raccoon"});
}

TEST(SplitImages, GroupsStayTogether) {
  LabelSet set = made_set(6);
  const std::vector<std::string> films = {"b/cat_001.jp2", "a/dog_7.jpg", "b/cat_002.jp2",
                                          "a/dog_8.jpg",   "b/dog_1.jpg", "c/dog_9.jpg"};
  for (size_t i = 0; i < films.size(); ++i) set.images[i].image = films[i];
  const ImageSplit by_name = split_images(set, 0.5, "name");
  EXPECT_EQ(by_name.groups, 4U);
  EXPECT_THAT(names_of(by_name.held_out), ElementsAre("b/cat_001.jp2", "b/cat_002.jp2", "b/dog_1.jpg"));
  const ImageSplit by_folder = split_images(set, 0.34, "folder");
  EXPECT_EQ(by_folder.groups, 3U);
  EXPECT_THAT(names_of(by_folder.held_out), ElementsAre("b/cat_001.jp2", "b/cat_002.jp2", "b/dog_1.jpg"));
  const auto one_group = [] { split_images(made_set(4), 0.2, "name"); };
  EXPECT_THAT(testing::error_message(ErrorCode::usage, one_group), HasSubstr("1 group"));
  EXPECT_THAT(testing::error_message(ErrorCode::usage, [] { split_images(made_set(4), 0.2, "day"); }),
              HasSubstr("image, folder or name"));
  EXPECT_THROW(split_images(LabelSet{}, 0.2, "image"), Error);
}

TEST(PartOf, IsSpreadOverTheSet) {
  EXPECT_THAT(names_of(part_of(made_set(8), 0.25)), ElementsAre("a_0.jpg", "a_4.jpg"));
  EXPECT_EQ(part_of(made_set(7), 0.5).images.size(), 4U);
  EXPECT_EQ(part_of(made_set(1), 0.01).images.size(), 1U);
}

TEST(PlanObject, SuitsTheSizeOfTheDataSet) {
  const ObjectPlan few = plan_of(made_set(60));
  const ObjectPlan some = plan_of(made_set(1000));
  const ObjectPlan many = plan_of(made_set(30000));
  EXPECT_TRUE(few.regularised);
  EXPECT_FALSE(many.regularised);
  EXPECT_GT(few.crops_per_object, some.crops_per_object);
  EXPECT_GT(some.crops_per_object, many.crops_per_object);
  EXPECT_GE(many.crops_per_object, 10);
  EXPECT_TRUE(few.from_face_nets);
  EXPECT_TRUE(some.from_face_nets);
  EXPECT_FALSE(many.from_face_nets);
  EXPECT_THAT(join(few.notices, "\n"), HasSubstr("only 60 objects"));
  EXPECT_THAT(join(some.notices, "\n"), ::testing::Not(HasSubstr("only")));
  EXPECT_EQ(plan_of(made_set(30000), {.init = "default"}).from_face_nets, true);
  EXPECT_EQ(plan_of(made_set(60), {.init = "none"}).from_face_nets, false);
  const ObjectPlan longer = plan_of(made_set(60), {.minutes = 12});
  for (size_t net = 0; net < 3; ++net) {
    EXPECT_GT(few.steps[net], 100);
    EXPECT_NEAR(static_cast<double>(longer.steps[net]), 2.0 * static_cast<double>(few.steps[net]), 2);
  }
  for (const Decision& decision : few.decisions) {
    EXPECT_FALSE(decision.what.empty());
    EXPECT_FALSE(decision.why.empty()) << decision.what;
  }
}

TEST(PlanObject, SuitsTheShapeOfTheObjects) {
  EXPECT_FALSE(plan_of(made_set(60)).square);
  EXPECT_TRUE(plan_of(made_set(60, 50, 130)).square);
  EXPECT_TRUE(plan_of(made_set(60, 130, 50)).square);
  EXPECT_EQ(plan_of(made_set(60)).padding, 0);
  EXPECT_GT(plan_of(made_set(60, 500, 400)).padding, 0) << "large objects";
  LabelSet border = made_set(60);
  for (ImageAnnotation& image : border.images) image.faces[0].x = 0;
  EXPECT_GT(plan_of(border).padding, 0) << "objects that the border cuts off";
  EXPECT_EQ(plan_of(made_set(60)).min_face, 100);
}

TEST(PlanObject, TakesPointsAndPairsThemByTheirNames) {
  LabelSet set = made_set(60);
  set.landmark_names = {"left_ear", "nose", "right_ear", "tail_left", "tail_right", "left_paw"};
  for (ImageAnnotation& image : set.images) image.faces[0].landmarks = ExactPoints(6, {60, 70});
  const ObjectPlan plan = plan_of(set);
  EXPECT_EQ(plan.landmarks.names, set.landmark_names);
  EXPECT_THAT(plan.landmarks.mirror, ElementsAre(2, 1, 0, 4, 3, 5)) << "a left without its right stays";
  EXPECT_EQ(plan_of(made_set(60)).landmarks.count(), 0U);
  const auto configs = object_configs(plan, "train", "held_out", "face_nets");
  EXPECT_EQ(configs.at("prepare.json")["landmarks"]["names"], Json(set.landmark_names));
  EXPECT_EQ(configs.at("pipeline.json")["evaluate"].size(), 2U);
}

TEST(PlanObject, FindsOneKindOfObject) {
  LabelSet set = made_set(60);
  EXPECT_EQ(plan_of(set).name, "raccoon");
  EXPECT_EQ(plan_of(set, {.name = "racoon"}).name, "racoon");
  set.classes.emplace_back("fox");
  set.images[3].faces[0].category = "fox";
  EXPECT_THAT(refusal(set), ::testing::AllOf(HasSubstr("raccoon (59), fox (1)"), HasSubstr("--classes")));
  EXPECT_EQ(plan_of(set, {.name = "animal"}).name, "animal");
  set.classes.clear();
  for (ImageAnnotation& image : set.images) image.faces[0].category.clear();
  EXPECT_EQ(plan_of(set).name, "object");
}

TEST(PlanObject, RefusesTooFewObjects) {
  EXPECT_THAT(refusal(made_set(19)), HasSubstr("found 19 in 19 images"));
  EXPECT_THAT(refusal(LabelSet{}), HasSubstr("found 0"));
  EXPECT_NO_THROW(plan_of(made_set(20)));
}

/// False boxes are counted on images without an object; where these are few, boxes beside the labels count too.
TEST(PlanObject, SaysHowThresholdsAreChosen) {
  LabelSet set = made_set(60);
  const auto said = [](const ObjectPlan& plan) {
    std::string text;
    for (const Decision& decision : plan.decisions) text += decision.why + "\n";
    return text + join(plan.notices, "\n");
  };
  EXPECT_THAT(said(plan_of(set)), HasSubstr("every image has an object"));
  set.images.push_back({.image = "empty.jpg", .width = 640, .height = 480});
  EXPECT_THAT(said(plan_of(set)), ::testing::AllOf(HasSubstr("only 1 training image without an object, so boxes"),
                                                   HasSubstr("some images (10 or more)"),
                                                   ::testing::Not(HasSubstr("every image has an object"))));
  for (int i = 0; i < 9; ++i) set.images.push_back({.image = concat("empty", i, ".jpg"), .width = 640, .height = 480});
  EXPECT_THAT(said(plan_of(set)),
              ::testing::AllOf(HasSubstr("counted on 10 training images"), ::testing::Not(HasSubstr("some images"))));
}

/// What is written is what the other commands read.
TEST(ObjectConfigs, AreReadByThePipeline) {
  const testing::TempFolder folder;
  for (const ObjectPlan& plan :
       {plan_of(made_set(60)), plan_of(made_set(5000, 500, 300), {.init = "none", .mirror = false})}) {
    const auto configs =
        object_configs(plan, "data/train", "data/held_out", "face_nets", {{20, "curve/20/pipeline.json"}});
    ASSERT_EQ(configs.size(), 5U);
    const PipelineOptions pipeline = read_pipeline_options(configs.at("pipeline.json"), folder / "pipeline.json");
    EXPECT_EQ(pipeline.object, "raccoon");
    EXPECT_TRUE(pipeline.out == folder.path() || pipeline.out == folder.path() / "") << pipeline.out;
    EXPECT_EQ(pipeline.rounds[0].init, plan.from_face_nets ? "face_nets" : "");
    EXPECT_EQ(pipeline.learning_curve[0].images, 20);
    EXPECT_EQ(pipeline.calibrate.path, "data/train");
    PrepareOptions prepare;
    apply_prepare_options(prepare, configs.at("prepare.json"), "prepare.json", folder.path());
    check_prepare_options(prepare);
    EXPECT_EQ(prepare.layout().count(), 0U);
    EXPECT_EQ(prepare.onet.square, plan.square);
    EXPECT_FLOAT_EQ(prepare.onet.mine.padding, static_cast<float>(plan.padding));
    for (const NetKind net : kNetKinds) {
      TrainOptions train = default_train_options(net);
      train_option_table().apply(train, configs.at(concat(net_name(net), ".json")), "train");
      check_train_options(train);
      EXPECT_EQ(train.batch.steps_per_epoch, plan.steps[static_cast<size_t>(net)]);
      EXPECT_EQ(train.augment.mirror, plan.mirror ? 0.5 : 0);
      EXPECT_EQ(train.epochs, 1) << "so the images that are held out choose nothing";
    }
  }
}

}  // namespace
}  // namespace mtcnn
