#include "mtcnn/pipeline/new_object.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/calibration.h"

#include <algorithm>
#include <cmath>

namespace mtcnn {
namespace {

constexpr int64_t kFewObjects = 150;     ///< fewer get a notice
constexpr int64_t kManyObjects = 20000;  ///< from here on nets learn as well from random weights
constexpr int64_t kOverfitted = 5000;    ///< with fewer objects O-Net learns them by heart
constexpr double kCrops = 16000;         ///< of each kind that are wanted in all
constexpr int kMostCrops = 200;          ///< of each kind from one object or image: more are alike
constexpr int kFewestCrops = 12;
constexpr double kPadding = 0.3;
constexpr double kOftenAtBorder = 0.1;  ///< share of the objects at the images' borders from which on padding helps
constexpr double kLargeObject = 0.5;    ///< of the image's longer side, which 5 % of the objects exceed: likewise
constexpr double kFalseBoxes = 0.1;

/// What two ordinary cores learn in a second, the share of the time and the crops of a step: P-Net, R-Net, O-Net.
struct NetPace {
  double crops_per_second;
  double share;
  int batch;
};
constexpr NetPace kNetPaces[] = {{40000, 0.06, 256}, {4000, 0.22, 128}, {700, 0.72, 64}};

/// Points that a mirror image exchanges: "left_eye" and "right_eye", "mouth_left" and "mouth_right".
LandmarkLayout layout_of(const std::vector<std::string>& names) {
  LandmarkLayout layout{.names = names};
  for (size_t i = 0; i < names.size(); ++i) layout.mirror.push_back(i);
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t at = names[i].find("left");
    if (at == std::string::npos) continue;
    std::string other = names[i];
    other.replace(at, 4, "right");
    const auto found = std::find(names.begin(), names.end(), other);
    if (found == names.end()) continue;
    const auto place = static_cast<size_t>(found - names.begin());
    layout.mirror[i] = place;
    layout.mirror[place] = i;
  }
  return layout;
}

std::string percent(double share) { return concat(std::lround(100 * share), " %"); }

class ObjectPlanner {
 public:
  ObjectPlanner(const LabelSet& set, const LabelFacts& facts, const NewObjectOptions& options)
      : set_(set), facts_(facts), options_(options), objects_(static_cast<int64_t>(facts.objects)) {}

  ObjectPlan plan() {
    require_enough();
    plan_.name = name();
    plan_windows();
    plan_padding();
    plan_points();
    plan_start();
    plan_amount();
    plan_search();
    plan_calibration();
    return std::move(plan_);
  }

 private:
  void decide(std::string what, std::string why) { plan_.decisions.push_back({std::move(what), std::move(why)}); }

  void require_enough() {
    if (objects_ < kFewestObjects)
      throw Error(ErrorCode::usage, "too few objects to learn from",
                  {.found = concat(objects_, " in ", facts_.images, " images, after those that are held out"),
                   .expected = concat(kFewestObjects, " or more; 200 give a first detector"),
                   .hint = "label more images, or hold out fewer (--held-out)"});
    if (objects_ < kFewObjects)
      plan_.notices.push_back(concat("only ", objects_,
                                     " objects to learn from: expect a weak detector; 200 give a "
                                     "first one, and every doubling helps"));
  }

  std::string name() const {
    if (!options_.name.empty()) return options_.name;
    if (facts_.classes.empty()) return "object";
    if (facts_.classes.size() == 1) return facts_.classes.front().first;
    std::vector<std::string> names;
    for (const auto& [name, count] : facts_.classes) names.push_back(concat(name, " (", count, ")"));
    throw Error(ErrorCode::usage, "several classes of objects, and the cascade finds one",
                {.found = join(names, ", "),
                 .hint = "--classes picks those that count; --name NAME takes all that count as one"});
  }

  void plan_windows() {
    const LabelAdvice advice = advise(facts_);
    plan_.min_face = advice.min_face.value_or(plan_.min_face);
    decide(concat("smallest window searched: ", plan_.min_face, " pixels (min_face)"), advice.min_face_reason);
    const double elongation = std::max({facts_.aspect.p95, facts_.aspect.p5 > 0 ? 1 / facts_.aspect.p5 : 0, 1.0});
    plan_.square = advice.square || elongation > kSquareFrom;
    decide(plan_.square ? "windows are compared with the square round an object (square)"
                        : "windows are compared with the object's own box (not square)",
           plan_.square ? concat("5 % of the objects are more than ", fixed(elongation, 1),
                                 " times as long as wide one way, and windows are squares; boxes found keep the "
                                 "object's own shape")
                        : "the objects are nearly square");
  }

  void plan_padding() {
    const double at_border = static_cast<double>(facts_.at_border) / static_cast<double>(facts_.objects);
    const double large = facts_.relative_longer_side.p95;
    if (at_border < kOftenAtBorder && large < kLargeObject) return;
    plan_.padding = kPadding;
    decide(concat("the search goes on beyond the image's edges (padding ", fixed(kPadding, 1), ")"),
           concat(percent(at_border), " of the objects touch the image's border, and 5 % are longer than ",
                  percent(large), " of the image: windows within the image alone would miss them"));
  }

