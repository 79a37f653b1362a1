#include "support/script_files.h"

#include <map>

#include "support/foreign_weights.h"
#include "support/raw_bytes.h"

namespace mtcnn::testing {
namespace {

std::string pickled_integers(const std::vector<int64_t>& values) {
  std::string tuple = "(";
  for (const int64_t value : values) tuple += pickled_integer(static_cast<int32_t>(value));
  return tuple + "t";
}

}  // namespace

std::string pickled_text(const std::string& text) { return "X" + raw(static_cast<uint32_t>(text.size())) + text; }

std::string pickled_integer(int32_t value) { return "J" + raw(value); }

std::string pickled_tensor(const std::string& key, const std::vector<int64_t>& shape, const std::string& storage) {
  std::vector<int64_t> strides(shape.size());
  int64_t count = 1;
  for (size_t d = shape.size(); d-- > 0; count *= shape[d]) strides[d] = count;
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled_text("storage") + "ctorch\n" + storage + "\n" +
         pickled_text(key) + pickled_text("cpu") + pickled_integer(static_cast<int32_t>(count)) + "tQ" +
         pickled_integer(0) + pickled_integers(shape) + pickled_integers(strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}

std::string pickled_module(const std::string& name,
                           const std::vector<std::pair<std::string, std::string>>& attributes) {
  std::string pickled = "c__torch__\n" + name + "\n)\x81}(";
  for (const auto& [key, value] : attributes) pickled += pickled_text(key) + value;
  return pickled + "ub";
}

std::string script_file(const std::string& pickled_object, const std::vector<std::vector<float>>& storages,
                        const std::string& extra) {
  std::vector<ZipEntry> entries = {{"net/data.pkl", "\x80\x02" + pickled_object + "."},
                                   {"net/code/__torch__.py", "class Net(Module):\n  pass\n"},
                                   {"net/constants.pkl", "\x80\x02)."}};
  for (size_t i = 0; i < storages.size(); ++i)
    entries.push_back({"net/data/" + std::to_string(i), raw_values(storages[i], false)});
  if (!extra.empty()) entries.push_back({"net/extra/mtcnn.json", extra});
  return zip_file(entries);
}

std::string script_extra(NetKind net) {
  return std::string(R"({"format": "mtcnn-torchscript", "version": 1, "net": ")") + net_name(net) +
         R"(", "metadata": {"epoch": "7"}})";
}

std::string script_net_file(const NetWeights& weights) {
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> layers;
  std::vector<std::vector<float>> storages;
  for (const NamedTensor& tensor : weights.tensors) {
    const size_t dot = tensor.name.find('.');
    layers[tensor.name.substr(0, dot)].emplace_back(tensor.name.substr(dot + 1),
                                                    pickled_tensor(std::to_string(storages.size()), tensor.shape));
    storages.push_back(tensor.values);
  }
  std::vector<std::pair<std::string, std::string>> modules = {{"training", "\x88"}, {"_hook", "N"}};
  for (const auto& [name, attributes] : layers) modules.emplace_back(name, pickled_module(name, attributes));
  return script_file(pickled_module("Net", modules), storages, script_extra(weights.net));
}

}  // namespace mtcnn::testing
