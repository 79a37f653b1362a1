#include "mtcnn/train/device_augment.h"

#include "mtcnn/train/augment.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr int64_t kCrops = 60;
constexpr float kGreyLevel = 1 / 128.0F;

AugmentOptions no_change() {
  AugmentOptions o;
  o.mirror = o.brightness = o.contrast = o.saturation = o.gain = o.grey = o.gamma = o.blur = o.low_resolution =
      o.noise = o.jpeg = o.cutout = 0;
  return o;
}

RandomStream stream(int64_t row) { return RandomStream(1, "device augment", static_cast<uint64_t>(row)); }

/// Crops of smooth shades with some texture, as photos are.
torch::Tensor crops_of(int size) {
  torch::Tensor crops = torch::empty({kCrops, 3, size, size}, torch::kByte);
  auto values = crops.accessor<uint8_t, 4>();
  RandomStream random(2, "crops");
  for (int64_t n = 0; n < kCrops; ++n) {
    for (int64_t c = 0; c < 3; ++c) {
      const double phase = random.uniform(0, 6);
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          const double shade = 127 + 90 * std::sin(phase + 4.0 * x / size) * std::cos(phase + 3.0 * y / size);
          values[n][c][y][x] = static_cast<uint8_t>(std::clamp(shade + random.uniform(-30, 30), 0.0, 255.0));
        }
      }
    }
  }
  return crops;
}

/// [N, 3, S, S], by Augmenter.
torch::Tensor on_the_cpu(const torch::Tensor& crops, const AugmentOptions& options) {
  const int64_t size = crops.size(2);
  Augmenter augmenter(options, static_cast<int>(size));
  torch::Tensor out = torch::empty({kCrops, size, size, 3});
  for (int64_t row = 0; row < kCrops; ++row) {
    CropLabel label;
    RandomStream random = stream(row);
    const torch::Tensor crop = crops[row].contiguous();
    augmenter.apply({crop.const_data_ptr<uint8_t>(), static_cast<size_t>(crop.numel())}, label, &random,
                    out[row].mutable_data_ptr<float>());
  }
  return out.permute({0, 3, 1, 2});
}

torch::Tensor on_a_device(const torch::Tensor& crops, const AugmentOptions& options) {
  const auto size = static_cast<int>(crops.size(2));
  HostLists lists;
  for (int64_t row = 0; row < kCrops; ++row) {
    RandomStream random = stream(row);
    lists.add_changes(row, draw_changes(options, size, random), size);
  }
  const DeviceAugmenter augmenter(size, torch::kCPU);
  return augmenter.apply(crops, PackedLists(lists, torch::kCPU).to(torch::kCPU));
}

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>() / kGreyLevel;
}

TEST(DeviceAugmenter, WhatMovesBytesIsExact) {
  for (const int size : {12, 24, 48}) {
    const torch::Tensor crops = crops_of(size);
    for (const auto member : {&AugmentOptions::mirror, &AugmentOptions::cutout}) {
      AugmentOptions options = no_change();
      options.*member = .7;
      const torch::Tensor changed = on_a_device(crops, options);
      EXPECT_TRUE(changed.equal(on_the_cpu(crops, options))) << size;
      EXPECT_FALSE(changed.equal(on_a_device(crops, no_change())));
      EXPECT_TRUE(changed.is_contiguous(torch::MemoryFormat::ChannelsLast));
    }
  }
}

TEST(DeviceAugmenter, WhatComputesIsNearlyExact) {
  constexpr double kMost = 1e-3;  // grey levels
  for (const int size : {12, 24, 48}) {
    const torch::Tensor crops = crops_of(size);
    for (const auto member :
         {&AugmentOptions::brightness, &AugmentOptions::contrast, &AugmentOptions::saturation, &AugmentOptions::gain,
          &AugmentOptions::grey, &AugmentOptions::gamma, &AugmentOptions::blur, &AugmentOptions::low_resolution}) {
      AugmentOptions options = no_change();
      options.*member = .7;
      const torch::Tensor changed = on_a_device(crops, options);
      EXPECT_LT(largest_difference(changed, on_the_cpu(crops, options)), kMost) << size;
      EXPECT_GT(largest_difference(changed, on_a_device(crops, no_change())), 1) << size;
    }
    AugmentOptions all;
    all.noise = all.jpeg = 0;
    all.blur = all.low_resolution = all.gamma = .5;
    EXPECT_LT(largest_difference(on_a_device(crops, all), on_the_cpu(crops, all)), kMost) << size;
  }
}

