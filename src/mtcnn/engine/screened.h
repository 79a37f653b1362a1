#pragma once

#include "mtcnn/engine/screen.h"

#include <cmath>
#include <memory>
#include <utility>

/// The nets with their screens: answers of the float nets where they matter.
namespace mtcnn::engine {

/// Below every threshold that drops anything.
inline constexpr float kSurelyNone = -10;

/// \return nothing where screening saves no time on this machine, or cannot be trusted for these weights.
template <class Screen>
std::unique_ptr<Screen> usable_screen(const NetWeights& weights, const Kernels& kernels) {
  const std::span<const ByteKernels> bytes = usable_byte_kernels();
  if (bytes.size() == 1 || !Screen::possible_for(weights)) return nullptr;
  auto screen = std::make_unique<Screen>(weights, kernels, bytes.back());
  return std::isfinite(screen->margin()) ? std::move(screen) : nullptr;
}

/// P-Net with its screen.
class ScreenedPNet {
 public:
  ScreenedPNet(const NetWeights& weights, const Kernels& kernels);

  /// As PNet::run, for cells whose face logit may reach `least`; what surely lies below it gets a logit below it and
  /// no other values.
  void run(const Plane& plane, int first, int last, float least, float* values, ptrdiff_t value_stride) const;

 private:
  PNet net_;
  std::unique_ptr<PNetScreen> screen_;
};

/// O-Net has no screen: most windows that reach it hold a face.
class ScreenedRNet {
 public:
  ScreenedRNet(const NetWeights& weights, const Kernels& kernels)
      : net_(weights, kernels), screen_(usable_screen<RNetScreen>(weights, kernels)) {}

  int values() const { return net_.values(); }
  ptrdiff_t crop_floats() const { return net_.crop_floats(); }

  /// Whether some crops need not be run, if face logits below `least` do not matter.
  bool screens(float least) const { return screen_ != nullptr && least > kSurelyNone; }

  /// Rough logits: those below may_reach(least) surely lie below `least`.
  void run_screen(const float* crops, int count, float* logits) const { screen_->run(crops, count, logits); }
  float may_reach(float least) const { return least - screen_->margin(); }

  /// As CropNet::run.
  void run(const float* crops, int count, float* values, bool exact) const { net_.run(crops, count, values, exact); }

 private:
  CropNet net_;
  std::unique_ptr<RNetScreen> screen_;
};

}  // namespace mtcnn::engine
