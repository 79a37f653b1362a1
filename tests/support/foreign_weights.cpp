#include "support/foreign_weights.h"

#include "mtcnn/core/error.h"
#include "mtcnn/weights/import.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <random>

#include "support/raw_bytes.h"
#include <gtest/gtest.h>

namespace mtcnn::testing {
namespace {

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

NetWeights random_weights(NetKind net, uint32_t seed, bool landmarks, int64_t points, double width) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value(0, 1);
  std::vector<NamedTensor> tensors;
  const Channels channels = channels_for(net, width);
  for (const TensorSpec& spec : tensor_specs(net, channels)) {
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
  return checked_weights(net, std::move(tensors), "random weights", channels);
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

std::string ImportTest::import_refusal(const std::string& bytes) {
  write_bytes(file_, bytes);
  std::string text = refusal([&] { import_nets(file_); });
  EXPECT_TRUE(text.starts_with(file_.string())) << text;
  return text;
}

}  // namespace mtcnn::testing