TEST(DeviceAugmenter, JpegRoundsFewCoefficientsOtherwise) {
  for (const int size : {12, 24, 48}) {
    const torch::Tensor crops = crops_of(size);
    AugmentOptions options = no_change();
    options.jpeg = 1;
    const torch::Tensor difference = (on_a_device(crops, options) - on_the_cpu(crops, options)).abs() / kGreyLevel;
    EXPECT_LT((difference > 1e-2).to(torch::kFloat).mean().item<double>(), .02) << size;
    EXPECT_LT(difference.mean().item<double>(), .05) << size;
    EXPECT_GT(largest_difference(on_a_device(crops, options), on_a_device(crops, no_change())), 5);
  }
}

uint64_t splitmix64(uint64_t key, uint64_t place) {
  uint64_t z = key + (place + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

TEST(DeviceAugmenter, NoiseIsDrawnFromCounters) {
  constexpr int kSize = 12;
  const torch::Tensor crops = torch::full({kCrops, 3, kSize, kSize}, 128, torch::kByte);
  AugmentOptions options = no_change();
  options.noise = 1;
  const torch::Tensor changed = on_a_device(crops, options) * 128 + 127.5;
  bool some_grey = false;
  bool some_coloured = false;
  for (int64_t row = 0; row < kCrops; ++row) {
    RandomStream random = stream(row);
    const CropChanges::Noise noise = *draw_changes(options, kSize, random).noise;
    (noise.grey ? some_grey : some_coloured) = true;
    RandomStream own = noise.random;
    const uint64_t key = own.next();
    for (int64_t c = 0; c < 3; ++c) {
      for (int64_t pixel = 0; pixel < kSize * kSize; ++pixel) {
        const uint64_t bits = splitmix64(key, static_cast<uint64_t>(3 * pixel + (noise.grey ? 0 : c)));
        int64_t sum = -2 * 0xffff;
        for (const unsigned shift : {0U, 16U, 32U, 48U}) sum += static_cast<int64_t>((bits >> shift) & 0xffffU);
        const float value = 128 + static_cast<float>(sum) * noise.scale;
        EXPECT_NEAR(changed[row][c][pixel / kSize][pixel % kSize].item<float>(), value, 1e-4);
      }
    }
  }
  EXPECT_TRUE(some_grey && some_coloured);
}

TEST(DeviceAugmenter, NoiseIsAsStrongAsTheCpus) {
  const torch::Tensor crops = torch::full({kCrops, 3, 24, 24}, 128, torch::kByte);
  AugmentOptions options = no_change();
  options.noise = 1;
  options.noise_level = 20;
  const torch::Tensor here = on_the_cpu(crops, options).flatten(1);
  const torch::Tensor there = on_a_device(crops, options).flatten(1);
  EXPECT_NEAR(here.mean().item<double>(), there.mean().item<double>(), kGreyLevel / 4);
  for (int64_t row = 0; row < kCrops; ++row) {
    const double wanted = here[row].std().item<double>();
    EXPECT_NEAR(there[row].std().item<double>(), wanted, .2 * wanted + 1e-6) << row;
  }
}

/// What is drawn after noise is the same whether its numbers were used or not.
TEST(DeviceAugmenter, NoiseMovesNoOtherDraw) {
  const torch::Tensor crops = torch::zeros({kCrops, 3, 24, 24}, torch::kByte);
  AugmentOptions options = no_change();
  options.noise = 1;
  options.noise_level = 0;
  options.cutout = 1;
  EXPECT_TRUE(on_a_device(crops, options).equal(on_the_cpu(crops, options)));
}

}  // namespace
}  // namespace mtcnn
