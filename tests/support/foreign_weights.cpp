#include "support/foreign_weights.h"

#include "mtcnn/core/checksum.h"
#include "mtcnn/core/error.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <span>

#include <gtest/gtest.h>

namespace mtcnn::testing {
namespace {

template <class Number>
std::string raw(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::string raw_values(const std::vector<float>& values, bool doubles) {
  std::string bytes;
  for (const float value : values) bytes += doubles ? raw(static_cast<double>(value)) : raw(value);
  return bytes;
}

bool is_points(const NamedTensor& tensor) {
  return tensor.shape[0] == 10 && tensor.name.find("_3.") != std::string::npos;
}

/// rows x0 y0 x1 y1 … to x0 … x4, y0 … y4
void split_points(NamedTensor& tensor) {
  const NamedTensor ours = tensor;
  const size_t row = ours.values.size() / 10;
  for (size_t point = 0; point < 5; ++point) {
    for (size_t axis = 0; axis < 2; ++axis) {
      for (size_t i = 0; i < row; ++i) {
        tensor.values[(axis * 5 + point) * row + i] = ours.values[(point * 2 + axis) * row + i];
      }
    }
  }
}

/// Channels of the last feature map where `tensor` is the layer behind it, else 0; the map is 3 x 3.
size_t flattened_channels(const NamedTensor& tensor) {
  return tensor.name == "dense4.weight" ? 64 : tensor.name == "dense5.weight" ? 128 : 0;
}

/// Columns C,H,W to the order in which `place(channel, y, x)` says.
template <class Place>
void move_columns(NamedTensor& tensor, size_t channels, const Place& place) {
  const NamedTensor ours = tensor;
  const size_t columns = channels * 9;
  for (size_t i = 0; i < ours.values.size(); ++i) {
    const size_t column = i % columns;
    const size_t from = i - column;
    tensor.values[from + place(column / 9, column / 3 % 3, column % 3)] = ours.values[i];
  }
}

/// A pickle as CPython's pickler writes it for a state dict; strings and globals are memoized as it does, so that later
/// uses are look-ups.
class PickleWriter {
 public:
  explicit PickleWriter(const TorchStyle& style) : style_(style) {
    bytes_ = std::string("\x80") + static_cast<char>(style.protocol);
  }

  void op(std::string_view code) { bytes_ += code; }
  void memoize() {
    if (style_.protocol >= 4) {
      bytes_ += '\x94';
    } else {
      bytes_ += next_ < 256 ? "q" + std::string(1, static_cast<char>(next_)) : "r" + raw(next_);
    }
    ++next_;
  }
  bool recall(const std::string& key) {
    const auto known = memo_.find(key);
    if (known == memo_.end()) {
      memo_[key] = next_;
      return false;
    }
    bytes_ += known->second < 256 ? "h" + std::string(1, static_cast<char>(known->second)) : "j" + raw(known->second);
    return true;
  }
  void text(const std::string& value) {
    if (recall("text " + value)) return;
    if (style_.protocol >= 4) {
      bytes_ += "\x8c" + std::string(1, static_cast<char>(value.size())) + value;
    } else {
      bytes_ += "X" + raw(static_cast<uint32_t>(value.size())) + value;
    }
    memoize();
  }
  void global(const std::string& module, const std::string& name) {
    const std::string key = "global " + module + " " + name;
    if (style_.protocol < 4) {
      if (recall(key)) return;
      bytes_ += "c" + module + "\n" + name + "\n";
    } else {
      const auto known = memo_.find(key);
      if (known != memo_.end()) {
        recall(key);
        return;
      }
      text(module);
      text(name);
      memo_[key] = next_;
      bytes_ += '\x93';
    }
    memoize();
  }
  void integer(int64_t value) {
    if (value < 256) {
      bytes_ += "K" + std::string(1, static_cast<char>(value));
    } else if (value < 65536) {
      bytes_ += "M" + raw(static_cast<uint16_t>(value));
    } else {
      bytes_ += "J" + raw(static_cast<int32_t>(value));
    }
  }
  void integers(const std::vector<int64_t>& values) {
    if (values.size() > 3) op("(");
    for (const int64_t value : values) integer(value);
    op(values.size() > 3 ? "t" : std::string_view("\x85\x86\x87").substr(values.size() - 1, 1));
    memoize();
  }
  void empty_dict(bool ordered) {
    if (ordered) {
      global("collections", "OrderedDict");
      op(")R");
    } else {
      op("}");
    }
    memoize();
  }
  std::string done() { return bytes_ + "."; }

 private:
  TorchStyle style_;
  std::string bytes_;
  uint32_t next_ = 0;
  std::map<std::string, uint32_t> memo_;
};

struct StoredTensors {
  std::vector<std::string> keys;
  std::vector<std::vector<float>> storages;
  std::vector<size_t> storage_of;
  std::vector<int64_t> offsets;
  std::vector<std::vector<int64_t>> strides;
};

StoredTensors store(const std::vector<NamedTensor>& tensors, const TorchStyle& style) {
  StoredTensors stored;
  for (const NamedTensor& tensor : tensors) {
    std::vector<int64_t> strides(tensor.shape.size());
    int64_t step = 1;
    for (size_t d = 0; d < strides.size(); ++d) {
      const size_t axis = style.reversed_strides ? d : strides.size() - 1 - d;
      strides[axis] = step;
      step *= tensor.shape[axis];
    }
    std::vector<float> values(tensor.values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      int64_t rest = static_cast<int64_t>(i);
      int64_t place = 0;
      for (size_t d = strides.size(); d-- > 0; rest /= tensor.shape[d]) place += rest % tensor.shape[d] * strides[d];
      values[static_cast<size_t>(place)] = tensor.values[i];
    }
    if (stored.storages.empty() || !style.shared_storage) {
      stored.storages.emplace_back();
      stored.keys.push_back(std::to_string(stored.keys.size()));
    }
    auto& storage = stored.storages.back();
    stored.storage_of.push_back(stored.storages.size() - 1);
    stored.offsets.push_back(static_cast<int64_t>(storage.size()));
    stored.strides.push_back(strides);
    storage.insert(storage.end(), values.begin(), values.end());
  }
  return stored;
}

void write_tensor(PickleWriter& pickle, const NamedTensor& tensor, const StoredTensors& stored, size_t index,
                  const TorchStyle& style, bool legacy) {
  if (style.parameters) {
    pickle.global("torch._utils", "_rebuild_parameter");
  }
  const size_t storage = stored.storage_of[index];
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.op("((");
  pickle.text("storage");
  pickle.global("torch", style.doubles ? "DoubleStorage" : "FloatStorage");
  pickle.text(stored.keys[storage]);
  pickle.text("cpu");
  pickle.integer(static_cast<int64_t>(stored.storages[storage].size()));
  pickle.op(legacy ? "Nt" : "t");
  pickle.memoize();
  pickle.op("Q");
  pickle.integer(stored.offsets[index]);
  pickle.integers(tensor.shape);
  pickle.integers(stored.strides[index]);
  pickle.op("\x89");
  pickle.empty_dict(true);
  pickle.op("t");
  pickle.memoize();
  pickle.op("R");
  pickle.memoize();
  if (style.parameters) {
    pickle.op("\x88");
    pickle.empty_dict(true);
    pickle.op("\x87R");
    pickle.memoize();
  }
}

std::string torch_pickle(const std::vector<NamedTensor>& tensors, const StoredTensors& stored, const TorchStyle& style,
                         bool legacy) {
  PickleWriter pickle(style);
  pickle.empty_dict(style.ordered);
  pickle.op("(");
  for (size_t i = 0; i < tensors.size(); ++i) {
    pickle.text(tensors[i].name);
    write_tensor(pickle, tensors[i], stored, i, style, legacy);
  }
  pickle.op("u");
  if (style.ordered) {
    pickle.op("}");
    pickle.memoize();
    pickle.text("_metadata");
    pickle.empty_dict(true);
    pickle.op("(");
    pickle.text("");
    pickle.op("}");
    pickle.memoize();
    pickle.text("version");
    pickle.integer(1);
    pickle.op("susb");
  }
  return pickle.done();
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
  return bytes + static_cast<char>(value);
}

std::string blob(const NamedTensor& tensor, CaffeGeneration generation) {
  std::string message;
  if (generation == CaffeGeneration::layer) {
    message += message_field(5, raw_values(tensor.values, false));
    std::string dimensions;
    for (const int64_t dimension : tensor.shape) dimensions += varint(static_cast<uint64_t>(dimension));
    return message + message_field(7, message_field(1, dimensions));
  }
  std::vector<int64_t> shape(4 - tensor.shape.size(), 1);
  shape.insert(shape.end(), tensor.shape.begin(), tensor.shape.end());
  for (size_t d = 0; d < 4; ++d) message += varint((d + 1) << 3U) + varint(static_cast<uint64_t>(shape[d]));
  for (const float value : tensor.values) message += varint((5U << 3U) | 5U) + raw(value);
  return message;
}

/// What the public Caffe models call the layer of ours.
std::string caffe_name(NetKind net, std::string layer) {
  if (layer.starts_with("dense")) layer = "conv" + layer.substr(5);
  if (net == NetKind::pnet && layer.starts_with("prelu")) layer = "PReLU" + layer.substr(5);
  std::replace(layer.begin(), layer.end(), '_', '-');
  return layer;
}

}  // namespace

NetWeights random_weights(NetKind net, uint32_t seed, bool landmarks, int64_t points) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value(0, 1);
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : net_spec(net)) {
    if (spec.landmark_head && (points == 0 || (net != NetKind::onet && !landmarks))) continue;
    const std::vector<int64_t> shape = spec.shape_for(points);
    const int64_t count = spec.count() / spec.shape.front() * shape.front();
    std::vector<float> values(static_cast<size_t>(count));
    // Scaled by the inputs of an output, so that activations stay around one and nets with such weights let something
    // through.
    const auto inputs = static_cast<float>(count / shape.front());
    const float scale = shape.size() > 1 ? 0.5F / std::sqrt(inputs) : 0.1F;
    for (float& v : values) v = scale * value(random);
    tensors.push_back({spec.name, shape, std::move(values)});
  }
  return {.net = net, .tensors = std::move(tensors), .metadata = {}};
}

