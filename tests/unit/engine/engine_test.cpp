#include "mtcnn/engine/kernels.h"
#include "mtcnn/engine/nets.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "support/foreign_weights.h"
#include "unit/engine/tolerances.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn::engine {
namespace {

using ::testing::Each;

constexpr size_t kONetValues = 15;  // of a net with five points

std::vector<float> random_floats(size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % 2001) / 1000 - 1;
  return values;
}

float prelu(float value, float slope) { return value > 0 ? value : slope * value; }

/// A layer of made-up weights in `net`'s place, so that the packer can be asked for it.
struct MadeLayer {
  NetWeights weights;
  int inputs;
  int channels;
  int kernel;

  MadeLayer(int input_channels, int output_channels, int side, float lowest_slope)
      : inputs(input_channels), channels(output_channels), kernel(side) {
    weights.tensors = {{"conv.weight", {channels, inputs, kernel, kernel}, {}},
                       {"conv.bias", {channels}, {}},
                       {"prelu.weight", {channels}, {}}};
    weights.tensors[0].values = random_floats(static_cast<size_t>(channels * inputs * kernel * kernel), 2);
    weights.tensors[1].values = random_floats(static_cast<size_t>(channels), 3);
    weights.tensors[2].values = random_floats(static_cast<size_t>(channels), 4);
    for (float& slope : weights.tensors[2].values) slope = std::max(slope, lowest_slope);
  }

  float bias(int channel) const { return weights.tensors[1].values[static_cast<size_t>(channel)]; }
  float slope(int channel) const { return weights.tensors[2].values[static_cast<size_t>(channel)]; }

  /// [height, width, inputs] to one value, before the activation.
  double at(const std::vector<float>& input, int width, int x, int y, int channel) const {
    double sum = bias(channel);
    for (int i = 0; i < inputs; ++i) {
      for (int dy = 0; dy < kernel; ++dy) {
        for (int dx = 0; dx < kernel; ++dx) {
          const auto tap = static_cast<size_t>(((channel * inputs + i) * kernel + dy) * kernel + dx);
          const auto value = static_cast<size_t>(((y + dy) * width + x + dx) * inputs + i);
          sum += static_cast<double>(weights.tensors[0].values[tap]) * static_cast<double>(input[value]);
        }
      }
    }
    return sum;
  }
};

/// Whatever the compiler: none falls back to narrower units.
TEST(EngineKernels, AreThoseOfThisMachine) {
  if (std::getenv("MTCNN_VECTOR") != nullptr) GTEST_SKIP() << "MTCNN_VECTOR limits them";
#if defined(__aarch64__)
  EXPECT_STREQ(usable_kernels().back().units, "NEON");
#elif defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) GTEST_SKIP() << "this CPU has no AVX2";
  const char* avx512 = __builtin_cpu_supports("avx512vnni") ? "AVX-512 VNNI" : "AVX-512";
  EXPECT_STREQ(usable_kernels().back().units, __builtin_cpu_supports("avx512vl") ? avx512 : "AVX2");
#else
  GTEST_SKIP() << "this kind of CPU has one version";
#endif
}

