#pragma once

#include "mtcnn/engine/byte_layer.h"
#include "mtcnn/engine/nets.h"
#include "mtcnn/engine/runner.h"

#include <vector>

/// Screening: a net's face logit in 8-bit arithmetic, several times as fast as in floats. It only tells which windows
/// are worth the float net, so the cascade's answers stay those of the float nets. How far a rough logit may be off is
/// measured when a screen is made, on painted images (see calibration.h).
namespace mtcnn::engine {

/// A convolution of a screen, with max-pooling behind it where `pool` is 2 or 3.
struct ByteStep {
  ByteLayer layer;
  int pool = 0;
};

/// P-Net's.
class PNetScreen {
 public:
  /// Its first layer has a kernel for few channels.
  static bool possible_for(const NetWeights& weights) { return channels_of(weights).front() <= kByteLanes; }

  PNetScreen(const NetWeights& weights, const Kernels& kernels, const ByteKernels& bytes);

  /// \param logits  [last - first, width / 2 - 5], see PNet::run
  /// \param least   cells of two by two are passed over where neither their first one's logit nor its neighbours' comes
  /// near it, and get a logit below it; first is then even. Passes over half of the cells and more, and over about one
  /// in fifty of those that would have reached it: single ones far from the others, which no face depends on.
  void run(const Plane& plane, int first, int last, float* logits, float least = kEveryLogit) const;

  /// A window whose rough logit is lower than a threshold by more than this lies below it. Infinite where that is not
  /// known: screening is then of no use.
  float margin() const { return margin_; }

 private:
  const ByteKernels* kernels_;
  std::vector<ByteStep> steps_;
  ByteLayer head_;
  float margin_ = 0;
};

/// R-Net's.
class RNetScreen {
 public:
  static bool possible_for(const NetWeights& /*weights*/) { return true; }

  RNetScreen(const NetWeights& weights, const Kernels& kernels, const ByteKernels& bytes);

  /// \param crops   [count, 24, 24, 3]
  /// \param logits  [count]
  void run(const float* crops, int count, float* logits) const;

  float margin() const { return margin_; }  ///< as PNetScreen's

 private:
  const ByteKernels* kernels_;
  std::vector<ByteStep> steps_;
  ByteLayer dense_;
  std::vector<float> head_;  ///< weights of the face logit
  float bias_;
  float margin_ = 0;
};

}  // namespace mtcnn::engine