std::vector<NamedTensor> facenet_layout(const NetWeights& weights) {
  std::vector<NamedTensor> tensors = weights.tensors;
  for (NamedTensor& tensor : tensors) {
    if (is_points(tensor)) split_points(tensor);
    if (const size_t channels = flattened_channels(tensor); channels != 0) {
      move_columns(tensor, channels, [&](size_t c, size_t y, size_t x) { return (x * 3 + y) * channels + c; });
    }
  }
  return tensors;
}

std::string legacy_header() {
  using namespace std::string_literals;
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;
  const std::string version = "\x80\x02M\xe9\x03."s;
  const std::string system = "\x80\x02}q\x00(X\x0d\x00\x00\x00little_endianq\x01\x88u."s;
  return magic + version + system;
}

std::string legacy_torch_file(const std::vector<NamedTensor>& tensors, const TorchStyle& style) {
  const StoredTensors stored = store(tensors, style);
  std::string bytes = legacy_header() + torch_pickle(tensors, stored, style, true);
  PickleWriter keys({.protocol = 2});
  keys.op("](");
  for (const std::string& key : stored.keys) keys.text(key);
  keys.op("e");
  bytes += keys.done();
  for (const auto& storage : stored.storages) {
    bytes += raw(static_cast<int64_t>(storage.size())) + raw_values(storage, style.doubles);
  }
  return bytes;
}

