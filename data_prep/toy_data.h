#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace mtcnn {

/// What toy images show.
enum class ToyObject { face, watch };

/// How much toy data to paint.
struct ToyOptions {
  ToyObject object = ToyObject::face;
  int64_t images = 0;      ///< training images, in each layout
  int64_t validation = 0;  ///< validation images, in each layout
  uint64_t seed = 1;
  int threads = 1;
  std::function<void(int64_t pictures)> progress;  ///< called with the number of images done, from one thread at a time
};

/// What was painted.
struct ToyCounts {
  int64_t pictures = 0;
  int64_t faces = 0;  ///< without the ignored ones
};

/// Paints images of synthetic faces into `folder`: `wider/` in WIDER FACE's layout (several faces per image, or none;
/// beside it train.jsonl and val.jsonl, the same labels with points as own data) and `celeba/` in CelebA's (one face a
/// image, with points). See paint_toy_picture(). Watches come as own data: `train/` and `val/` with
/// annotations.jsonl, four points each, and `images/`. See paint_toy_watches(). Same seed, same bytes, for any number
/// of threads.
/// \throws Error if the folder holds anything already, if writing fails, or if the user interrupts.
/// \throws ContractError on negative numbers or less than one training image.
ToyCounts make_toy_data(const std::filesystem::path& folder, const ToyOptions& options);

}  // namespace mtcnn