  void plan_points() {
    plan_.mirror = options_.mirror;
    decide(options_.mirror ? "half of all crops are mirrored" : "no crop is mirrored",
           options_.mirror ? "most objects look alike in a mirror; --no-mirror is for those that do not, as text"
                           : "--no-mirror says so");
    if (facts_.with_points == 0) {
      decide("no points", "the labels have none");
      return;
    }
    plan_.landmarks = layout_of(set_.landmark_names);
    std::vector<std::string> pairs;
    for (size_t i = 0; i < plan_.landmarks.count(); ++i) {
      const size_t other = plan_.landmarks.mirror[i];
      if (other > i) pairs.push_back(concat(plan_.landmarks.names[i], " and ", plan_.landmarks.names[other]));
    }
    decide(concat(plan_.landmarks.count(), " points: ", join(plan_.landmarks.names, ", ")),
           concat(facts_.with_points, " objects have them; a mirror image exchanges ",
                  pairs.empty() ? "none, by their names: change \"mirror\" in prepare.json if that is wrong"
                                : join(pairs, "; ")));
  }

  void plan_start() {
    plan_.from_face_nets = options_.init == "default" || (options_.init == "auto" && objects_ < kManyObjects);
    decide(plan_.from_face_nets ? "training starts from the built-in face nets" : "training starts from random weights",
           options_.init != "auto" ? "--init says so"
           : plan_.from_face_nets  ? concat(objects_,
                                            " objects are few: with so few, nets that start from random "
                                             "weights find far less")
                                   : concat(objects_, " objects are many"));
  }

  void plan_amount() {
    const auto crops = [](double from) {
      return std::clamp(static_cast<int>(std::lround(kCrops / std::max(1.0, from))), kFewestCrops, kMostCrops);
    };
    plan_.crops_per_object = crops(static_cast<double>(objects_));
    plan_.crops_per_image = crops(static_cast<double>(facts_.images));
    decide(concat(plan_.crops_per_object, " positive crops an object, ", plan_.crops_per_image, " negatives an image"),
           concat(objects_, " objects in ", facts_.images, " images: about ", std::lround(kCrops),
                  " of each kind in all, and no more than ", kMostCrops, ", as more would be alike"));
    for (size_t net = 0; net < std::size(kNetPaces); ++net) {
      const NetPace& pace = kNetPaces[net];
      plan_.batches[net] = pace.batch;
      plan_.steps[net] =
          std::max<int64_t>(20, std::lround(options_.minutes * 60 * pace.share * pace.crops_per_second / pace.batch));
    }
    plan_.regularised = objects_ < kOverfitted;
    if (plan_.regularised)
      decide("O-Net learns with much weight decay, and half of its crops have a part covered",
             concat("it has 389,000 parameters and would learn ", objects_, " objects by heart"));
    decide(concat(plan_.steps[0], ", ", plan_.steps[1], " and ", plan_.steps[2], " steps for P-Net, R-Net and O-Net"),
           concat("about ", significant(options_.minutes, 3), " minutes on two ordinary cores (--minutes)"));
  }

  void plan_search() {
    decide(
        concat("the search is dense (factor 0.87), with low thresholds for P-Net and R-Net; all windows on an object",
               options_.mirror ? ", R-Net and a mirrored evaluation" : " and R-Net",
               " count for its box and confidence"),
        "nets that learn from few objects are unsure of each single window; the search takes several times as long, "
        "see \"detector\" in pipeline.json");
  }

  void plan_calibration() {
    plan_.false_boxes = kFalseBoxes;
    const auto empty = static_cast<int64_t>(facts_.images_without_objects);
    const int64_t enough = enough_empty_images(kFalseBoxes);
    const std::string have = empty == 0 ? "every image has an object"
                                        : concat("only ", counted(empty, "training image"), " without an object");
    decide(concat("at most ", fixed(kFalseBoxes, 1), " false boxes per image set the last threshold"),
           empty >= enough ? concat("counted on ", counted(empty, "training image"),
                                    " without an object; on new images there are more")
                           : concat(have,
                                    ", so boxes that overlap no label count, on all training images; objects without "
                                    "a label count as false, and on new images there are more"));
    if (empty < enough)
      plan_.notices.push_back(concat(have, ": some images (", enough,
                                     " or more) of the same places without one would lower the number of false boxes"));
  }

  static constexpr double kSquareFrom = 1.3;  ///< where a box's best square window overlaps it by 0.78

  const LabelSet& set_;
  const LabelFacts& facts_;
  const NewObjectOptions& options_;
  int64_t objects_;
  ObjectPlan plan_;
};

}  // namespace

ObjectPlan plan_object(const LabelSet& set, const LabelFacts& facts, const NewObjectOptions& options) {
  return ObjectPlanner(set, facts, options).plan();
}

}  // namespace mtcnn
