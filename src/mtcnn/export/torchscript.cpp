#include "mtcnn/export/torchscript.h"

#include "mtcnn/core/file.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/torchscript_weights.h"

#include <map>
#include <sstream>
#include <utility>

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

namespace mtcnn {
namespace {

namespace jit = torch::jit;

/// Lines of a forward() in TorchScript's language. LibTorch cannot script its own modules, so the nets are written a
/// second time here; a test compares the two.
class Script {
 public:
  void conv(const std::string& layer) { step("torch.conv2d", layer); }
  void dense(const std::string& layer) { step("torch.linear", layer); }
  void prelu(const std::string& layer) { lines_ += concat("    x = torch.prelu(x, self.", layer, ".weight)\n"); }
  void pool(int kernel) {
    lines_ += concat("    x = torch.max_pool2d(x, [", kernel, ", ", kernel, "], [2, 2], [0, 0], [1, 1], True)\n");
  }
  void flatten() { lines_ += "    x = torch.flatten(x, 1)\n"; }

  /// Ends with the heads, the first of which becomes a probability.
  std::string with_heads(const char* function, const std::vector<std::string>& heads) const {
    std::string values;
    for (size_t i = 0; i < heads.size(); ++i) {
      const std::string value = concat(function, "(x, self.", heads[i], ".weight, self.", heads[i], ".bias)");
      values += i == 0 ? concat("torch.softmax(", value, ", 1)") : ", " + value;
    }
    return concat("def forward(self, x):\n", lines_, "    return (", values, ")\n");
  }

 private:
  void step(const char* function, const std::string& layer) {
    lines_ += concat("    x = ", function, "(x, self.", layer, ".weight, self.", layer, ".bias)\n");
  }

  std::string lines_;
};

std::string forward_text(const NetWeights& weights) {
  const NetSpec& spec = net_spec(weights.net);
  Script script;
  for (const LayerSpec& layer : spec.layers) {
    if (layer.kernel > 0) {
      script.conv(layer.name);
    } else {
      script.flatten();
      script.dense(layer.name);
    }
    script.prelu(layer.prelu);
    if (layer.pool > 0) script.pool(layer.pool);
  }
  std::vector<std::string> heads;
  for (const HeadSpec& head : spec.heads) {
    if (weights.find(head.name + ".weight") != nullptr) heads.push_back(head.name);
  }
  return script.with_heads(spec.is_convolutional() ? "torch.conv2d" : "torch.linear", heads);
}

jit::Module module_of(const NetWeights& weights) {
  jit::Module net(concat("__torch__.mtcnn.", net_name(weights.net)));
  std::map<std::string, jit::Module> layers;
  for (const NamedTensor& tensor : weights.tensors) {
    const size_t dot = tensor.name.find('.');
    const std::string layer = tensor.name.substr(0, dot);
    const auto [entry, is_new] =
        layers.try_emplace(layer, concat("__torch__.mtcnn.", net_name(weights.net), "_", layer));
    // from_blob has no const form; clone() only reads.
    const at::Tensor values = at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape, at::kFloat).clone();
    entry->second.register_parameter(tensor.name.substr(dot + 1), values, false);
  }
  for (const auto& [name, layer] : layers) net.register_module(name, layer);
  net.define(forward_text(weights));
  return net;
}

Json extra_json(const NetWeights& weights) {
  Json json = {{"format", kTorchscriptFormat},
               {"version", kTorchscriptVersion},
               {"net", net_name(weights.net)},
               {"metadata", Json::object()}};
  for (const auto& [key, value] : weights.metadata) json["metadata"][key] = value;
  return json;
}

}  // namespace

void write_torchscript(const std::filesystem::path& path, const NetWeights& weights) {
  std::ostringstream bytes;
  module_of(weights).save(bytes, {{kTorchscriptExtraFile, extra_json(weights).dump()}});
  write_text(path, bytes.str());
}

}  // namespace mtcnn
