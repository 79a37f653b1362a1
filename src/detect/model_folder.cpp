#include "mtcnn/detect/model_folder.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/geometry/box.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFileName = "cascade.json";
constexpr const char* kFormat = "mtcnn-cascade";
constexpr int kFormatVersion = 1;

std::string weights_name(NetKind net) { return concat(net_name(net), ".safetensors"); }

/// What every cascade.json says and this version can only confirm.
Json fixed_facts() {
  return {
      {"format", kFormat}, {"version", kFormatVersion}, {"colour_order", "RGB"}, {"landmark_order", kLandmarkNames}};
}

void read_cascade(const fs::path& path, Model& model) {
  const Json json = read_json(path);
  if (!json.is_object())
    throw Error(ErrorCode::bad_format, "not a cascade file", {.where = path.string(), .expected = "an object"});
  const Json facts = fixed_facts();
  for (const auto& [key, value] : facts.items()) {
    if (json.contains(key) && json[key] == value) continue;
    throw Error(
        ErrorCode::bad_format, concat("wrong '", key, "'"),
        {.where = path.string(), .found = json.contains(key) ? shown(json[key]) : "none", .expected = shown(value)});
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "detector") {
      detector_option_table().apply(model.detector, value, path.string() + ": detector");
    } else if (key == "input") {
      input_option_table().apply(model.input, value, path.string() + ": input");
    } else if (!facts.contains(key)) {
      throw Error(ErrorCode::bad_format, concat("unknown key '", key, "'"),
                  {.where = path.string(), .expected = "detector, input"});
    }
  }
}

}  // namespace

Model read_model(const fs::path& folder, NetKind last) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::not_found, "no model folder here",
                {.where = folder.string(),
                 .hint = "'mtcnn import' makes one from public weights; scripts/quickstart.sh does it for you"});
  }
  Model model;
  read_cascade(folder / kFileName, model);
  for (const NetKind net : kNetKinds) {
    NetWeights& weights = model.nets[static_cast<size_t>(net)];
    weights.net = net;
    if (net <= last) weights = read_weights(folder / weights_name(net), net);
  }
  return model;
}

void write_model(const fs::path& folder, const Model& model) {
  for (const NetKind net : kNetKinds) {
    const NetWeights& weights = model.nets[static_cast<size_t>(net)];
    if (!weights.tensors.empty()) write_weights(folder / weights_name(net), weights);
  }
  Json json = fixed_facts();
  json["input"] = input_option_table().dump(model.input);
  json["detector"] = detector_option_table().dump(model.detector);
  write_text(folder / kFileName, json.dump(2) + "\n");
}

InputOptions public_weights_input() { return {.border = 127, .crop_lead = 1, .window_first = 1, .window_size = 12}; }

}  // namespace mtcnn
