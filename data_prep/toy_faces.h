#pragma once

#include "mtcnn/data/annotations.h"

#include "data_prep/toy_canvas.h"

namespace mtcnn {

/// A painted image with its labels.
struct ToyPicture {
  Image image;
  ImageAnnotation annotation;  ///< without a name
};

/// What an image is to show.
struct ToyScene {
  int width = 0;
  int height = 0;
  int faces = 0;        ///< wanted; fewer where there is no space
  float smallest = 16;  ///< width of a face, pixels
  float largest = 120;
  int tiny = 0;          ///< faces too small to learn from, labelled as ignored
  bool centred = false;  ///< one face that fills the middle, as in CelebA
};

/// Paints synthetic faces (skin, hair, brows, eyes, nose, mouth; varied size, colour, tilt, direction, light,
/// occlusion) before a synthetic background with things that are nearly faces. Boxes go from forehead to chin, as in
/// WIDER FACE; the five points lie on the painted features. Faces hardly overlap and lie inside the image.
ToyPicture paint_toy_picture(const ToyScene& scene, RandomStream& random);

}  // namespace mtcnn
