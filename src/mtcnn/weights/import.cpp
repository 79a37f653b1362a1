#include "mtcnn/weights/import.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/caffemodel.h"
#include "mtcnn/weights/input.h"
#include "mtcnn/weights/numpy_nets.h"
#include "mtcnn/weights/onnx_graph.h"
#include "mtcnn/weights/torch_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace mtcnn {
namespace {

constexpr size_t kLargestFile = size_t{16} << 20;

enum class FileKind { safetensors, torch_legacy, torch_zip, caffemodel, onnx, npy, lz4 };

std::optional<FileKind> recognise(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // A header length that is not absurd, then the header's opening brace. This comes first: the length may start with
  // any byte.
  constexpr std::string_view kUpperHalf("\0\0\0\0{", 5);
  if (text.size() > 8 && text.substr(4, 5) == kUpperHalf) return FileKind::safetensors;
  if (text.starts_with("PK\x03\x04")) return FileKind::torch_zip;
  if (text.starts_with('\x80')) return FileKind::torch_legacy;
  if (text.starts_with("\x93NUMPY")) return FileKind::npy;
  if (text.starts_with("\x04\x22\x4d\x18")) return FileKind::lz4;
  // Protocol Buffers have no magic number. ONNX begins with its version, Caffe with a name, an old or a new layer.
  if (text.starts_with("\x08")) return FileKind::onnx;
  if (text.starts_with("\x0a") || text.starts_with("\x12") || text.starts_with("\xa2\x06")) return FileKind::caffemodel;
  return std::nullopt;
}

/// The layer that sees the last feature map as one row, and the sizes of that map.
struct FlattenedMap {
  std::string tensor;
  int64_t channels;
  int64_t side;
};

std::optional<FlattenedMap> flattened_map(NetKind net) {
  const std::vector<LayerSpec>& layers = net_spec(net).layers;
  const auto dense = std::ranges::find(layers, 0, &LayerSpec::kernel);
  if (dense == layers.end()) return std::nullopt;
  const auto index = static_cast<size_t>(dense - layers.begin());
  return FlattenedMap{dense->name + ".weight", layers[index - 1].channels, net_spec(net).side_behind(index)};
}

/// The values of a tensor of `shape` whose elements lie `strides` apart in `values`. (Its use below: a permutation of
/// axes is a choice of strides.)
std::vector<float> reordered(const std::vector<float>& values, const std::array<int64_t, 4>& shape,
                             const std::array<int64_t, 4>& strides) {
  std::vector<float> result;
  result.reserve(values.size());
  for (int64_t a = 0; a < shape[0]; ++a) {
    for (int64_t b = 0; b < shape[1]; ++b) {
      for (int64_t c = 0; c < shape[2]; ++c) {
        for (int64_t d = 0; d < shape[3]; ++d) {
          const int64_t place = a * strides[0] + b * strides[1] + c * strides[2] + d * strides[3];
          result.push_back(values[static_cast<size_t>(place)]);
        }
      }
    }
  }
  return result;
}

/// Brings one tensor, already of our name and shape, from the order of its file into ours.
void reorder(NamedTensor& tensor, const ForeignNet& foreign) {
  const NetKind net = foreign.weights.net;
  const auto map = flattened_map(net);
  if (map && tensor.name == map->tensor) {
    const int64_t out = tensor.shape[0];
    const int64_t in = tensor.shape[1];
    const int64_t area = map->side * map->side;
    // Strides of (out, C, H, W) in rows of each order.
    const std::array strides = foreign.columns == DenseColumns::whc
                                   ? std::array{in, int64_t{1}, map->channels, map->channels * map->side}
                               : foreign.columns == DenseColumns::cwh ? std::array{in, area, int64_t{1}, map->side}
                                                                      : std::array{in, area, map->side, int64_t{1}};
    tensor.values = reordered(tensor.values, {out, map->channels, map->side, map->side}, strides);
  } else if (foreign.turned_kernels && tensor.shape.size() == 4) {
    const auto& shape = tensor.shape;
    const int64_t area = shape[2] * shape[3];
    tensor.values =
        reordered(tensor.values, {shape[0], shape[1], shape[2], shape[3]}, {shape[1] * area, area, 1, shape[2]});
  }
  if (find_spec(tensor_specs(net), tensor.name)->landmark_head) {
    const int64_t points = tensor.shape[0] / 2;
    const int64_t row = static_cast<int64_t>(tensor.values.size()) / tensor.shape[0];
    tensor.values = reordered(tensor.values, {1, points, 2, row}, {0, row, points * row, 1});
  }
}

std::string listed(std::vector<std::string> names) {
  constexpr size_t kMost = 6;
  const bool shortened = names.size() > kMost;
  names.resize(std::min(names.size(), kMost));
  for (std::string& name : names) name = printable(name);
  return join(names, ", ") + (shortened ? ", …" : "");
}

/// The net whose first output layer is among `names`.
template <class Name>
NetKind identify(const std::vector<std::string>& names, const std::array<Name, 3>& outputs, const std::string& where) {
  for (const NetKind net : kNetKinds) {
    if (std::ranges::find(names, outputs[static_cast<size_t>(net)]) != names.end()) return net;
  }
  throw Error(ErrorCode::bad_format, "this is none of the three nets",
              {.where = where,
               .found = names.empty() ? "no tensors" : "tensors " + listed(names),
               .expected = concat("one named ", outputs[0], ", ", outputs[1], " or ", outputs[2])});
}

/// The spec of a foreign tensor. \throws Error if `net` has no such tensor or it is already in `seen`.
const TensorSpec& spec_of(NetKind net, const std::string& name, std::set<std::string>& seen, const std::string& where) {
  const TensorSpec* spec = find_spec(tensor_specs(net), name);
  if (spec == nullptr) {
    throw Error(ErrorCode::bad_format,
                concat("unknown tensor '", printable(name), "' in the weights of ", net_title(net)), {.where = where});
  }
  if (!seen.insert(name).second) {
    throw Error(ErrorCode::bad_format, "tensor '" + name + "' is there twice", {.where = where});
  }
  return *spec;
}

/// Of each net, a tensor that only it has.
std::array<std::string, 3> output_tensors() {
  const auto face = [](NetKind net) { return net_spec(net).head(HeadKind::face).name + ".weight"; };
  return {face(NetKind::pnet), face(NetKind::rnet), face(NetKind::onet)};
}

template <class Tensor>
std::vector<std::string> names_of(const std::vector<Tensor>& tensors) {
  std::vector<std::string> names;
  names.reserve(tensors.size());
  for (const Tensor& tensor : tensors) names.push_back(tensor.name);
  return names;
}

NetWeights import_torch(std::span<const std::byte> bytes, TorchLayout layout, const std::string& where) {
  const auto foreign = read_torch_file(bytes, layout, where);
  const NetKind net = identify(names_of(foreign), output_tensors(), where);
  std::set<std::string> seen;
  std::vector<NamedTensor> tensors;
  tensors.reserve(foreign.size());
  for (const StridedTensor& tensor : foreign) {
    tensors.push_back(contiguous(tensor, spec_of(net, tensor.name, seen, where), where));
  }
  return checked_weights(net, std::move(tensors), where, channels_for(net));
}

NetWeights import_safetensors(const Safetensors& file, const std::string& where) {
  const NetKind net = identify(names_of(file.entries()), output_tensors(), where);
  std::vector<NamedTensor> tensors;
  for (const Safetensors::Entry& entry : file.entries()) {
    tensors.push_back({entry.name, entry.shape, file.floats(entry)});
  }
  return checked_weights(net, std::move(tensors), where, channels_for(net));
}

/// Layer names of a caffemodel in the form of our own: "PReLU1" is prelu1, "conv4-1" is conv4_1; see
/// layer_from_caffe().
std::string our_layer_name(std::string name, const std::optional<NetKind>& net) {
  for (char& c : name) c = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return net ? layer_from_caffe(name, *net) : name;
}

/// Old blobs have four dimensions, ones in front: "1, 1, out, in" is "out, in".
void drop_leading_ones(std::vector<int64_t>& shape, size_t rank) {
  while (shape.size() > rank && shape.front() == 1) shape.erase(shape.begin());
}

NetWeights import_caffemodel(std::span<const std::byte> bytes, const std::string& where) {
  std::vector<CaffeLayer> layers = read_caffemodel(bytes, where);
  std::vector<std::string> names;
  names.reserve(layers.size());
  for (const CaffeLayer& layer : layers) names.push_back(our_layer_name(layer.name, std::nullopt));
  const NetKind net = identify(names, kCaffeFaceHeads, where);
  std::set<std::string> seen;
  std::vector<NamedTensor> tensors;
  for (CaffeLayer& layer : layers) {
    const std::string name = our_layer_name(layer.name, net);
    if (layer.blobs.size() > 2) {
      throw Error(ErrorCode::bad_format, "layer '" + printable(layer.name) + "' has too many blobs",
                  {.where = where, .found = concat(layer.blobs.size()), .expected = "weights and biases"});
    }
    for (size_t i = 0; i < layer.blobs.size(); ++i) {
      const TensorSpec spec = spec_of(net, name + (i == 0 ? ".weight" : ".bias"), seen, where);
      drop_leading_ones(layer.blobs[i].shape, spec.shape.size());
      tensors.push_back({spec.name, std::move(layer.blobs[i].shape), std::move(layer.blobs[i].values)});
    }
  }
  return checked_weights(net, std::move(tensors), where, channels_for(net));
}

/// The net that a weights file of ours says it holds.
NetKind announced_net(const Safetensors& file) {
  const auto found = file.metadata().find("net");
  if (found != file.metadata().end()) {
    if (const std::optional<NetKind> net = net_named(found->second)) return *net;
  }
  throw Error(ErrorCode::bad_format, "wrong 'net'",
              {.where = file.path().string(),
               .found = found == file.metadata().end() ? "none" : "'" + printable(found->second) + "'",
               .expected = "pnet, rnet or onet"});
}

/// The file's name, as JSON can carry it.
std::string plain_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return is_utf8(name) ? name : printable(name);
}

