#pragma once

#include "mtcnn/data/landmark_layout.h"

#include "data_prep/toy_faces.h"

namespace mtcnn {

/// The four points of a toy watch: twelve, three, six and nine o'clock; in a mirror image three and nine change places.
const LandmarkLayout& watch_landmarks();

/// Paints wrist watches, about 1.8 times as high as wide, before a background with things that have some of a watch
/// (bare discs, bare straps). They are turned by up to 20 degrees, hardly overlap and lie inside the image.
/// `scene.smallest` and `scene.largest` are heights; `tiny` and `centred` are not used.
ToyPicture paint_toy_watches(const ToyScene& scene, RandomStream& random);

}  // namespace mtcnn
