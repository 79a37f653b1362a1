#pragma once

#include "mtcnn/weights/weights.h"

#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace mtcnn {

/// The values a net gives for one window, next to each other: logit of "face" (its probability is 1 / (1 +
/// exp(-logit))), four offsets, and for O-Net two landmark targets a point (x0 y0 x1 y1 …).
inline constexpr int kFaceValues = 5;

/// Below every logit.
inline constexpr float kEveryLogit = -std::numeric_limits<float>::infinity();

/// A part of a canvas whose cells are asked for.
struct CanvasPart {
  int x = 0;  ///< even, as is y
  int y = 0;
  int width = 0;  ///< even, at least 12, as is the height
  int height = 0;
};

/// The three trained nets, ready for inference on the CPU, by our own engine. Constant after construction and safe to
/// use from several threads. Inputs and outputs are plain floats, channels last, values (pixel - 127.5) / 128. The
/// values do not depend on the number of threads or on what else is in a batch.
class NetRunner {
 public:
  /// \param weights  P-Net, R-Net and O-Net, in this order; landmark heads of P-Net and R-Net are not used. Nets
  /// without tensors must not be run.
  /// \throws ContractError if the weights are in another order.
  explicit NetRunner(std::span<const NetWeights, 3> weights);
  ~NetRunner();
  NetRunner(NetRunner&&) noexcept;
  NetRunner& operator=(NetRunner&&) noexcept;

  /// Runs P-Net over the parts of a canvas.
  /// \param canvas  [height, width, 3]; even sides of at least 12.
  /// \param parts   do not overlap.
  /// \param values  receives [height / 2 - 5, width / 2 - 5, 5]; cells whose window does not lie in one part are
  /// unspecified.
  /// \param least   cells whose face logit is below it may get any logit below it and unspecified other values, which
  /// saves time on CPUs that multiply bytes. Inputs must then stand for pixels from 0 to 255.
  void run_pnet(std::span<const float> canvas, int height, int width, std::span<const CanvasPart> parts,
                std::vector<float>& values, float least = kEveryLogit) const;

  /// Runs R-Net or O-Net over a batch of windows.
  /// \param crops   [count, S, S, 3] with S = net_input_size(net).
  /// \param values  receives [count, value_count(net)].
  /// \param least   as in run_pnet.
  /// \param exact   with floats alone; else most products are of numbers rounded to 15 bits, where that saves time.
  void run_crops(NetKind net, std::span<const float> crops, int count, std::vector<float>& values,
                 float least = kEveryLogit, bool exact = true) const;

  /// What a net gives for one window: 5 for P-Net and R-Net, 5 + 2 landmark_count() for O-Net.
  int value_count(NetKind net) const;
  /// The points that O-Net gives; 0 where it has no head for them or no weights.
  int landmark_count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mtcnn
