#include "mtcnn/engine/byte_kernels.h"

#include "mtcnn/engine/byte_layer.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>

#include "unit/engine/tolerances.h"
#include <gtest/gtest.h>

namespace mtcnn::engine {
namespace {

/// A layer of made-up parameters.
struct MadeLayer {
  Taps taps;
  std::vector<ChannelRange> inputs;
  std::vector<ChannelRange> outputs;

  MadeLayer(int input_channels, int channels, int kernel) {
    std::mt19937 random(7);
    const auto uniform = [&random](float low, float high) {
      return low + (high - low) * static_cast<float>(random() % 10001) / 10000;
    };
    taps.channels = channels;
    taps.input_channels = input_channels;
    taps.kernel = kernel;
    for (int i = 0; i < channels * input_channels * kernel * kernel; ++i) taps.weights.push_back(uniform(-1, 1));
    for (int i = 0; i < channels; ++i) {
      taps.biases.push_back(uniform(-1, 1));
      taps.slopes.push_back(uniform(-1, 1));
      outputs.push_back({-40, 40});
    }
    for (int i = 0; i < input_channels; ++i) inputs.push_back({uniform(-2, 0), uniform(1, 3)});
  }

  /// The exact answer for a window of bytes, before the activation.
  double at(const std::vector<uint8_t>& bytes, int width, int x, int y, int channel) const {
    double sum = taps.biases[static_cast<size_t>(channel)];
    size_t tap = static_cast<size_t>(channel) * taps.length();
    for (int row = y; row < y + taps.kernel; ++row) {
      for (int i = 0; i < taps.kernel * taps.input_channels; ++i, ++tap) {
        const ChannelRange& range = inputs[static_cast<size_t>(i % taps.input_channels)];
        const uint8_t byte = bytes[static_cast<size_t>((row * width + x) * taps.input_channels + i)];
        sum += taps.weights[tap] * static_cast<double>(range.low + range.step() * byte);
      }
    }
    return sum;
  }