NetWeights finished(ForeignNet foreign, const std::filesystem::path& path) {
  NetWeights& weights = foreign.weights;
  if (weights.net == NetKind::onet && landmark_count(weights) == 0) {
    throw Error(ErrorCode::bad_format, "the landmark head of O-Net is missing",
                {.where = path.string(), .expected = "tensors dense6_3 (conv6-3), as all public weights have them"});
  }
  for (NamedTensor& tensor : weights.tensors) reorder(tensor, foreign);
  weights.metadata["source"] = plain_name(path);
  weights.metadata["source_layout"] = foreign.layout;
  set_input(weights, public_weights_input());
  return std::move(weights);
}

FileKind kind_of(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() > kLargestFile) {
    throw Error(
        ErrorCode::bad_format, "this file is too large for the weights of one of the three nets",
        {.where = where, .found = concat(bytes.size(), " bytes"), .expected = concat("at most ", kLargestFile)});
  }
  const auto kind = recognise(bytes);
  if (kind) return *kind;
  throw Error(ErrorCode::bad_format, "this is no weights file of a known kind",
              {.where = where,
               .found = bytes.empty() ? "an empty file" : "",
               .expected = "a state dict saved by torch.save, a safetensors file, a caffemodel, an ONNX file, or "
                           "ipazc's or TropComplique's numpy arrays"});
}

}  // namespace

