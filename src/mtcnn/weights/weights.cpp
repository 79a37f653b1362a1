#include "mtcnn/weights/weights.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/weights/input.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

namespace mtcnn {
namespace {

constexpr const char* kFormat = "mtcnn-weights";
constexpr const char* kFormatVersion = "1";
constexpr const char* kChannelsKey = "channels";  ///< in metadata, where they are not the paper's

void check_values(const NamedTensor& tensor, const std::string& where) {
  const auto bad =
      std::find_if(tensor.values.begin(), tensor.values.end(), [](float value) { return !std::isfinite(value); });
  if (bad == tensor.values.end()) return;
  throw Error(ErrorCode::bad_format, "tensor '" + tensor.name + "' is damaged",
              {.where = where,
               .found = concat(*bad, " at position ", bad - tensor.values.begin()),
               .expected = "finite values"});
}

/// Refuses a file whose metadata does not announce weights of ours for this net.
void check_metadata(const Safetensors& file, NetKind expected) {
  const auto expect = [&](const std::string& key, const std::string& value, const std::string& hint) {
    const auto found = file.metadata().find(key);
    if (found != file.metadata().end() && found->second == value) return;
    throw Error(ErrorCode::bad_format, "wrong '" + key + "'",
                {.where = file.path().string(),
                 .found = found == file.metadata().end() ? "none" : "'" + found->second + "'",
                 .expected = "'" + value + "'",
                 .hint = hint});
  };
  expect("format", kFormat, "weights of other projects come in through 'mtcnn import'");
  expect("version", kFormatVersion, "it was written by another version of this program");
  expect("net", net_name(expected), concat("these are not the weights of ", net_title(expected)));
  // Files made by other tools may carry no checksum; ours always do, so the name of the key is damaged.
  const auto checksum = file.metadata().find("checksum");
  const auto maker = file.metadata().find("created_by");
  if (checksum == file.metadata().end() && maker != file.metadata().end() && maker->second.starts_with("mtcnn ")) {
    throw Error(ErrorCode::bad_format, "the weights are damaged: their checksum is missing",
                {.where = file.path().string(), .expected = "'checksum' in the metadata, as this program writes it"});
  }
  const std::string actual = checksum_text(crc32(file.data()));
  if (checksum != file.metadata().end() && checksum->second != actual) {
    throw Error(ErrorCode::bad_format, "the weights are damaged: their checksum is wrong",
                {.where = file.path().string(), .found = actual, .expected = checksum->second});
  }
}

/// The number of points that the rows of a landmark head mean; nothing where there is no head, or none of whole points.
std::optional<int64_t> points_of_head(NetKind net, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    const TensorSpec* spec = find_spec(tensor_specs(net), tensor.name);
    if (spec == nullptr || !spec->landmark_head || tensor.shape.empty()) continue;
    const int64_t rows = tensor.shape.front();
    if (rows > 0 && rows % 2 == 0 && rows <= 2 * kMostPoints) return rows / 2;
  }
  return std::nullopt;
}

int64_t count_of(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

}  // namespace

const NamedTensor* NetWeights::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

const NamedTensor& NetWeights::at(std::string_view name) const {
  const NamedTensor* tensor = find(name);
  require(tensor != nullptr, "NetWeights: no such tensor");
  return *tensor;
}

int64_t landmark_count(const NetWeights& weights) { return points_of_head(weights.net, weights.tensors).value_or(0); }

std::string weights_checksum(const NetWeights& weights) {
  uint32_t crc = 0;
  for (const NamedTensor& tensor : weights.tensors) crc = crc32(std::as_bytes(std::span(tensor.values)), crc);
  return checksum_text(crc);
}

Channels channels_of(const NetWeights& weights) {
  Channels channels;
  for (const LayerSpec& layer : net_spec(weights.net).layers)
    channels.push_back(weights.at(layer.name + ".bias").shape.front());
  return channels;
}

Channels declared_channels(NetKind net, const std::map<std::string, std::string>& metadata, const std::string& where) {
  const auto found = metadata.find(kChannelsKey);
  if (found == metadata.end()) return channels_for(net);
  const Json json = parse_json(found->second, concat(where, ": '", kChannelsKey, "'"));
  const auto fits = [](const Json& value) { return value.is_number_integer() && value > 0 && value <= kMostChannels; };
  const size_t layers = net_spec(net).layers.size();
  if (!json.is_array() || json.size() != layers || !std::all_of(json.begin(), json.end(), fits)) {
    throw Error(ErrorCode::bad_format, concat("wrong '", kChannelsKey, "'"),
                {.where = where,
                 .found = shown(json),
                 .expected = concat(layers, " whole numbers from 1 to ", kMostChannels, ", one a layer")});
  }
  return json.get<Channels>();
}

NetWeights checked_weights(NetKind net, std::vector<NamedTensor> tensors, const std::string& where,
                           const Channels& channels) {
  const std::vector<TensorSpec> specs = tensor_specs(net, channels);
  const int64_t points = points_of_head(net, tensors).value_or(kFacePoints);
  const auto layer_of = [](std::string_view name) { return name.substr(0, name.find('.')); };
  std::set<std::string, std::less<>> layers;
  for (const NamedTensor& tensor : tensors) {
    const TensorSpec* spec = find_spec(specs, tensor.name);
    if (spec == nullptr) {
      throw Error(ErrorCode::bad_format,
                  concat("unknown tensor '", tensor.name, "' in the weights of ", net_title(net)), {.where = where});
    }
    const std::vector<int64_t> shape = spec->shape_for(points);
    layers.emplace(layer_of(tensor.name));
    if (tensor.shape != shape || static_cast<int64_t>(tensor.values.size()) != count_of(shape)) {
      throw Error(ErrorCode::bad_format,
                  concat("tensor '", tensor.name, "' of ", net_title(net), " has the wrong shape"),
                  {.where = where,
                   .found = shape_text(tensor.shape),
                   .expected = concat(shape_text(shape), spec->landmark_head ? ", or two rows a point" : "")});
    }
    check_values(tensor, where);
  }
  NetWeights weights{.net = net, .tensors = {}, .metadata = {}};
  if (channels != channels_for(net)) weights.metadata[kChannelsKey] = Json(channels).dump();
  for (const TensorSpec& spec : specs) {
    const auto named = [&](const NamedTensor& tensor) { return tensor.name == spec.name; };
    const auto count = std::count_if(tensors.begin(), tensors.end(), named);
    if (count > 1) throw Error(ErrorCode::bad_format, "tensor '" + spec.name + "' is there twice", {.where = where});
    if (count == 1) {
      weights.tensors.push_back(std::move(*std::find_if(tensors.begin(), tensors.end(), named)));
    } else if (!spec.optional || layers.contains(layer_of(spec.name))) {
      throw Error(ErrorCode::bad_format, concat("tensor '", spec.name, "' of ", net_title(net), " is missing"),
                  {.where = where, .expected = "shape " + shape_text(spec.shape_for(points))});
    }
  }
  return weights;
}

namespace {

NetWeights weights_in(const Safetensors& file, NetKind expected) {
  check_metadata(file, expected);
  std::vector<NamedTensor> tensors;
  for (const Safetensors::Entry& entry : file.entries())
    tensors.push_back({entry.name, entry.shape, file.floats(entry)});
  const std::string where = file.path().string();
  NetWeights weights =
      checked_weights(expected, std::move(tensors), where, declared_channels(expected, file.metadata(), where));
  weights.metadata = file.metadata();
  input_of(weights, file.path().string());  // refuses what cannot be understood
  return weights;
}

}  // namespace

NetWeights read_weights(const std::filesystem::path& path, NetKind expected) {
  return weights_in(Safetensors(path), expected);
}

NetWeights parse_weights(const std::string& name, std::span<const std::byte> bytes, NetKind expected) {
  return weights_in(Safetensors(name, bytes), expected);
}

void write_weights(const std::filesystem::path& path, const NetWeights& weights) {
  std::map<std::string, std::string> metadata = weights.metadata;
  metadata["format"] = kFormat;
  metadata["version"] = kFormatVersion;
  metadata["net"] = net_name(weights.net);
  metadata["created_by"] = concat("mtcnn ", version(), " (", commit(), ")");
  std::vector<TensorView> views;
  for (const NamedTensor& tensor : weights.tensors)
    views.push_back({tensor.name, Dtype::f32, tensor.shape, std::as_bytes(std::span(tensor.values))});
  metadata["checksum"] = weights_checksum(weights);
  write_safetensors(path, views, metadata);
}

}  // namespace mtcnn
