#pragma once

#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"
#include "mtcnn/model/options.h"
#include "mtcnn/weights/input.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// \file
/// What becomes of faces once O-Net's windows are suppressed: the same for both cascades. R-Net and O-Net may look a
/// second time, at the mirror image of each face, cut at the face's own box: the authors' first version of MTCNN takes
/// the mean of mirrored points so; here confidence and box gain too.
namespace mtcnn {

/// The logit of a probability, as if it were never quite 0 or 1: confidences round to 1 long before logits end.
float finite_logit(float probability);

/// A face on its way out of the cascade.
struct FoundFace {
  Face face;
  float agreement = 0;  ///< summed confidence of the other windows that agree on it, for options.confidence.support
};

/// Which point of a mirror image is which of the image, as LandmarkLayout::mirror; empty where that is not known:
/// it is for the five points of a face, in any order.
std::vector<size_t> mirrored_points(std::span<const std::string> names);

/// A window whose mirror image is to be looked at.
struct SecondLook {
  size_t picture;
  Box window;
  Face* face;
  float rnet_logit = 0;  ///< what R-Net says of the mirror image, where rnet_looks_again()
};

/// One for each face, in their order; none where no net can be run on its window.
/// \param found  each image's faces; they outlive the looks.
std::vector<SecondLook> second_looks(std::span<const ImageView> images, std::span<std::vector<FoundFace>> found);

/// Whether R-Net, too, looks again: where its first look counts.
bool rnet_looks_again(const DetectorOptions& options);

/// Puts a second evaluation into its face: the nets' logits join their first ones, options.confidence.mirror_weight
/// times as heavy; box and, where `mirror` is not empty, points become the mean of both of O-Net's looks.
///
/// \param values  what O-Net says of the mirror image: a logit, four offsets, points.
/// \param mirror  mirrored_points() of the model.
void add_second_look(const SecondLook& look, std::span<const float> values, const DetectorOptions& options,
                     const InputOptions& input, std::span<const size_t> mirror);

/// Drops faces whose second evaluation is too low, raises confidences by agreement, clips; by falling confidence.
/// \param width, height  of the image.
std::vector<Face> finished(std::span<const FoundFace> found, const DetectorOptions& options, int width, int height);

}  // namespace mtcnn
