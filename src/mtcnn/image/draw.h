#pragma once

#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"

#include <span>
#include <string>

namespace mtcnn {

/// Draws what was found into the picture: each face's box, its points, and its confidence on a filled label that
/// stays inside the picture. Lines and text grow with the picture; the text of small faces is smaller, down to what can
/// be read, and left out where a face is too small for that. Boxes may leave the picture; what is not finite is left
/// out. An empty picture stays as it is.
void draw_faces(Image& image, std::span<const Face> faces);

/// The same with other words on the labels than the confidence.
/// \param labels  ASCII, one a face; none is drawn where it is empty.
/// \throws ContractError if there are more or fewer labels than faces.
void draw_faces(Image& image, std::span<const Face> faces, std::span<const std::string> labels);

/// Writes lines of text into the picture's upper left corner, on a dark ground as wide as the picture has room for. An
/// empty picture stays as it is.
/// \param lines  ASCII.
void draw_notes(Image& image, std::span<const std::string> lines);

}  // namespace mtcnn
