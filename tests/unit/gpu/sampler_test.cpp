#include "mtcnn/gpu/sampler.h"

#include "mtcnn/core/error.h"
#include "mtcnn/image/image.h"
#include "mtcnn/image/resample.h"

#include <random>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

constexpr int kWidth = 61;
constexpr int kHeight = 40;
constexpr float kBorder = 120;

Image random_image(uint32_t seed) {
  Image image(kWidth, kHeight);
  std::mt19937 random(seed);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < 3 * kWidth; ++x) image.row(y)[x] = static_cast<uint8_t>(random());
  }
  return image;
}

/// Shrunk, grown, at the image's own size, over its edges, wholly outside.
TEST(Sampler, CutsWhatResampleCuts) {
  const Image images[] = {random_image(1), random_image(2)};
  at::Tensor pixels = at::empty({2, kHeight, kWidth, 3}, at::kByte);
  for (int i = 0; i < 2; ++i)
    pixels[i].copy_(at::from_blob(const_cast<uint8_t*>(images[i].row(0)), {kHeight, kWidth, 3}, at::kByte));
  const Sampler sampler(pixels, {.mean = 127.5, .scale = 1 / 128.0, .border = kBorder});
  const std::vector<Box> boxes = {{3.3F, 2.1F, 38.9F, 37.7F}, {10, 10, 15.5F, 15.5F}, {20, 5, 32, 17},
                                  {-9, -7, 21, 23},           {50, 30, 75.25F, 55},   {100, 100, 130, 130},
                                  {0, 0, kWidth, kHeight},    {-40, 12, 90, 19}};
  constexpr int kSide = 12;
  std::vector<double> edges;
  std::vector<int64_t> pictures;
  for (int64_t picture = 0; picture < 2; ++picture) {
    for (const Box& box : boxes) {
      edges.insert(edges.end(), {box.x1, box.y1, box.x2, box.y2});
      pictures.push_back(picture);
    }
  }
  const auto count = static_cast<int64_t>(pictures.size());
  const at::Tensor cut = sampler
                             .cut(at::from_blob(edges.data(), {count, 4}, at::kDouble),
                                  at::from_blob(pictures.data(), {count}, at::kLong), kSide, kSide)
                             .permute({0, 2, 3, 1})
                             .contiguous();
  std::vector<float> expected(size_t{kSide} * kSide * 3);
  for (size_t i = 0; i < pictures.size(); ++i) {
    resample(images[pictures[i]].view(), boxes[i % boxes.size()], kBorder,
             {.pixels = expected.data(),
              .width = kSide,
              .height = kSide,
              .row_stride = ptrdiff_t{3} * kSide,
              .mean = 127.5F,
              .scale = 1 / 128.0F});
    const float* actual = cut.const_data_ptr<float>() + i * expected.size();
    for (size_t k = 0; k < expected.size(); ++k) ASSERT_NEAR(actual[k], expected[k], 2e-5) << "box " << i;
  }
}

TEST(Sampler, TakesNoWindowsAndRefusesNoPictures) {
  const Sampler sampler(at::zeros({1, 5, 4, 3}, at::kByte), {});
  const at::Tensor none = sampler.cut(at::zeros({0, 4}, at::kDouble), at::zeros({0}, at::kLong), 24, 24);
  EXPECT_EQ(none.sizes(), (at::IntArrayRef{0, 3, 24, 24}));
  EXPECT_THROW(Sampler(at::zeros({1, 0, 4, 3}, at::kByte), {}), ContractError);
}

}  // namespace
}  // namespace mtcnn
