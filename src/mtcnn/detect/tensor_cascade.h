#pragma once

#include "mtcnn/detect/detector.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

struct Model;

/// The device whose code a GPU runs, on the CPU: slower than "cpu", for tests and for measures of half precision.
inline constexpr const char* kTensorsOnCpu = "cpu:torch";

/// The whole cascade as operations on LibTorch's tensors: what a GPU runs. Pictures go to the device once; pyramid,
/// nets, suppression and crops stay there, and the host waits once a stage, for the numbers of windows. Pictures of one
/// size are searched together. Constant after construction and safe to use from several threads.
/// What it finds is what the CPU's cascade finds, up to float rounding, with two exceptions: the strongest
/// `max_windows` are kept of a picture rather than of each of its levels, and a level of nearly the picture's own size
/// may be interpolated along one axis and averaged along the other.
class TensorCascade {
 public:
  /// \param device  as Detector's.
  /// \return nothing where the device is the CPU's engine.
  /// \throws Error if there is no such device.
  static std::unique_ptr<TensorCascade> for_device(const Model& model, const std::string& device);
  ~TensorCascade();
  TensorCascade(const TensorCascade&) = delete;
  TensorCascade& operator=(const TensorCascade&) = delete;

  /// Arguments, result and errors as Detector::detect_stages().
  /// \param times  makes the host wait after each step, which costs time.
  std::vector<Found> search(std::span<const ImageView> images, const DetectorOptions& options, NetKind last,
                            StageTimes* times) const;

  /// As Detector::refine().
  std::vector<std::optional<Face>> refine(const ImageView& image, std::span<const Box> windows,
                                          const DetectorOptions& options, StageTimes* times) const;

  /// "cuda:0" or kTensorsOnCpu.
  std::string device() const;

  struct Impl;

 private:
  explicit TensorCascade(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace mtcnn