std::string layer_from_caffe(std::string_view layer, NetKind net) {
  constexpr std::string_view kConv = "conv";
  if (!layer.starts_with(kConv)) return std::string(layer);
  const std::string dense = concat("dense", layer.substr(kConv.size()));
  return find_spec(tensor_specs(net), dense + ".weight") != nullptr ? dense : std::string(layer);
}

std::vector<NetWeights> import_nets(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::span<const std::byte> bytes = file.bytes();
  const std::string where = path.string();
  const auto one = [&](NetWeights weights, const char* layout, DenseColumns columns, bool turned_kernels = false) {
    return std::vector{finished({std::move(weights), layout, columns, turned_kernels}, path)};
  };
  switch (kind_of(bytes, where)) {
    case FileKind::torch_legacy:
      return one(import_torch(bytes, TorchLayout::legacy, where), "facenet-pytorch state dict (legacy torch.save)",
                 DenseColumns::whc);
    case FileKind::torch_zip:
      return one(import_torch(bytes, TorchLayout::zip, where), "facenet-pytorch state dict (torch.save)",
                 DenseColumns::whc);
    case FileKind::caffemodel:
      return one(import_caffemodel(bytes, where), "caffemodel", DenseColumns::cwh, true);
    case FileKind::onnx: {
      OnnxGraph graph = read_onnx_graph(bytes, where);
      return {is_own_onnx(graph) ? own_onnx_weights(std::move(graph), where)
                                 : finished(foreign_onnx_net(graph, where), path)};
    }
    case FileKind::npy: {
      std::vector<NetWeights> nets;
      for (ForeignNet& net : read_npy_nets(bytes, where)) nets.push_back(finished(std::move(net), path));
      return nets;
    }
    case FileKind::lz4:
      return {finished(read_lz4_net(bytes, where), path)};
    case FileKind::safetensors:
      break;
  }
  const Safetensors tensors(path);
  const auto format = tensors.metadata().find("format");
  if (format != tensors.metadata().end() && format->second == "mtcnn-weights")
    return {read_weights(path, announced_net(tensors))};
  return one(import_safetensors(tensors, where), "facenet-pytorch state dict (safetensors)", DenseColumns::whc);
}

NetWeights import_weights(const std::filesystem::path& path) {
  std::vector<NetWeights> nets = import_nets(path);
  if (nets.size() == 1) return std::move(nets.front());
  throw Error(ErrorCode::bad_format, "this file holds several nets",
              {.where = path.string(),
               .found = concat(nets.size()),
               .expected = "one",
               .hint = "`mtcnn import` makes a model folder of it"});
}

}  // namespace mtcnn