std::string zip_torch_file(const std::vector<NamedTensor>& tensors, const TorchStyle& style) {
  const StoredTensors stored = store(tensors, style);
  std::vector<ZipEntry> entries = {{"weights/data.pkl", torch_pickle(tensors, stored, style, false)},
                                   {"weights/byteorder", "little"}};
  for (size_t i = 0; i < stored.keys.size(); ++i) {
    entries.push_back({"weights/data/" + stored.keys[i], raw_values(stored.storages[i], style.doubles)});
  }
  entries.push_back({"weights/version", "3\n"});
  return zip_file(entries);
}

std::string zip_file(const std::vector<ZipEntry>& entries, uint16_t method) {
  std::string bytes;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const uint32_t checksum = crc32(std::as_bytes(std::span(entry.content)));
    const auto size = static_cast<uint32_t>(entry.content.size());
    const auto name_size = static_cast<uint16_t>(entry.name.size());
    const auto offset = static_cast<uint32_t>(bytes.size());
    const std::string facts = raw(uint16_t{0}) + raw(method) + raw(uint32_t{0}) + raw(checksum) + raw(size) + raw(size);
    // torch pads the local header so that the data start at a multiple of 64.
    const auto padding = static_cast<uint16_t>(64 - (bytes.size() + 30 + entry.name.size()) % 64);
    bytes += "PK\x03\x04" + raw(uint16_t{0}) + facts + raw(name_size) + raw(padding) + entry.name +
             std::string(padding, 'Z') + entry.content;
    directory += "PK\x01\x02" + raw(uint32_t{0}) + facts + raw(name_size) + raw(uint16_t{0}) + raw(uint16_t{0}) +
                 raw(uint64_t{0}) + raw(offset) + entry.name;
  }
  const auto count = static_cast<uint16_t>(entries.size());
  return bytes + directory + "PK\x05\x06" + raw(uint32_t{0}) + raw(count) + raw(count) +
         raw(static_cast<uint32_t>(directory.size())) + raw(static_cast<uint32_t>(bytes.size())) + raw(uint16_t{0});
}

