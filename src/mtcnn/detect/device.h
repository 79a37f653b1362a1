#pragma once

#include "mtcnn/core/device_name.h"
#include "mtcnn/core/error.h"
#include "mtcnn/detect/found.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/options.h"
#include "mtcnn/weights/spec.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// \file
/// Where a cascade computes, and the door through which one comes in that computes elsewhere than our engine.
namespace mtcnn {

struct Model;
struct StageTimes;

/// A cascade on another device than the CPU's engine. Constant after construction and safe to use from several threads.
class Cascade {
 public:
  Cascade() = default;
  virtual ~Cascade() = default;
  Cascade(const Cascade&) = delete;
  Cascade& operator=(const Cascade&) = delete;

  /// Arguments, result and errors as Detector::detect_stages().
  /// \param times  makes the host wait after each step, which costs time.
  virtual std::vector<Found> search(std::span<const ImageView> images, const DetectorOptions& options, NetKind last,
                                    StageTimes* times) const = 0;

  /// As Detector::detect_on_device().
  virtual std::vector<Found> search_on_device(std::span<const ImageView> images,
                                              const DetectorOptions& options) const = 0;

  /// As Detector::refine().
  virtual std::vector<std::optional<Face>> refine(const ImageView& image, std::span<const Box> windows,
                                                  const DetectorOptions& options, StageTimes* times) const = 0;

  /// "cuda:0" or kTensorsOnCpu.
  virtual std::string device() const = 0;
};

/// Makes the cascade of a device; nothing where "auto" comes to the CPU. The library's is gpu_cascade() in
/// mtcnn/gpu/tensor_cascade.h; programs without LibTorch have none.
using CascadeFactory = std::function<std::unique_ptr<Cascade>(const Model& model, const std::string& device)>;

/// A device by its name.
struct DeviceName {
  bool automatic = false;  ///< "auto"
  bool cuda = false;       ///< "cuda" or "cuda:N"
  int index = 0;           ///< N
};

/// \param name  "cpu", "cpu:torch", "cuda", "cuda:N" or "auto".
/// \throws Error{usage} for any other.
DeviceName parse_device(const std::string& name);

/// A complaint about --device.
Error device_error(const std::string& name, const std::string& message, const std::string& hint = "");

/// Whether NVIDIA's driver offers a GPU: asks the driver alone, in milliseconds, and loads no LibTorch. A driver that
/// offers none is worth a warning in the log.
bool has_gpu();

}  // namespace mtcnn
