#include "mtcnn/train/device_augment.h"

#include "mtcnn/train/degrade.h"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

namespace mtcnn {
namespace {

using torch::Tensor;
using OnDevice = PackedLists::OnDevice;

constexpr int64_t kBlock = 8;
constexpr int64_t kQualities = 101;

Tensor copy_of(std::span<const float> values, torch::IntArrayRef shape) {
  // from_blob has no const form; the copy only reads.
  return torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat).clone();
}

/// What a change that treats rows and columns alike does to a line, as a matrix: its columns are what becomes of crops
/// of which one column is 1.
Tensor matrix_of(int size, const std::function<void(std::vector<float>& crop, std::vector<float>& buffer)>& change) {
  Tensor matrix = torch::empty({size, size});
  auto values = matrix.accessor<float, 2>();
  std::vector<float> buffer(static_cast<size_t>(pixel_at(0, size, size)));
  for (int column = 0; column < size; ++column) {
    std::vector<float> crop(buffer.size());
    for (int y = 0; y < size; ++y) crop[static_cast<size_t>(pixel_at(column, y, size))] = 1;
    change(crop, buffer);
    for (int x = 0; x < size; ++x) values[x][column] = crop[static_cast<size_t>(pixel_at(x, 0, size))];
  }
  return matrix;
}

Tensor resamplings(int size) {
  std::vector<Tensor> lowered = {torch::eye(size), torch::eye(size)};  // of no cells, and of one, which there is not
  for (int cells = 2; cells <= size; ++cells) {
    lowered.push_back(matrix_of(size, [&](auto& crop, auto& buffer) {
      lower_resolution(crop, size, static_cast<double>(cells) / size, buffer);
    }));
  }
  const Tensor plain = torch::stack(lowered);
  const Tensor blurring = matrix_of(size, [&](auto& crop, auto& buffer) { blur(crop, size, buffer); });
  return torch::cat({plain, torch::matmul(blurring, plain)});
}

/// The values of a pixel lie next to each other in their order, those of crops one colour after the other.
Tensor noise_places(int64_t size) {
  const Tensor pixels = 3 * torch::arange(size * size, torch::kLong).expand({3, size * size});
  const Tensor colours = torch::arange(3, torch::kLong).unsqueeze(1);
  return torch::stack({pixels.flatten(), (pixels + colours).flatten()});
}

Tensor jpeg_tables() {
  std::vector<Tensor> tables;
  for (int64_t quality = 0; quality < kQualities; ++quality) {
    for (const bool chroma : {false, true, true})
      tables.push_back(copy_of(jpeg_steps(chroma, std::max(1, static_cast<int>(quality))), {kBlock, kBlock}));
  }
  return torch::stack(tables).view({kQualities, 3, kBlock, kBlock});
}

/// As of an unsigned number.
Tensor shifted_right(const Tensor& bits, int64_t by) {
  return bits.bitwise_right_shift(by).bitwise_and((int64_t{1} << (64 - by)) - 1);
}

/// The numbers that splitmix64 gives from `keys`, at these places of its sequence. Integers wrap around.
Tensor splitmix64(const Tensor& keys, const Tensor& places) {
  const auto constant = [](uint64_t value) { return static_cast<int64_t>(value); };
  Tensor z = keys + (places + 1) * constant(0x9e3779b97f4a7c15U);
  z = (z ^ shifted_right(z, 30)) * constant(0xbf58476d1ce4e5b9U);
  z = (z ^ shifted_right(z, 27)) * constant(0x94d049bb133111ebU);
  return z ^ shifted_right(z, 31);
}

/// [n] as [n, 1, 1, 1].
Tensor per_crop(const Tensor& values) { return values.view({-1, 1, 1, 1}); }

/// Replaces some rows by what becomes of them.
template <class Change>
void change_rows(const Tensor& crops, const Tensor& rows, const Change& change) {
  if (rows.numel() > 0) crops.index_copy_(0, rows, change(crops.index_select(0, rows)));
}

/// [n, A, B] from [n, A] of y and [n, B] of x: places in an image of this width, flat.
Tensor places(const Tensor& y, const Tensor& x, int64_t width) {
  return (y.unsqueeze(2) * width + x.unsqueeze(1)).flatten(1);
}

/// The pixels [n, 3, count] at places [n, count] of images [n, 3, H, W].
Tensor pixels_at(const Tensor& images, const Tensor& where) {
  return images.flatten(2).gather(2, where.unsqueeze(1).expand({-1, 3, -1}));
}

}  // namespace

DeviceAugmenter::DeviceAugmenter(int crop_size, torch::Device device)
    : size_(crop_size),
      gammas_(torch::cat([] {
                std::vector<Tensor> tables;
                for (const GammaTable& table : gamma_tables()) tables.push_back(copy_of(table, {256}));
                return tables;
              }())
                  .to(device)),
      resamplings_(resamplings(crop_size).to(device)),
      noise_places_(noise_places(crop_size).to(device)),
      cosines_(copy_of(jpeg_cosines(), {kBlock, kBlock}).to(device)),
      jpeg_steps_(jpeg_tables().to(device)),
      line_(torch::arange(size_, torch::kLong).to(device)),
      blocks_line_(torch::arange((size_ + 2 * (kBlock - 1)) / kBlock * kBlock, torch::kLong).to(device)) {}

