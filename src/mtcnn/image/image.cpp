#include "mtcnn/image/image.h"

#include "mtcnn/core/error.h"

namespace mtcnn {

Image::Image(int width, int height) : width_(width), height_(height) {
  require(width >= 0 && height >= 0, "Image: a negative size");
  pixels_.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
}

}  // namespace mtcnn
