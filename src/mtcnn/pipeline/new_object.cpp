#include "mtcnn/pipeline/new_object.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/eval/calibration.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <unordered_map>

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

/// The name without its last number: "walk/cam1_0017.jpg" gives "walk/cam1_.jpg".
std::string without_last_number(const std::string& name) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const std::string ending = std::filesystem::path(name).extension().string();  // .jp2 has a number too
  const size_t begin = name.find_last_of('/') == std::string::npos ? 0 : name.find_last_of('/') + 1;
  const auto first = name.rbegin() + static_cast<ptrdiff_t>(ending.size());
  const auto last = std::find_if(first, name.rend() - static_cast<ptrdiff_t>(begin), is_digit);
  const auto before = std::find_if_not(last, name.rend() - static_cast<ptrdiff_t>(begin), is_digit);
  return std::string(name.begin(), before.base()) + std::string(last.base(), name.end());
}

std::string group_of(const std::string& image, const std::string& kind) {
  if (kind == "image") return image;
  if (kind == "folder") return std::filesystem::path(image).parent_path().string();
  return without_last_number(image);
}

/// The set without its images.
LabelSet emptied(const LabelSet& set) {
  LabelSet other = set;
  other.images.clear();
  return other;
}

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

Json train_config(const ObjectPlan& plan, size_t net) {
  const bool points = plan.landmarks.count() > 0;
  const bool is_onet = net == 2;
  Json config = {{"epochs", 1},
                 {"batch",
                  {{"size", kNetPaces[net].batch},
                   {"steps_per_epoch", plan.steps[net]},
                   {"negatives", 2},
                   {"positives", 1.5},
                   {"parts", 1},
                   {"landmarks", points ? 1.5 : 0}}},
                 {"augment", {{"mirror", plan.mirror ? 0.5 : 0.0}}},
                 {"loss", {{"box", is_onet ? 2 : 1}}},
                 {"optimizer", {{"lr", net == 0 ? 0.004 : 0.002}}}};
  if (is_onet && plan.regularised) {
    config["augment"]["cutout"] = 0.5;
    config["loss"] = {{"box", 3}, {"box_loss", "smooth_l1"}, {"label_smoothing", 0.1}, {"mined", 1}};
    config["optimizer"] = {{"lr", 0.001}, {"weight_decay", 0.05}};
  }
  if (!is_onet) config["landmark_head"] = false;
  return config;
}

Json sample_config(const ObjectPlan& plan) {
  const int crops = plan.crops_per_object;
  return {{"square", plan.square},
          {"positives", crops},
          {"parts", crops * 4 / 5},
          {"near_negatives", crops * 4 / 5},
          {"negatives", plan.crops_per_image},
          {"landmarks", plan.landmarks.count() > 0 ? crops : 0},
          {"mirrored", plan.mirror ? 0.5 : 0.0},
          {"mine",
           {{"min_face", plan.min_face},
            {"factor", 0.79},
            {"padding", plan.padding},
            {"pnet_threshold", 0.1},
            {"rnet_threshold", 0.05},
            {"negatives", plan.crops_per_image}}}};
}

}  // namespace

ImageSplit split_images(const LabelSet& set, double share, const std::string& group) {
  if (group != "image" && group != "folder" && group != "name")
    throw Error(ErrorCode::usage, "no such way to split",
                {.where = "--group", .found = concat("'", group, "'"), .expected = "image, folder or name"});
  std::unordered_map<std::string, size_t> numbers;
  ImageSplit split{.training = emptied(set), .held_out = emptied(set)};
  const auto every = static_cast<size_t>(std::max(2L, std::lround(1 / share)));
  for (const ImageAnnotation& image : set.images) {
    const size_t number = numbers.try_emplace(group_of(image.image, group), numbers.size()).first->second;
    (number % every == 0 ? split.held_out : split.training).images.push_back(image);
  }
  split.groups = numbers.size();
  if (split.training.images.empty() || split.held_out.images.empty())
    throw Error(ErrorCode::usage, "these images cannot be split",
                {.where = concat("--group ", group),
                 .found = counted(static_cast<int64_t>(split.groups), "group"),
                 .expected = "two or more",
                 .hint = "another --group, as image"});
  return split;
}

LabelSet part_of(const LabelSet& set, double share) {
  LabelSet part = emptied(set);
  double due = 1;  // the first image is in every part
  for (const ImageAnnotation& image : set.images) {
    if (due >= 1) {
      part.images.push_back(image);
      due -= 1;
    }
    due += share;
  }
  return part;
}

ObjectPlan plan_object(const LabelSet& set, const LabelFacts& facts, const NewObjectOptions& options) {
  return ObjectPlanner(set, facts, options).plan();
}

std::map<std::string, Json> object_configs(const ObjectPlan& plan, const std::string& training,
                                           const std::string& held_out, const std::string& face_nets,
                                           const std::vector<std::pair<int64_t, std::string>>& curve) {
  std::map<std::string, Json> configs;
  const char* names[] = {"pnet.json", "rnet.json", "onet.json"};
  for (size_t net = 0; net < std::size(names); ++net) configs[names[net]] = train_config(plan, net);

  Json layout = landmark_layout_json(plan.landmarks);
  if (plan.landmarks.count() == 0) layout = {{"count", 0U}};
  configs["prepare.json"] = {{"root", "."},
                             {"landmarks", std::move(layout)},
                             {"datasets", {{{"kind", "own"}, {"path", training}}}},
                             {"validation", {{{"kind", "own"}, {"path", held_out}}}},
                             {"pnet", sample_config(plan)},
                             {"rnet", sample_config(plan)},
                             {"onet", sample_config(plan)}};

  Json evaluate = Json::array({{{"name", "held-out"}, {"kind", "coco"}, {"path", held_out}, {"threshold", 0.02}}});
  if (plan.landmarks.count() > 0) evaluate.push_back({{"name", "points"}, {"kind", "landmarks"}, {"path", held_out}});
  Json pipeline = {
      {"out", "."},
      {"object", plan.name},
      {"detector",
       {{"min_face", plan.min_face},
        {"factor", 0.87},
        {"padding", plan.padding},
        {"thresholds", {0.1, 0.1, 0.5}},
        {"clip", true},
        {"confidence",
         {{"rnet_weight", 0.3}, {"support", 0.3}, {"box_voting", 0.6}, {"mirror_weight", plan.mirror ? 1 : 0}}}}},
      {"rounds",
       {{{"prepare", "prepare.json"},
         {"pnet", "pnet.json"},
         {"rnet", "rnet.json"},
         {"onet", "onet.json"},
         {"init", plan.from_face_nets ? face_nets : ""}}}},
      {"calibrate",
       {{"path", training}, {"labels", "own"}, {"false_faces_per_picture", plan.false_boxes}, {"third_only", true}}},
      {"evaluate", std::move(evaluate)}};
  if (!curve.empty()) {
    pipeline["learning_curve"] = Json::array();
    for (const auto& [images, config] : curve)
      pipeline["learning_curve"].push_back({{"images", images}, {"config", config}});
  }
  configs["pipeline.json"] = std::move(pipeline);
  return configs;
}

}  // namespace mtcnn
