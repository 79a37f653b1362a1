#pragma once

#include "mtcnn/core/random.h"
#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/data/shard.h"
#include "mtcnn/train/augment_draws.h"
#include "mtcnn/train/options.h"
#include "mtcnn/weights/input.h"

#include <cstdint>
#include <span>
#include <vector>

namespace mtcnn {

/// Mirrors a label with its crop: box edges change sides, left and right points their places. The window that the
/// mirrored crop is of begins a lead after the crop's left edge, as all do.
/// \param mirror  see LandmarkLayout.
/// \param input   what the crop is like.
CropLabel mirrored(const CropLabel& label, std::span<const size_t> mirror = face_landmarks().mirror,
                   const InputOptions& input = {});

/// Turns stored crops into net input, changed by chance or as they are. One a thread; holds no state but buffers.
class Augmenter {
 public:
  /// \param landmarks  the points of landmark samples; must outlive this.
  /// \param input      what the crops are like.
  Augmenter(const AugmentOptions& options, int crop_size, const LandmarkLayout& landmarks = face_landmarks(),
            const InputOptions& input = {});

  /// \param pixels  [3, S, S] as in shards.
  /// \param label   changed where the crop is mirrored.
  /// \param random  of this crop alone; nullptr: nothing is changed.
  /// \param out     [S, S, 3], (value - 127.5) / 128.
  void apply(std::span<const uint8_t> pixels, CropLabel& label, RandomStream* random, float* out);

 private:
  void add_noise(const CropChanges::Noise& noise);
  void cut_out(const CropChanges::Cover& cover);

  AugmentOptions options_;
  int size_;
  const LandmarkLayout* landmarks_;
  InputOptions input_;
  std::vector<float> crop_;  ///< [S, S, 3], 0 … 255
  std::vector<float> buffer_;
};

}  // namespace mtcnn