Tensor DeviceAugmenter::apply(const Tensor& crops, const OnDevice& changes) const {
  const torch::NoGradGuard no_grad;
  const int64_t count = crops.size(0);
  Tensor x = crops.to(torch::kFloat, /*non_blocking=*/false, /*copy=*/true);
  change_rows(x, changes[Integers::mirrored_rows], [](const Tensor& some) { return some.flip(3); });
  change_rows(x, changes[Integers::gamma_rows], [&](const Tensor& some) {
    return gammas_.take(some.to(torch::kLong) + 256 * per_crop(changes[Integers::gamma]));
  });
  x = torch::baddbmm(changes[Reals::colour_shift].view({count, 3, 1}), changes[Reals::colours].view({count, 3, 3}),
                     x.flatten(2))
          .clamp_(0, 255)
          .view({count, 3, size_, size_});
  change_rows(x, changes[Integers::resampled_rows], [&](const Tensor& some) { return resampled(some, changes); });
  change_rows(x, changes[Integers::noisy_rows], [&](const Tensor& some) { return noisy(some, changes); });
  change_rows(x, changes[Integers::jpeg_rows], [&](const Tensor& some) { return as_jpeg(some, changes); });
  change_rows(x, changes[Integers::covered_rows], [&](const Tensor& some) { return covered(some, changes); });
  return x.sub_(127.5).mul_(1 / 128.0).contiguous(torch::MemoryFormat::ChannelsLast);
}

Tensor DeviceAugmenter::resampled(const Tensor& crops, const OnDevice& changes) const {
  const Tensor matrix = resamplings_.index_select(0, changes[Integers::resampling]).unsqueeze(1);
  return torch::matmul(torch::matmul(matrix, crops), matrix.transpose(2, 3));
}

Tensor DeviceAugmenter::noisy(const Tensor& crops, const OnDevice& changes) const {
  const Tensor where = noise_places_.index_select(0, changes[Integers::noise_colours]);
  const Tensor bits = splitmix64(changes[Integers::noise_key].unsqueeze(1), where);
  constexpr int64_t kPart = 0xffff;
  Tensor sum = bits.bitwise_and(kPart);
  for (const int64_t shift : {16, 32, 48}) sum += bits.bitwise_right_shift(shift).bitwise_and(kPart);
  const Tensor noise = (sum - 2 * kPart).to(torch::kFloat).view_as(crops) * per_crop(changes[Reals::noise_scale]);
  return (crops + noise).clamp_(0, 255);
}

Tensor DeviceAugmenter::as_jpeg(const Tensor& crops, const OnDevice& changes) const {
  const int64_t side = blocks_line_.numel();
  const int64_t blocks = side / kBlock;
  const Tensor shift_x = changes[Integers::jpeg_shift_x].unsqueeze(1);
  const Tensor shift_y = changes[Integers::jpeg_shift_y].unsqueeze(1);
  const auto inside = [&](const Tensor& shift) { return (blocks_line_ - shift).clamp(0, size_ - 1); };
  const std::vector<Tensor> rgb = pixels_at(crops, places(inside(shift_y), inside(shift_x), size_)).unbind(1);
  const Tensor grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  const Tensor planes = torch::stack({grey - 128, (rgb[2] - grey) / 1.772, (rgb[0] - grey) / 1.402}, 1)
                            .view({-1, 3, blocks, kBlock, blocks, kBlock})
                            .transpose(3, 4);  // [n, 3, down, across, 8, 8]
  const Tensor back = cosines_.t();
  const Tensor steps = jpeg_steps_.index_select(0, changes[Integers::jpeg_quality]).unsqueeze(2).unsqueeze(3);
  const Tensor coefficients = torch::matmul(torch::matmul(cosines_, planes), back);
  const Tensor rounded = (coefficients / steps).round_().mul_(steps);
  const Tensor images =
      torch::matmul(torch::matmul(back, rounded), cosines_).transpose(3, 4).reshape({-1, 3, side, side});
  const std::vector<Tensor> values = pixels_at(images, places(line_ + shift_y, line_ + shift_x, side)).unbind(1);
  const Tensor light = values[0] + 128;
  const Tensor green = light - (0.114 * 1.772 * values[1] + 0.299 * 1.402 * values[2]) / 0.587;
  return torch::stack({light + 1.402 * values[2], green, light + 1.772 * values[1]}, 1).clamp_(0, 255).view_as(crops);
}

Tensor DeviceAugmenter::covered(const Tensor& crops, const OnDevice& changes) const {
  const auto within = [&](Integers first, Integers length) {
    const Tensor begin = changes[first].unsqueeze(1);
    return (line_ >= begin).logical_and(line_ < begin + changes[length].unsqueeze(1));
  };
  const Tensor across = within(Integers::cover_left, Integers::cover_width);
  const Tensor down = within(Integers::cover_top, Integers::cover_height);
  const Tensor inside = down.unsqueeze(2).logical_and(across.unsqueeze(1)).unsqueeze(1);
  return torch::where(inside, changes[Reals::cover_colour].view({-1, 3, 1, 1}), crops);
}

}  // namespace mtcnn