/// With pixels as far apart as their channels in whole vectors, and as their channels.
TEST(EngineKernels, ConvolveAsDefined) {
  for (const Kernels& kernels : usable_kernels()) {
    for (const auto& [inputs, channels, side] : std::vector<std::tuple<int, int, int>>{
             {3, 10, 3}, {10, 16, 3}, {16, 32, 3}, {48, 64, 2}, {28, 48, 3}, {5, 3, 3}, {7, 36, 2}, {9, 83, 3}}) {
      constexpr int kWidth = 15;
      constexpr int kHeight = 7;
      const MadeLayer made(inputs, channels, side, -1);
      const Layer layer = LayerPacker(made.weights, kernels).pack(convolution_taps(made.weights, "conv", "prelu"));
      const std::vector<float> input = random_floats(static_cast<size_t>(kWidth * kHeight * inputs));
      Convolution job = layer.job();
      job.input = input.data();
      job.pixel_stride = inputs;
      job.row_stride = ptrdiff_t{kWidth} * inputs;
      for (int row = 0; row < side; ++row) job.kernel_row[row] = row * job.row_stride;
      job.width = kWidth - side + 1;
      job.height = kHeight - side + 1;
      for (const ptrdiff_t stride : {layer.padded(), ptrdiff_t{channels}}) {
        job.output_stride = stride;
        std::vector<float> output(static_cast<size_t>(job.width * job.height * stride) + kSlack);
        job.output = output.data();
        kernels.convolve(job);
        for (int y = 0; y < job.height; ++y) {
          for (int x = 0; x < job.width; ++x) {
            for (int channel = 0; channel < channels; ++channel) {
              const float value = static_cast<float>(made.at(input, kWidth, x, y, channel));
              const size_t at = static_cast<size_t>((y * job.width + x) * stride + channel);
              ASSERT_NEAR(output[at], prelu(value, made.slope(channel)), kConvolutionTolerance)
                  << kernels.units << " " << channel << " of " << channels;
            }
          }
        }
      }
    }
  }
}

/// Maps that end within a tile, with one; channels that end within a vector; with pooling and without.
TEST(Winograd, IsTheConvolution) {
  for (const Kernels& kernels : usable_kernels()) {
    for (const auto& [inputs, channels] : {std::pair{28, 48}, {32, 64}, {17, 3}}) {
      const MadeLayer made(inputs, channels, 3, -1);
      const LayerPacker pack(made.weights, kernels);
      const Taps taps = convolution_taps(made.weights, "conv", "prelu");
      const Layer layer = pack.pack(taps);
      const WinogradLayer winograd(taps, pack);
      for (const auto& [width, height] : {std::pair{23, 23}, {10, 10}, {6, 11}, {5, 5}}) {
        std::vector<float> input = random_floats(static_cast<size_t>(width * height * inputs));
        input.resize(input.size() + kSlack, std::numeric_limits<float>::quiet_NaN());  // is read, and does not matter
        for (const int pool : {0, 2, 3}) {
          const Map map{input.data(), width, height};
          std::vector<float> rooms[2];
          const Map expected = pool > 0 ? convolved_and_pooled(kernels, layer, pool, map, rooms[0])
                                        : convolved(kernels, layer, map, rooms[0]);
          const Map got = winograd.run(kernels, pool, map, rooms[1]);
          ASSERT_EQ(std::pair(got.width, got.height), std::pair(expected.width, expected.height));
          for (int i = 0; i < got.width * got.height * channels; ++i)
            ASSERT_NEAR(got.values[i], expected.values[i], kConvolutionTolerance)
                << kernels.units << " " << inputs << " " << width << " " << pool << " " << i;
        }
      }
    }
  }
}

