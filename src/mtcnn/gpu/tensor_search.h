#pragma once

#include "mtcnn/detect/final_faces.h"
#include "mtcnn/detect/stage_times.h"
#include "mtcnn/gpu/image_group.h"
#include "mtcnn/gpu/tensor_model.h"
#include "mtcnn/gpu/windows.h"
#include "mtcnn/model/options.h"

#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <ATen/core/Tensor.h>

/// \file
/// The cascade's steps for a group of images of one size, as operations on tensors. Each takes windows and gives fewer,
/// better ones. Windows stay on the device; each of the three stages makes the host wait once, and so does the second
/// evaluation: for how many windows are left, or for the faces.
namespace mtcnn {

inline constexpr int64_t kFewRounds = 12;  ///< of suppression, tried first

/// What every step needs.
struct TensorSearch {
  const TensorModel& model;
  const TorchNets& nets;
  const DetectorOptions& options;
  const ImageGroup& images;
  StageTimes* times;  ///< nullptr where they are not asked for

  /// Runs `work`; where times are asked for, waits for the device and adds the time to `stage`.
  template <class Work>
  std::invoke_result_t<Work> timed(double StageTimes::*stage, Work work) const {
    if (times == nullptr) return work();
    const Stopwatch watch(times->*stage);
    auto result = work();
    wait_for(model.device);
    return result;
  }
};

/// Pyramid, P-Net and its suppression.
Counted look_everywhere(const TensorSearch& search, const PyramidPlanner::Plan& plan);

/// What R-Net or O-Net says of the windows: float [B, N, values], zeros where there is no window.
/// \param mirrored  of their mirror images.
at::Tensor crop_answers(const TensorSearch& search, NetKind net, const Counted& windows, bool mirrored = false);

/// Which windows a net can be run on: finite, with area, and touching their image; bool [B, N].
at::Tensor usable(const TensorSearch& search, const Windows& windows);

/// R-Net and its suppression.
Counted refine_windows(const TensorSearch& search, const Counted& before);

/// O-Net, its suppression and votes: each image's faces.
/// \param others  float tensors that come to the host in the same transfer.
std::vector<std::vector<FoundFace>> find_faces(const TensorSearch& search, const Counted& before,
                                               std::vector<at::Tensor>& others);

/// The second evaluation, see final_faces.h.
void look_again(const TensorSearch& search, std::span<const ImageView> images, std::span<std::vector<FoundFace>> found);

/// O-Net's answer to each of one image's windows, see Detector::refine().
std::vector<std::optional<Face>> answers_to(const TensorSearch& search, std::span<const Box> windows);

}  // namespace mtcnn
