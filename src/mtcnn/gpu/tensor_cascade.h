#pragma once

#include "mtcnn/detect/device.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mtcnn {

struct Model;
class TensorModel;

/// The whole cascade as operations on LibTorch's tensors: what a GPU runs. Images go to the device once; pyramid,
/// nets, suppression and crops stay there, and the host waits once a stage, for the numbers of windows or the faces.
/// Images of one size are searched together. Constant after construction and safe to use from several threads.
/// What it finds is what the CPU's cascade finds, up to float rounding, with two exceptions: the strongest
/// `max_windows` are kept of an image rather than of each of its levels, and a level of nearly the image's own size
/// may be interpolated along one axis and averaged along the other.
class TensorCascade : public Cascade {
 public:
  explicit TensorCascade(std::unique_ptr<const TensorModel> model);
  ~TensorCascade() override;

  std::vector<Found> search(std::span<const ImageView> images, const DetectorOptions& options, NetKind last,
                            StageTimes* times) const override;

  std::vector<Found> search_on_device(std::span<const ImageView> images, const DetectorOptions& options) const override;

  std::vector<std::optional<Face>> refine(const ImageView& image, std::span<const Box> windows,
                                          const DetectorOptions& options, StageTimes* times) const override;

  std::string device() const override;

 private:
  std::unique_ptr<const TensorModel> model_;
};

/// The CascadeFactory of this library.
/// \param device  as Detector's, but "cpu".
/// \throws Error if there is no such device.
std::unique_ptr<Cascade> gpu_cascade(const Model& model, const std::string& device);

}  // namespace mtcnn