/// Sums of products of whole numbers, the largest possible ones too, and blocks of channels that end within a vector.
TEST(WordKernels, ConvolveExactly) {
  for (const Kernels& kernels : usable_kernels()) {
    if (kernels.convolve_words == nullptr) continue;
    for (const auto& [inputs, channels] : {std::pair{3, 32}, {32, 48}, {64, 64}, {5, 7}}) {
      const MadeLayer made(inputs, channels, 3, -1);
      const Taps taps = convolution_taps(made.weights, "conv", "prelu");
      const WordLayer layer = LayerPacker(made.weights, kernels).pack_words(taps);
      constexpr int kWidth = 15;
      std::mt19937 random(1);
      std::vector<int16_t> input(static_cast<size_t>(3 * kWidth * inputs) + kSlack);
      for (int16_t& word : input)
        word = static_cast<int16_t>(static_cast<int>(random() % (2 * kMostWord + 1)) - kMostWord);
      std::fill_n(input.begin(), input.size() / 2, static_cast<int16_t>(kMostWord));
      WordConvolution job = layer.job();
      job.pixel_stride = inputs;
      job.width = kWidth - 2;
      job.scale = 1.0F / kMostWord;
      set_input(job, input.data(), ptrdiff_t{kWidth} * inputs);
      job.output_stride = ptrdiff_t{layer.blocks} * layer.vectors * kernels.lanes;
      std::vector<float> output(static_cast<size_t>(job.width * job.output_stride));
      job.output = output.data();
      kernels.convolve_words(job);
      for (int channel = 0; channel < channels; ++channel) {
        const std::span<const float> weights =
            std::span(taps.weights).subspan(static_cast<size_t>(channel) * taps.length(), taps.length());
        const int block_channels = layer.vectors * kernels.lanes;
        const int block = channel / block_channels;
        const int lane = channel % block_channels;
        const auto one = static_cast<double>(layer.meaning[static_cast<size_t>(2 * block * block_channels + lane)]);
        const auto rounded = [&](size_t tap) { return std::lround(static_cast<double>(weights[tap]) / one); };
        for (int x = 0; x < job.width; ++x) {
          int64_t sum = 0;
          for (size_t tap = 0; tap < weights.size(); ++tap) {
            const auto row = tap / static_cast<size_t>(3 * inputs);
            const auto place = tap % static_cast<size_t>(3 * inputs);
            const size_t pixel = row * kWidth + static_cast<size_t>(x);
            sum += rounded(tap) * input[pixel * static_cast<size_t>(inputs) + place];
          }
          ASSERT_LE(std::abs(sum), std::numeric_limits<int32_t>::max());
          const double expected = static_cast<double>(sum) * one / kMostWord + static_cast<double>(made.bias(channel));
          ASSERT_NEAR(output[static_cast<size_t>(x * job.output_stride + channel)], expected, 1e-3)
              << kernels.units << " " << inputs << " " << x << " " << channel;
        }
      }
    }
  }
}

TEST(WordKernels, RoundToTheScaleOfTheLargest) {
  for (const Kernels& kernels : usable_kernels()) {
    if (kernels.to_words == nullptr) continue;
    for (const float largest : {1e-35F, 1e-3F, 0.99F, 1.0F, 3.0F, 1e20F}) {
      std::vector<float> values = random_floats(37 + kSlack);
      for (float& value : values) value *= 0.9F * largest;
      values[36] = -largest;
      std::fill(values.begin() + 37, values.end(), std::numeric_limits<float>::quiet_NaN());  // does not count
      std::vector<int16_t> words(values.size());
      const float one = kernels.to_words(values.data(), 37, words.data());
      if (largest < 1e-30F) {
        EXPECT_THAT(words, Each(0));
        continue;
      }
      EXPECT_GE(largest / one, kMostWord / 2) << kernels.units;
      EXPECT_LE(largest / one, kMostWord) << kernels.units;
      for (size_t i = 0; i < 37; ++i) EXPECT_NEAR(words[i], values[i] / one, 0.5) << kernels.units << " " << largest;
    }
    for (const float broken : {std::numeric_limits<float>::infinity(), 1e35F}) {
      const std::vector<float> values(16 + kSlack, broken);
      std::vector<int16_t> words(values.size());
      EXPECT_FALSE(std::isfinite(kernels.to_words(values.data(), 16, words.data())));
      EXPECT_THAT(words, Each(0));
    }
  }
}

