#pragma once

#include "mtcnn/detect/cascade_policy.h"
#include "mtcnn/detect/stage_times.h"
#include "mtcnn/detect/trace.h"
#include "mtcnn/engine/runner.h"
#include "mtcnn/geometry/face.h"
#include "mtcnn/geometry/pyramid.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/options.h"

#include <optional>
#include <span>
#include <vector>

/// \file
/// The cascade's steps. Each takes windows and gives fewer, better ones.
namespace mtcnn {

/// Memory that stages use again and again: after the first images nothing large is allocated any more.
struct Workspace {
  std::vector<float> pixels;  ///< of a canvas or of crops
  std::vector<float> values;  ///< what a net says about them
};

/// What every stage needs.
struct StageContext {
  const NetRunner& nets;
  const DetectorOptions& options;
  const NetInputs& inputs;
  std::span<const size_t> mirror;  ///< mirrored_points() of the model
  Workspace& workspace;
  StageTimes& times;
  Trace* trace = nullptr;  ///< the stages also tell here what they see, where there is one; then of a single image

  const InputOptions& input(NetKind net) const { return inputs[static_cast<size_t>(net)]; }
};

/// The pyramid that an image is searched in; empty where it is too small.
std::vector<Level> levels_of(const ImageView& image, const DetectorOptions& options);

/// The least face logit that matters where a net's windows below `probability` are dropped: what NetRunner may leave
/// out.
float least_logit(const StageContext& context, NetKind net, float probability);

/// What O-Net's values for a window mean: a logit, four offsets, points.
Face face_of(const Box& window, std::span<const float> values, const InputOptions& input);

/// Pyramid and P-Net: windows of every image, after non-maximum suppression and box regression, squared.
/// \return for each image its windows, by falling score.
std::vector<std::vector<Window>> run_pyramid_stage(const StageContext& context, std::span<const ImageView> images);

/// R-Net: crops every window, keeps those that pass, suppresses, regresses and squares. In place.
void run_rnet_stage(const StageContext& context, std::span<const ImageView> images,
                    std::vector<std::vector<Window>>& windows);

/// O-Net: the same, with landmarks.
/// \return for each image its faces, by falling confidence.
std::vector<std::vector<Face>> run_onet_stage(const StageContext& context, std::span<const ImageView> images,
                                              const std::vector<std::vector<Window>>& windows);

/// O-Net on windows of one image, without suppression.
/// \return for each window its face, nothing where none passes.
std::vector<std::optional<Face>> answer_windows(const StageContext& context, const ImageView& image,
                                                std::span<const Box> windows);

}  // namespace mtcnn
