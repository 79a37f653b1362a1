#pragma once

#include "mtcnn/labels/labels.h"

#include <string>

/// \file
/// Parts of a data set of labelled images.
namespace mtcnn {

/// A data set in two parts.
struct ImageSplit {
  LabelSet training;
  LabelSet held_out;
  size_t groups = 0;
};

/// Every n-th group of images is held out, n = 1 / share rounded, the first one included. Groups are in the order of
/// their first images: each image alone; the images of one folder; or those whose names differ in their last number
/// alone, as the frames of a video do.
/// \throws Error{usage} for another kind of group, or where there are fewer than two groups.
ImageSplit split_images(const LabelSet& set, double share, const std::string& group);

/// Every n-th image of the set, about `share` of them and at least one.
LabelSet part_of(const LabelSet& set, double share);

}  // namespace mtcnn
