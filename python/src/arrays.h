#pragma once

#include "mtcnn/geometry/face.h"
#include "mtcnn/image/image.h"

#include <span>
#include <vector>

#include <pybind11/numpy.h>

namespace mtcnn::python {

/// Numbers of one face or window in a row of an array: x1 y1 x2 y2 and the score; then x0 y0 … x4 y4 for a face.
inline constexpr pybind11::ssize_t kWindowColumns = 5;
inline constexpr pybind11::ssize_t kFaceColumns = kWindowColumns + 2 * static_cast<pybind11::ssize_t>(kLandmarkCount);

/// A new float32 array of this shape; `values` are copied in.
inline pybind11::array_t<float> to_array(std::vector<pybind11::ssize_t> shape, std::span<const float> values) {
  return pybind11::array_t<float>(std::move(shape), values.data());
}

/// Faces as a float32 array [n, 15].
pybind11::array_t<float> faces_array(const std::vector<Face>& faces);

/// The pixels of a uint8 array [h, w, 3] whose rows have no gaps between pixels; no copy.
/// \throws ContractError on any other array.
ImageView view_of(const pybind11::array& array);

}  // namespace mtcnn::python
