#include "mtcnn/core/safetensors.h"
#include "mtcnn/core/text.h"
#include "mtcnn/engine/nets.h"
#include "mtcnn/weights/onnx_file.h"

#include <cmath>
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>

#include "support/foreign_weights.h"
#include "unit/engine/plain_net.h"

/// Made-up nets as ONNX files, and what they answer to random inputs: NAME.onnx and, for each input,
/// NAME.COUNTxHEIGHTxWIDTH.safetensors with `input`, `probability`, `offsets` and, where there are any, `landmarks`.
namespace mtcnn {
namespace {

/// Answers as ONNX files give them: channels first, probabilities.
struct Answers {
  std::vector<float> probability, offsets, landmarks;
  std::vector<int64_t> map;  ///< rows and columns of P-Net's map; none else
};

std::vector<float> random_floats(size_t count, std::mt19937& random) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % 20001) / 10000.0F - 1;
  return values;
}

/// \param values  [cells, channels]: the face's logit, offsets, points.
void append(Answers& answers, const std::vector<double>& values, size_t channels) {
  const size_t cells = values.size() / channels;
  const auto value = [&](size_t cell, size_t channel) { return values[cell * channels + channel]; };
  for (const double sign : {-1.0, 1.0}) {
    for (size_t cell = 0; cell < cells; ++cell)
      answers.probability.push_back(static_cast<float>(1 / (1 + std::exp(-sign * value(cell, 0)))));
  }
  for (size_t channel = 1; channel < channels; ++channel) {
    for (size_t cell = 0; cell < cells; ++cell)
      (channel < 5 ? answers.offsets : answers.landmarks).push_back(static_cast<float>(value(cell, channel)));
  }
}

/// The engine's answer; for P-Net on a map of odd sides, which the engine never makes, that of plain loops.
void answer(const NetWeights& weights, const std::vector<float>& pixels, int height, int width, Answers& answers) {
  const engine::Kernels& kernels = engine::usable_kernels().back();
  if (weights.net != NetKind::pnet) {
    const engine::CropNet net(weights, kernels);
    std::vector<float> values(static_cast<size_t>(net.values()));
    net.run(pixels.data(), 1, values.data());
    append(answers, {values.begin(), values.end()}, values.size());
  } else if (height % 2 == 0 && width % 2 == 0) {
    const engine::PNet net(weights, kernels);
    const int rows = height / 2 - 5;
    const int columns = width / 2 - 5;
    const ptrdiff_t stride = ptrdiff_t{columns} * engine::PNet::kValues;
    std::vector<float> values(static_cast<size_t>(rows * stride));
    net.run({pixels.data(), ptrdiff_t{3} * width, width, height}, 0, rows, values.data(), stride);
    append(answers, {values.begin(), values.end()}, engine::PNet::kValues);
    answers.map = {rows, columns};
  } else {
    const engine::PlainMap map = engine::plain_net(weights, pixels, height, width);
    append(answers, map.values, static_cast<size_t>(map.channels));
    answers.map = {map.height, map.width};
  }
}

void write_case(const std::filesystem::path& stem, const NetWeights& weights, std::vector<int64_t> shape,
                std::mt19937& random) {
  const auto [count, height, width] =
      std::tuple{static_cast<size_t>(shape[0]), static_cast<size_t>(shape[2]), static_cast<size_t>(shape[3])};
  Answers answers;
  std::vector<float> input;
  for (size_t i = 0; i < count; ++i) {
    const std::vector<float> pixels = random_floats(height * width * 3, random);  // [height, width, 3]
    for (size_t colour = 0; colour < 3; ++colour) {
      for (size_t place = 0; place < height * width; ++place) input.push_back(pixels[place * 3 + colour]);
    }
    answer(weights, pixels, static_cast<int>(height), static_cast<int>(width), answers);
  }
  std::vector<TensorView> views;
  const auto add = [&](const char* name, const std::vector<int64_t>& tail, const std::vector<float>& values) {
    std::vector<int64_t> own = {shape[0]};
    own.insert(own.end(), tail.begin(), tail.end());
    own.insert(own.end(), answers.map.begin(), answers.map.end());
    views.push_back({name, Dtype::f32, own, std::as_bytes(std::span(values))});
  };
  add("probability", {2}, answers.probability);
  add("offsets", {4}, answers.offsets);
  if (!answers.landmarks.empty()) add("landmarks", {2 * landmark_count(weights)}, answers.landmarks);
  views.push_back({"input", Dtype::f32, shape, std::as_bytes(std::span(input))});
  write_safetensors(concat(stem.string(), ".", count, "x", height, "x", width, ".safetensors"), views, {});
}

void write_all(const std::filesystem::path& folder) {
  std::mt19937 random(5);
  struct Made {
    const char* name;
    int64_t points;
    double width;
  };
  for (const Made& made : {Made{"paper", 5, 1}, Made{"no_points", 0, 1}, Made{"wide", 3, 1.5}}) {
    for (const NetKind net : kNetKinds) {
      NetWeights weights =
          testing::random_weights(net, 7, net == NetKind::onet && made.points > 0, made.points, made.width);
      const std::filesystem::path stem = folder / concat(made.name, "_", net_name(net));
      write_onnx(stem.string() + ".onnx", weights);
      if (net == NetKind::pnet) {
        for (const auto& [count, height, width] :
             {std::tuple{1, 12, 12}, {3, 12, 40}, {2, 64, 30}, {2, 13, 17}, {1, 31, 22}})
          write_case(stem, weights, {count, 3, height, width}, random);
      } else {
        for (const int count : {1, 2, 37})
          write_case(stem, weights, {count, 3, net_input_size(net), net_input_size(net)}, random);
      }
    }
  }
}

}  // namespace
}  // namespace mtcnn

/// usage: write_onnx_answers DIR
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    mtcnn::write_all(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
