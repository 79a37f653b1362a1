#pragma once

#include "data_prep/toy_canvas.h"

namespace mtcnn {

/// In [low, high).
float between(RandomStream& random, double low, double high);
/// Any colour, all as likely.
Colour any_colour(RandomStream& random);

/// A gradient with shapes, clouds and stripes in any colours.
void paint_toy_background(ToyCanvas& canvas, RandomStream& random);

/// What a camera adds: blur, loss of colour, light, noise.
void finish_toy_picture(ToyCanvas& canvas, RandomStream& random);

}  // namespace mtcnn
