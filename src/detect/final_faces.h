#pragma once

#include "mtcnn/detect/options.h"
#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// \file
/// What becomes of faces once O-Net's windows are suppressed: the same for both cascades. O-Net may look a second time,
/// at the mirror image of each face, cut at the face's own box: the authors' first version of MTCNN takes the mean of
/// mirrored points so; here confidence and box gain too.
namespace mtcnn {

/// A face on its way out of the cascade.
struct FoundFace {
  Face face;
  float agreement = 0;  ///< summed confidence of the other windows that agree on it, for options.support
};

/// Which point of a mirror image is which of the picture, as LandmarkLayout::mirror; empty where that is not known:
/// it is for the five points of a face, in any order.
std::vector<size_t> mirrored_points(std::span<const std::string> names);

/// A window whose mirror image is to be looked at.
struct SecondLook {
  size_t picture;
  Box window;
  Face* face;
};

/// One for each face, in their order; none where no net can be run on its window.
/// \param found  each picture's faces; they outlive the looks.
std::vector<SecondLook> second_looks(std::span<const ImageView> images, std::span<std::vector<FoundFace>> found);

/// Puts a second look into its face: its logit joins the nets' votes, weighted by options.mirror_weight; box and, where
/// `mirror` is not empty, points become the mean of both looks.
/// \param values  what O-Net says of the mirror image: a logit, four offsets, points.
/// \param mirror  mirrored_points() of the model.
void add_second_look(const SecondLook& look, std::span<const float> values, const DetectorOptions& options,
                     const InputOptions& input, std::span<const size_t> mirror);

/// Drops faces that the second look doubts, raises confidences by agreement, clips; by falling confidence.
/// \param width, height  of the picture.
std::vector<Face> finished(std::span<const FoundFace> found, const DetectorOptions& options, int width, int height);

}  // namespace mtcnn
