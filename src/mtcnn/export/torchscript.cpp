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

/// The heads that the weights have.
std::vector<std::string> heads_in(const NetWeights& weights, const std::vector<std::string>& names) {
  std::vector<std::string> there;
  for (const std::string& name : names) {
    if (weights.find(name + ".weight") != nullptr) there.push_back(name);
  }
  return there;
}

std::string forward_text(const NetWeights& weights) {
  Script script;
  script.conv("conv1");
  script.prelu("prelu1");
  script.pool(weights.net == NetKind::pnet ? 2 : 3);
  script.conv("conv2");
  script.prelu("prelu2");
  if (weights.net != NetKind::pnet) script.pool(3);
  script.conv("conv3");
  script.prelu("prelu3");
  if (weights.net == NetKind::pnet)
    return script.with_heads("torch.conv2d", heads_in(weights, {"conv4_1", "conv4_2", "conv4_3"}));
  if (weights.net == NetKind::rnet) {
    script.flatten();
    script.dense("dense4");
    script.prelu("prelu4");
    return script.with_heads("torch.linear", heads_in(weights, {"dense5_1", "dense5_2", "dense5_3"}));
  }
  script.pool(2);
  script.conv("conv4");
  script.prelu("prelu4");
  script.flatten();
  script.dense("dense5");
  script.prelu("prelu5");
  return script.with_heads("torch.linear", heads_in(weights, {"dense6_1", "dense6_2", "dense6_3"}));
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
