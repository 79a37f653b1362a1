#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/gpu/tensor_cascade.h"
#include "mtcnn/image/align.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"
#include "mtcnn/image/write.h"
#include "mtcnn/model/model_folder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arrays.h"
#include "errors.h"
#include "trace.h"
#include <pybind11/stl.h>

/// The extension module libmtcnn._core: thin, over plain arrays. What users see, with its checks and its documentation,
/// is the Python around it; libmtcnn/_core.pyi tells what is here.
namespace mtcnn::python {
namespace py = pybind11;

py::array_t<float> faces_array(const std::vector<Face>& faces) {
  std::vector<float> values;
  for (const Face& face : faces) {
    values.insert(values.end(), {face.box.x1, face.box.y1, face.box.x2, face.box.y2, face.confidence});
    for (const Point& point : face.landmarks) values.insert(values.end(), {point.x, point.y});
  }
  return to_array({static_cast<py::ssize_t>(faces.size()), kFaceColumns}, values);
}

ImageView view_of(const py::array& array) {
  require(array.dtype().is(py::dtype::of<uint8_t>()) && array.ndim() == 3 && array.shape(2) == 3,
          "an image is a uint8 array [h, w, 3]");
  const bool empty = array.size() == 0;
  require(empty || (array.strides(1) == 3 && array.strides(2) == 1), "an image's rows have no gaps between pixels");
  require(std::max(array.shape(0), array.shape(1)) <= std::numeric_limits<int>::max(), "an image's side fits an int");
  return {static_cast<const uint8_t*>(array.data()), static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)),
          array.strides(0)};
}

namespace {

py::array_t<uint8_t> image_array(const Image& image) {
  return py::array_t<uint8_t>({image.height(), image.width(), 3}, image.empty() ? nullptr : image.row(0));
}

Box box_of(const std::array<float, 4>& sides) { return {sides[0], sides[1], sides[2], sides[3]}; }

Detector make_detector(const std::optional<std::string>& model, const std::string& device) {
  const py::gil_scoped_release release;
  Detector detector(model ? read_model(*model) : default_model(), device, gpu_cascade);
  if (detector.landmark_names() != face_landmarks().names)
    throw Error(ErrorCode::unsupported,
                concat(model.value_or("the default model"), ": its points are ", shown_names(detector.landmark_names()),
                       "; libmtcnn works with the five of a face; use the program, mtcnn detect"));
  return detector;
}

Detector with_options(const Detector& detector, const std::string& json, const std::string& where) {
  DetectorOptions options = detector.options();
  detector_option_table().apply(options, parse_json(json, where), where);
  return detector.with_options(options);
}

std::vector<py::array_t<float>> detect(const Detector& detector, const std::vector<py::array>& images) {
  std::vector<ImageView> views;
  for (const py::array& image : images) views.push_back(view_of(image));
  std::vector<std::vector<Face>> found;
  {
    const py::gil_scoped_release release;
    found = detector.detect(views);
  }
  std::vector<py::array_t<float>> arrays;
  for (const std::vector<Face>& faces : found) arrays.push_back(faces_array(faces));
  return arrays;
}

py::dict trace(const Detector& detector, const py::array& image) {
  const ImageView view = view_of(image);
  Trace trace;
  {
    const py::gil_scoped_release release;
    trace = detector.trace(view);
  }
  return trace_dict(trace);
}

/// Calls make() without the GIL.
template <class Make>
py::array_t<uint8_t> made_image(const Make& make) {
  Image image;
  {
    const py::gil_scoped_release release;
    image = make();
  }
  return image_array(image);
}

py::array_t<uint8_t> decode(const py::bytes& bytes, const std::string& where) {
  const auto text = static_cast<std::string_view>(bytes);
  return made_image([&] { return decode_image(std::as_bytes(std::span(text)), where); });
}

/// The window resampled to size x size pixels of 8 bits, whatever its shape; outside the picture it is black.
Image stretch(const ImageView& image, const Box& window, int size) {
  std::vector<float> values(static_cast<size_t>(size) * static_cast<size_t>(size) * 3);
  resample(image, window, 0,
           {.pixels = values.data(), .width = size, .height = size, .row_stride = ptrdiff_t{3} * size});
  Image result(size, size);
  std::transform(values.begin(), values.end(), result.row(0),
                 [](float value) { return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L)); });
  return result;
}

py::array_t<uint8_t> align(const py::array& image, const std::array<std::array<float, 2>, kLandmarkCount>& points,
                           int size) {
  Landmarks landmarks;
  for (const auto& [x, y] : points) landmarks.push_back({x, y});
  const ImageView view = view_of(image);
  return made_image([&] { return align_face(view, landmarks, size); });
}

}  // namespace
}  // namespace mtcnn::python

PYBIND11_MODULE(_core, module) {
  using namespace mtcnn;
  using namespace mtcnn::python;
  register_errors();
  module.attr("version") = version();
  module.attr("commit") = commit();
  module.attr("torch_version") = MTCNN_LIBTORCH_VERSION;

  pybind11::class_<Detector>(module, "Detector")
      .def(pybind11::init(&make_detector), pybind11::arg("model"), pybind11::arg("device"))
      .def("with_options", &with_options, pybind11::arg("json"), pybind11::arg("where"))
      .def("options", [](const Detector& detector) { return detector_option_table().dump(detector.options()).dump(); })
      .def("detect", &detect, pybind11::arg("images"))
      .def("trace", &trace, pybind11::arg("image"))
      .def("device", &Detector::device);

  module.def(
      "read_image", [](const std::string& path) { return made_image([&] { return read_image(path); }); },
      pybind11::arg("path"));
  module.def("decode_image", &decode, pybind11::arg("data"), pybind11::arg("where"));
  module.def(
      "write_image",
      [](const std::string& path, const pybind11::array& image) {
        const ImageView view = view_of(image);
        const pybind11::gil_scoped_release release;
        write_image(path, view);
      },
      pybind11::arg("path"), pybind11::arg("image"));
  module.def(
      "stretch",
      [](const pybind11::array& image, const std::array<float, 4>& window, int size) {
        const ImageView view = view_of(image);
        return made_image([&] { return stretch(view, box_of(window), size); });
      },
      pybind11::arg("image"), pybind11::arg("window"), pybind11::arg("size"));
  module.def(
      "crop",
      [](const pybind11::array& image, const std::array<float, 4>& box, float margin, int size) {
        const ImageView view = view_of(image);
        return made_image([&] { return crop_with_margin(view, box_of(box), margin, size); });
      },
      pybind11::arg("image"), pybind11::arg("box"), pybind11::arg("margin"), pybind11::arg("size"));
  module.def("align", &align, pybind11::arg("image"), pybind11::arg("landmarks"), pybind11::arg("size"));
}