TEST(EngineKernels, PoolAsDefined) {
  for (const Kernels& kernels : usable_kernels()) {
    for (const float lowest_slope : {-1.0F, 0.0F}) {
      for (const int width : {2, 3, 8, 9, 10, 46}) {
        for (const auto& [kernel, row_count] : {std::pair{2, 2}, {2, 1}, {3, 3}, {3, 2}}) {
          if (width < kernel) continue;
          constexpr int kChannels = 10;
          const MadeLayer made(3, kChannels, 3, lowest_slope);
          const Layer layer = LayerPacker(made.weights, kernels).pack(convolution_taps(made.weights, "conv", "prelu"));
          const auto row_floats = static_cast<size_t>(width * layer.padded());
          const std::vector<float> input = random_floats(3 * row_floats, 9);
          const int pooled = (width - kernel + 1) / 2 + 1;
          std::vector<float> output(static_cast<size_t>(pooled * kChannels) + kSlack);
          kernels.pool({.rows = {input.data(), input.data() + row_floats, input.data() + 2 * row_floats},
                        .row_count = row_count,
                        .width = width,
                        .stride = layer.padded(),
                        .kernel = kernel,
                        .slopes = layer.slopes.data(),
                        .rising = layer.rising,
                        .output = output.data(),
                        .channels = kChannels});
          for (int x = 0; x < pooled; ++x) {
            for (int channel = 0; channel < kChannels; ++channel) {
              float largest = -std::numeric_limits<float>::infinity();
              for (int row = 0; row < row_count; ++row) {
                for (int column = 2 * x; column < std::min(width, 2 * x + kernel); ++column) {
                  const size_t at =
                      static_cast<size_t>(row) * row_floats + static_cast<size_t>(column * layer.padded() + channel);
                  largest = std::max(largest, prelu(input[at], made.slope(channel)));
                }
              }
              ASSERT_EQ(output[static_cast<size_t>(x * kChannels + channel)], largest) << kernels.units << " " << width;
            }
          }
        }
      }
    }
  }
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
  return largest;
}

TEST(EngineNets, VersionsAgree) {
  std::vector<std::vector<float>> answers;
  const std::vector<float> plane = random_floats(size_t{60} * 40 * 3);
  const std::vector<float> crops = random_floats(size_t{3} * 48 * 48 * 3);
  for (const Kernels& kernels : usable_kernels()) {
    std::vector<float> values(size_t{25} * 15 * 5 + 3 * 5 + 3 * 15);
    PNet(testing::random_weights(NetKind::pnet, 1), kernels)
        .run({plane.data(), 180, 60, 40}, 0, 15, values.data(), 125);
    CropNet(testing::random_weights(NetKind::rnet, 2), kernels)
        .run(crops.data(), 3, values.data() + size_t{25} * 15 * 5);
    CropNet(testing::random_weights(NetKind::onet, 3), kernels)
        .run(crops.data(), 3, values.data() + size_t{25} * 15 * 5 + size_t{3} * 5);
    answers.push_back(values);
  }
  for (const std::vector<float>& values : answers)
    EXPECT_LT(largest_difference(values, answers.front()), kNetTolerance);
}

/// Values depend on their own window alone, to the bit: so batches, bands and threads change nothing.
TEST(EngineNets, NeighboursChangeNothing) {
  for (const Kernels& kernels : usable_kernels()) {
    const CropNet onet(testing::random_weights(NetKind::onet, 3), kernels);
    constexpr int kCount = 21;
    constexpr size_t kCrop = size_t{48} * 48 * 3;
    const std::vector<float> crops = random_floats(kCount * kCrop);
    std::vector<float> together(size_t{kCount} * kONetValues);
    for (const bool exact : {true, false}) {
      onet.run(crops.data(), kCount, together.data(), exact);
      for (size_t i = 0; i < kCount; ++i) {
        std::vector<float> alone(kONetValues);
        onet.run(crops.data() + i * kCrop, 1, alone.data(), exact);
        for (size_t value = 0; value < alone.size(); ++value)
          ASSERT_EQ(alone[value], together[i * kONetValues + value]) << kernels.units;
      }
    }
    const PNet pnet(testing::random_weights(NetKind::pnet, 1), kernels);
    const std::vector<float> plane = random_floats(size_t{130} * 50 * 3);
    constexpr int kRows = 20;
    constexpr size_t kRow = size_t{60} * PNet::kValues;
    std::vector<float> whole(kRows * kRow);
    pnet.run({plane.data(), 390, 130, 50}, 0, kRows, whole.data(), kRow);
    for (int row = 0; row < kRows; ++row) {
      std::vector<float> alone(kRow);
      pnet.run({plane.data(), 390, 130, 50}, row, row + 1, alone.data(), kRow);
      for (size_t value = 0; value < kRow; ++value)
        ASSERT_EQ(alone[value], whole[static_cast<size_t>(row) * kRow + value]) << kernels.units;
    }
  }
}

}  // namespace
}  // namespace mtcnn::engine
