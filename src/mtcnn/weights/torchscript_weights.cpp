#include "mtcnn/weights/torchscript_weights.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/input.h"
#include "mtcnn/weights/script_archive.h"

#include <utility>

namespace mtcnn {
namespace {

Error foreign(const std::filesystem::path& path, const std::string& found, NetKind expected) {
  return {ErrorCode::bad_format,
          "not a TorchScript file of ours",
          {.where = path.string(),
           .found = found,
           .expected = concat(net_title(expected), " as `mtcnn export --format torchscript` writes it")}};
}

/// The metadata of the weights that the extra file tells.
std::map<std::string, std::string> read_extra(const ScriptArchive& archive, const std::filesystem::path& path,
                                              NetKind expected) {
  const std::string text = archive.extra_file(kTorchscriptExtraFile);
  if (text.empty()) throw foreign(path, concat("no ", kTorchscriptExtraFile, " inside"), expected);
  const Json json = parse_json(text, concat(path.string(), ": ", kTorchscriptExtraFile));
  const auto says = [&](const char* key, const Json& value) { return json.contains(key) && json[key] == value; };
  if (!json.is_object() || !says("format", kTorchscriptFormat) || !says("version", kTorchscriptVersion) ||
      !says("net", net_name(expected)) || (json.contains("metadata") && !json["metadata"].is_object()))
    throw foreign(path, concat(kTorchscriptExtraFile, " ", shown(json)), expected);
  std::map<std::string, std::string> metadata;
  if (!json.contains("metadata")) return metadata;
  for (const auto& [key, value] : json["metadata"].items()) {
    if (value.is_string()) metadata[key] = value.get<std::string>();
  }
  return metadata;
}

/// The parameter that a tensor of this name must be, with the shape it must have.
TensorSpec spec_of(const StridedTensor& tensor, NetKind net, std::span<const TensorSpec> specs,
                   const std::filesystem::path& path) {
  const TensorSpec* spec = find_spec(specs, tensor.name);
  if (spec == nullptr) {
    throw Error(ErrorCode::bad_format,
                concat("unknown tensor '", printable(tensor.name), "' in the weights of ", net_title(net)),
                {.where = path.string()});
  }
  const int64_t rows = tensor.shape.empty() ? 0 : tensor.shape.front();
  const bool whole_points = spec->landmark_head && rows > 0 && rows % 2 == 0 && rows <= 2 * kMostPoints;
  return {spec->name, whole_points ? spec->shape_for(rows / 2) : spec->shape};
}

}  // namespace

NetWeights read_torchscript(const std::filesystem::path& path, NetKind expected) {
  const ScriptArchive archive(path);
  std::map<std::string, std::string> metadata = read_extra(archive, path, expected);
  const Channels channels = declared_channels(expected, metadata, path.string());
  const std::vector<TensorSpec> specs = tensor_specs(expected, channels);
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : archive.values().tensors)
    tensors.push_back(contiguous(tensor, spec_of(tensor, expected, specs, path), path.string()));
  NetWeights weights = checked_weights(expected, std::move(tensors), path.string(), channels);
  weights.metadata = std::move(metadata);
  input_of(weights, path.string());  // refuses what cannot be understood
  return weights;
}

}  // namespace mtcnn