std::string message_field(uint32_t number, std::string_view content) {
  return varint((uint64_t{number} << 3U) | 2U) + varint(content.size()) + std::string(content);
}

std::string caffemodel(const NetWeights& weights, CaffeGeneration generation) {
  const bool old = generation == CaffeGeneration::old_layers;
  const uint32_t layer_field = old ? 2 : 100;
  const uint32_t name_field = old ? 4 : 1;
  const uint32_t blobs_field = old ? 6 : 7;
  std::string bytes = message_field(1, "net") + message_field(layer_field, message_field(name_field, "data"));
  std::map<std::string, std::string> blobs;
  std::vector<std::string> order;
  for (NamedTensor tensor : weights.tensors) {
    if (is_points(tensor)) split_points(tensor);
    if (const size_t channels = flattened_channels(tensor); channels != 0) {
      move_columns(tensor, channels, [](size_t c, size_t y, size_t x) { return (c * 3 + x) * 3 + y; });
    }
    if (tensor.shape.size() == 4) {
      const NamedTensor ours = tensor;
      const auto side = static_cast<size_t>(tensor.shape[2]);
      for (size_t i = 0; i < ours.values.size(); ++i) {
        const size_t x = i % side;
        const size_t y = i / side % side;
        tensor.values[i - y * side - x + x * side + y] = ours.values[i];
      }
    }
    const std::string layer = caffe_name(weights.net, tensor.name.substr(0, tensor.name.find('.')));
    if (blobs[layer].empty()) order.push_back(layer);
    blobs[layer] += message_field(blobs_field, blob(tensor, generation));
  }
  for (const std::string& layer : order) {
    bytes += message_field(layer_field, message_field(name_field, layer) + blobs[layer]);
  }
  return bytes + message_field(layer_field, message_field(name_field, "loss"));
}

void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void expect_same(const NetWeights& found, const NetWeights& expected) {
  EXPECT_EQ(found.net, expected.net);
  ASSERT_EQ(found.tensors.size(), expected.tensors.size());
  for (size_t i = 0; i < found.tensors.size(); ++i) {
    EXPECT_EQ(found.tensors[i].name, expected.tensors[i].name);
    EXPECT_EQ(found.tensors[i].shape, expected.tensors[i].shape);
    EXPECT_TRUE(found.tensors[i].values == expected.tensors[i].values) << found.tensors[i].name;
  }
}

std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

}  // namespace mtcnn::testing
