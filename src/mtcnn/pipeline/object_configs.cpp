#include "mtcnn/pipeline/new_object.h"

namespace mtcnn {
namespace {

Json train_config(const ObjectPlan& plan, size_t net) {
  const bool points = plan.landmarks.count() > 0;
  const bool is_onet = net == 2;
  Json config = {{"epochs", 1},
                 {"batch",
                  {{"size", plan.batches[net]},
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
