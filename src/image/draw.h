#pragma once

#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"

#include <span>

namespace mtcnn {

/// Draws what was found into the picture: each face's box, its points, and its confidence on a filled label that
/// stays inside the picture. Lines and text grow with the picture; the text of small faces is smaller, down to what can
/// be read, and left out where a face is too small for that. Boxes may leave the picture; what is not finite is left
/// out. An empty picture stays as it is.
void draw_faces(Image& image, std::span<const Face> faces);

}  // namespace mtcnn
