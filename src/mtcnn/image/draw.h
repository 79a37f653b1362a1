#pragma once

#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"

#include <span>
#include <string>

namespace mtcnn {

/// Draws what was found into the image: each face's box, its points, and its confidence on a filled label that
/// stays inside the image. Lines and text grow with the image; the text of small faces is smaller, down to what can
/// be read, and left out where a face is too small for that. Boxes may leave the image; what is not finite is left
/// out. An empty image stays as it is.
void draw_faces(Image& image, std::span<const Face> faces);

/// The same with other words on the labels than the confidence.
/// \param labels  ASCII, one a face; none is drawn where it is empty.
/// \throws ContractError if there are more or fewer labels than faces.
void draw_faces(Image& image, std::span<const Face> faces, std::span<const std::string> labels);

/// Writes lines of text into the image's upper left corner, on a dark ground as wide as the image has space for. An
/// empty image stays as it is.
/// \param lines  ASCII.
void draw_notes(Image& image, std::span<const std::string> lines);

}  // namespace mtcnn