  double activated(double value, int channel) const {
    return value > 0 ? value : value * static_cast<double>(taps.slopes[static_cast<size_t>(channel)]);
  }
};

std::vector<uint8_t> random_bytes(size_t count) {
  std::mt19937 random(3);
  std::vector<uint8_t> bytes(count + kByteSlack);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

ByteConvolution job_over(const ByteLayer& layer, const std::vector<uint8_t>& bytes, int width, int height,
                         ByteOutput kind) {
  ByteConvolution job = layer.job(kind);
  job.input = bytes.data();
  job.row_stride = ptrdiff_t{width} * layer.input_channels;
  for (int row = 0; row < layer.kernel; ++row) job.kernel_row[row] = row * job.row_stride;
  job.width = width - layer.kernel + 1;
  job.height = height - layer.kernel + 1;
  return job;
}

constexpr int kWidth = 17;
constexpr int kHeight = 6;

/// Input channels, channels and side of the kernel: P-Net's and R-Net's layers, and some of other widths.
const std::vector<std::tuple<int, int, int>> kShapes = {{3, 10, 3},  {10, 16, 3},   {16, 32, 3}, {28, 48, 3},
                                                        {48, 64, 2}, {576, 128, 1}, {7, 36, 2},  {9, 83, 3}};

TEST(ByteKernels, ConvolveAsDefinedUpToTheWeightsRounding) {
  for (const ByteKernels& kernels : usable_byte_kernels()) {
    for (const auto& [inputs, channels, side] : kShapes) {
      const MadeLayer made(inputs, channels, side);
      const ByteLayer layer = byte_layer(made.taps, made.inputs, {});
      const std::vector<uint8_t> bytes = random_bytes(static_cast<size_t>(kWidth * kHeight * inputs));
      ByteConvolution job = job_over(layer, bytes, kWidth, kHeight, ByteOutput::floats);
      // A weight is off by half a step at most, and an input is at most 3: a random walk over the taps.
      const double tolerance = 4 * 0.5 / 127 * 3 * std::sqrt(static_cast<double>(made.taps.length()));
      for (const ptrdiff_t stride : {layer.padded(), ptrdiff_t{channels}}) {
        job.output_stride = stride;
        std::vector<float> output(static_cast<size_t>(job.width * job.height * stride) + kByteSlack);
        job.output = output.data();
        kernels.convolve(job);
        for (int y = 0; y < job.height; ++y) {
          for (int x = 0; x < job.width; ++x) {
            for (int channel = 0; channel < channels; ++channel) {
              const auto at = static_cast<size_t>((y * job.width + x) * stride + channel);
              ASSERT_NEAR(output[at], made.activated(made.at(bytes, kWidth, x, y, channel), channel), tolerance)
                  << kernels.units << " " << inputs;
            }
          }
        }
      }
    }
  }
}

TEST(ByteKernels, VersionsGiveTheSameSumsAndBytes) {
  const std::span<const ByteKernels> versions = usable_byte_kernels();
  if (versions.size() == 1) GTEST_SKIP() << "this CPU has no units that multiply bytes";
  for (const auto& [inputs, channels, side] : kShapes) {
    MadeLayer made(inputs, channels, side);
    std::fill_n(made.taps.weights.begin(), made.taps.length(),
                1.0F);  // the first channel's sums are the largest possible
    const ByteLayer layer = byte_layer(made.taps, made.inputs, made.outputs);
    std::vector<uint8_t> bytes = random_bytes(static_cast<size_t>(kWidth * kHeight * inputs));
    std::fill_n(bytes.begin(), bytes.size() / 2, 255);
    std::vector<std::vector<int32_t>> sums;
    std::vector<std::vector<uint8_t>> answers;
    for (const ByteKernels& kernels : versions) {
      ByteConvolution job = job_over(layer, bytes, kWidth, kHeight, ByteOutput::sums);
      sums.emplace_back(static_cast<size_t>(job.width * job.height * layer.padded()));
      job.output = sums.back().data();
      kernels.convolve(job);
      job = job_over(layer, bytes, kWidth, kHeight, ByteOutput::bytes);
      answers.emplace_back(static_cast<size_t>(job.width * job.height * layer.channels) + kByteSlack);
      job.output = answers.back().data();
      kernels.convolve(job);
    }
    for (size_t version = 1; version < versions.size(); ++version) {
      EXPECT_EQ(sums[0], sums[version]) << versions[version].units << " " << inputs;
      for (size_t i = 0; i < answers[0].size(); ++i)
        ASSERT_NEAR(answers[0][i], answers[version][i], kByteTolerance) << inputs << " value " << i;
    }
  }
}

/// Also where a slope is negative, so that the smallest sum may give the largest answer.
TEST(ByteKernels, PoolAsDefined) {
  for (const ByteKernels& kernels : usable_byte_kernels()) {
    for (const int width : {2, 3, 8, 9, 22}) {
      for (const auto& [kernel, row_count] : {std::pair{2, 2}, {2, 1}, {3, 3}, {3, 2}}) {
        if (width < kernel) continue;
        constexpr int kChannels = 10;
        const MadeLayer made(3, kChannels, 3);
        const ByteLayer layer = byte_layer(made.taps, made.inputs, made.outputs);
        std::mt19937 random(5);
        std::vector<int32_t> sums(static_cast<size_t>(3 * width * layer.padded()));
        for (int32_t& sum : sums) sum = static_cast<int32_t>(random() % 400001) - 200000;
        const ptrdiff_t row = width * layer.padded();
        const int pooled = (width - kernel + 1) / 2 + 1;
        std::vector<uint8_t> output(static_cast<size_t>(pooled * kChannels) + kByteSlack);
        kernels.pool({.rows = {sums.data(), sums.data() + row, sums.data() + 2 * row},
                      .row_count = row_count,
                      .width = width,
                      .stride = layer.padded(),
                      .kernel = kernel,
                      .meaning = layer.meaning(),
                      .output = output.data(),
                      .channels = kChannels});
        for (int x = 0; x < pooled; ++x) {
          for (int channel = 0; channel < kChannels; ++channel) {
            const auto c = static_cast<size_t>(channel);
            float largest = -1e9F;
            for (int y = 0; y < row_count; ++y) {
              for (int column = 2 * x; column < std::min(width, 2 * x + kernel); ++column) {
                const auto sum =
                    static_cast<float>(sums[static_cast<size_t>(y * row + column * layer.padded() + channel)]);
                const float value = sum * layer.scales[c] + layer.offsets[c];
                largest = std::max(largest, value > 0 ? value : value * layer.slopes[c]);
              }
            }
            const float expected = std::floor(std::clamp(largest + layer.zeros[c], 0.0F, 255.0F));
            ASSERT_NEAR(output[static_cast<size_t>(x * kChannels + channel)], expected, kByteTolerance)
                << kernels.units << " " << width;
          }
        }
      }
    }
  }
}

/// In one go as one after the other.
TEST(ByteKernels, ConvolveAndPoolAsConvolveThenPool) {
  constexpr int kChannels = 10;
  const MadeLayer made(3, kChannels, 3);
  const ByteLayer layer = byte_layer(made.taps, made.inputs, made.outputs);
  for (const ByteKernels& kernels : usable_byte_kernels()) {
    for (const int pooled : {1, 5, 6, 13}) {
      const int width = 2 * pooled + 2;
      const std::vector<uint8_t> bytes = random_bytes(static_cast<size_t>(width) * 4 * 3);
      ByteConvolution job = job_over(layer, bytes, width, 4, ByteOutput::sums);
      const ptrdiff_t row = job.width * layer.padded();
      std::vector<int32_t> sums(static_cast<size_t>(2 * row) + kByteSlack);
      job.output = sums.data();
      kernels.convolve(job);
      std::vector<uint8_t> expected(static_cast<size_t>(pooled * kChannels) + kByteSlack);
      kernels.pool({.rows = {sums.data(), sums.data() + row},
                    .row_count = 2,
                    .width = 2 * pooled,
                    .stride = layer.padded(),
                    .kernel = 2,
                    .meaning = layer.meaning(),
                    .output = expected.data(),
                    .channels = kChannels});
      std::vector<uint8_t> output(expected.size());
      const uint8_t* first = bytes.data();
      kernels.convolve_and_pool({.rows = {first, first + width * 3, first + width * 6, first + width * 9},
                                 .pixel_stride = 3,
                                 .groups = layer.groups,
                                 .weights = layer.weights.data(),
                                 .meaning = layer.meaning(),
                                 .output = output.data(),
                                 .width = pooled,
                                 .channels = kChannels});
      for (int i = 0; i < pooled * kChannels; ++i)
        ASSERT_EQ(output[static_cast<size_t>(i)], expected[static_cast<size_t>(i)])
            << kernels.units << " width " << pooled << " value " << i;
    }
  }
}

TEST(ByteKernels, PixelsBecomeTheirBytes) {
  std::vector<float> values;
  for (int pixel = 0; pixel < 256; ++pixel) values.push_back((static_cast<float>(pixel) - 127.5F) / 128);
  values.insert(values.end(), {-1.2F, 1.2F, (10.4F - 127.5F) / 128});
  for (const ByteKernels& kernels : usable_byte_kernels()) {
    std::vector<uint8_t> bytes(values.size() + kByteSlack);
    kernels.to_bytes(values.data(), static_cast<ptrdiff_t>(values.size()), bytes.data());
    for (size_t pixel = 0; pixel < 256; ++pixel) ASSERT_EQ(bytes[pixel], pixel) << kernels.units;
    EXPECT_EQ(bytes[256], 0);
    EXPECT_EQ(bytes[257], 255);
    EXPECT_EQ(bytes[258], 10);
  }
}

}  // namespace
}  // namespace mtcnn::engine
