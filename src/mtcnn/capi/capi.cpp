#include "mtcnn/capi/cascades.h"
#include "mtcnn/capi/mtcnn.h"
#include "mtcnn/capi/trace_values.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/json.h"
#include "mtcnn/core/log.h"
#include "mtcnn/core/text.h"
#include "mtcnn/core/version.h"
#include "mtcnn/data/landmark_layout.h"
#include "mtcnn/detect/detector.h"
#include "mtcnn/engine/threads.h"
#include "mtcnn/image/align.h"
#include "mtcnn/image/read.h"
#include "mtcnn/image/resample.h"
#include "mtcnn/image/write.h"
#include "mtcnn/model/model_folder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

struct mtcnn_detector {
  mtcnn::Detector detector;
};

namespace mtcnn {
namespace {

static_assert(static_cast<int>(log::Level::warning) == 2 && static_cast<int>(log::Level::error) == 3);
static_assert(sizeof(mtcnn_face) == (5 + 2 * kLandmarkCount) * sizeof(float));

thread_local std::string last_error;  // NOLINT(cert-err58-cpp): an empty string does not throw

int code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return MTCNN_USAGE;
    case ErrorCode::not_found:
      return MTCNN_NOT_FOUND;
    case ErrorCode::unreadable:
      return MTCNN_UNREADABLE;
    case ErrorCode::unwritable:
      return MTCNN_UNWRITABLE;
    case ErrorCode::bad_format:
      return MTCNN_BAD_FORMAT;
    case ErrorCode::unsupported:
      return MTCNN_UNSUPPORTED;
    case ErrorCode::interrupted:
      return MTCNN_INTERRUPTED;
  }
  return MTCNN_BUG;
}

int failed(int code, const char* message) noexcept {
  try {
    last_error = message;
  } catch (const std::bad_alloc&) {
    last_error.clear();
  }
  return code;
}

/// What the exception that is being handled stands for.
int failed_of_current_exception() noexcept {
  try {
    try {
      throw;
    } catch (const std::system_error& failure) {
      throw system_error(failure);
    }
  } catch (const Error& error) {
    return failed(code_of(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return failed(MTCNN_NO_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return failed(MTCNN_BUG, error.what());
  } catch (...) {
    return failed(MTCNN_BUG, "an unknown exception");
  }
}

/// No exception leaves the library.
template <class Body>
int guarded(const Body& body) noexcept {
  try {
    body();
    return MTCNN_OK;
  } catch (...) {
    return failed_of_current_exception();
  }
}

template <class Value>
Value* copied(std::span<const Value> values) {
  static_assert(std::is_trivially_copyable_v<Value>);
  auto* memory = static_cast<Value*>(std::malloc(std::max<size_t>(1, values.size_bytes())));
  if (memory == nullptr) throw std::bad_alloc();
  if (!values.empty()) std::memcpy(memory, values.data(), values.size_bytes());
  return memory;
}

char* copied(const std::string& text) { return copied(std::span(text.c_str(), text.size() + 1)); }

ImageView view_of(const mtcnn_image* image) {
  require(image != nullptr && image->width >= 0 && image->height >= 0, "an image's sides are not negative");
  const bool empty = image->width == 0 || image->height == 0;
  require(empty || image->pixels != nullptr, "an image has pixels");
  return {image->pixels, image->width, image->height, static_cast<ptrdiff_t>(image->row_stride)};
}

void give(const Image& image, mtcnn_pixels* result) {
  require(result != nullptr, "a place for the image");
  const size_t size =
      image.empty() ? 0 : size_t{3} * static_cast<size_t>(image.width()) * static_cast<size_t>(image.height());
  result->pixels = copied(std::span(image.empty() ? nullptr : image.row(0), size));
  result->width = image.width();
  result->height = image.height();
}

const Detector& known(const mtcnn_detector* detector) {
  require(detector != nullptr, "a detector");
  return detector->detector;
}

mtcnn_face plain(const Face& face) {
  mtcnn_face result = {face.box.x1, face.box.y1, face.box.x2, face.box.y2, face.confidence, {}};
  for (size_t i = 0; i < face.landmarks.size(); ++i) {
    result.landmarks[2 * i] = face.landmarks[i].x;
    result.landmarks[2 * i + 1] = face.landmarks[i].y;
  }
  return result;
}

Detector make_detector(const char* model_folder, const std::string& device) {
  return {model_folder == nullptr ? default_model() : read_model(model_folder), device, other_cascades()};
}

/// What mtcnn_face has space for.
void require_face_landmarks(const Detector& detector) {
  const std::vector<std::string>& names = detector.landmark_names();
  if (names == face_landmarks().names) return;
  throw Error(ErrorCode::unsupported, "mtcnn_detect() gives the five landmarks of a face, and this model has others",
              {.found = names.empty() ? "none" : shown_names(names), .hint = "mtcnn_search() takes every model"});
}

std::vector<ImageView> views_of(const mtcnn_image* images, size_t count) {
  std::vector<ImageView> views;
  for (size_t i = 0; i < count; ++i) views.push_back(view_of(images + i));
  return views;
}

void add_row(const Face& face, std::vector<float>& rows) {
  rows.insert(rows.end(), {face.box.x1, face.box.y1, face.box.x2, face.box.y2, face.confidence});
  for (const Point& point : face.landmarks) rows.insert(rows.end(), {point.x, point.y});
  rows.push_back(face.angle);
}

/// What mtcnn_search() gives.
void give_rows(const std::vector<std::vector<Face>>& faces, float** rows, size_t* counts) {
  std::vector<float> all;
  for (const std::vector<Face>& found : faces) {
    for (const Face& face : found) add_row(face, all);
  }
  *rows = copied(std::span<const float>(all));
  for (const std::vector<Face>& found : faces) *counts++ = found.size();
}

/// The window resampled to size x size pixels of 8 bits, whatever its shape; outside the image it is black.
Image stretched(const ImageView& image, const Box& window, int size) {
  std::vector<float> values(static_cast<size_t>(size) * static_cast<size_t>(size) * 3);
  resample(image, window, 0,
           {.pixels = values.data(), .width = size, .height = size, .row_stride = ptrdiff_t{3} * size});
  Image result(size, size);
  std::transform(values.begin(), values.end(), result.row(0),
                 [](float value) { return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L)); });
  return result;
}

Box box_of(const float sides[4]) { return {sides[0], sides[1], sides[2], sides[3]}; }

}  // namespace
}  // namespace mtcnn

using namespace mtcnn;

const char* mtcnn_last_error(void) { return last_error.c_str(); }
const char* mtcnn_version(void) { return version(); }
const char* mtcnn_commit(void) { return commit(); }
const char* mtcnn_licences(void) { return licences(); }
const char* mtcnn_libtorch_version(void) { return MTCNN_LIBTORCH_VERSION; }

void mtcnn_set_log(mtcnn_log_sink sink) {
  guarded([&] {
    if (sink == nullptr) return log::set_sink({});
    log::set_sink([sink](log::Level level, const std::string& text) { sink(static_cast<int>(level), text.c_str()); });
  });
}

int mtcnn_set_threads(int count) {
  return guarded([&] {
    if (count < 0)
      throw Error(ErrorCode::usage, "invalid number of threads",
                  {.found = std::to_string(count), .expected = "0 or more"});
    set_threads(count);
  });
}

void mtcnn_free(void* memory) { std::free(memory); }

int mtcnn_make_detector(const char* model_folder, const char* device, mtcnn_detector** detector) {
  return guarded([&] {
    require(device != nullptr && detector != nullptr, "mtcnn_make_detector: a device and a place for the detector");
    *detector = new mtcnn_detector{make_detector(model_folder, device)};
  });
}

int mtcnn_with_options(const mtcnn_detector* detector, const char* json, const char* where, mtcnn_detector** changed) {
  return guarded([&] {
    require(json != nullptr && where != nullptr && changed != nullptr, "mtcnn_with_options: no argument is NULL");
    *changed = new mtcnn_detector{known(detector).with(
        [&](DetectorOptions& options) { detector_option_table().apply(options, parse_json(json, where), where); })};
  });
}

void mtcnn_free_detector(mtcnn_detector* detector) { delete detector; }

int mtcnn_options(const mtcnn_detector* detector, char** json) {
  return guarded([&] {
    require(json != nullptr, "mtcnn_options: a place for the text");
    *json = copied(detector_option_table().dump(known(detector).options()).dump());
  });
}

int mtcnn_device(const mtcnn_detector* detector, char** name) {
  return guarded([&] {
    require(name != nullptr, "mtcnn_device: a place for the text");
    *name = copied(known(detector).device());
  });
}

int mtcnn_object(const mtcnn_detector* detector, char** name) {
  return guarded([&] {
    require(name != nullptr, "mtcnn_object: a place for the text");
    *name = copied(known(detector).object());
  });
}

int mtcnn_landmark_names(const mtcnn_detector* detector, char** json) {
  return guarded([&] {
    require(json != nullptr, "mtcnn_landmark_names: a place for the text");
    *json = copied(Json(known(detector).landmark_names()).dump());
  });
}

int mtcnn_search(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count, float** rows,
                 size_t* counts) {
  return guarded([&] {
    require(rows != nullptr && (image_count == 0 || (images != nullptr && counts != nullptr)),
            "mtcnn_search: images and places for rows and counts");
    give_rows(known(detector).detect(views_of(images, image_count)), rows, counts);
  });
}

int mtcnn_search_on_device(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count, float** rows,
                           size_t* counts) {
  return guarded([&] {
    require(rows != nullptr && (image_count == 0 || (images != nullptr && counts != nullptr)),
            "mtcnn_search_on_device: images and places for rows and counts");
    give_rows(known(detector).detect_on_device(views_of(images, image_count)), rows, counts);
  });
}

int mtcnn_detect(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count, mtcnn_face** faces,
                 size_t* counts) {
  float* angles = nullptr;
  const int code = mtcnn_detect_turned(detector, images, image_count, faces, counts, &angles);
  std::free(angles);
  return code;
}

int mtcnn_detect_turned(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count,
                        mtcnn_face** faces, size_t* counts, float** angles) {
  return guarded([&] {
    require(faces != nullptr && angles != nullptr && (image_count == 0 || (images != nullptr && counts != nullptr)),
            "mtcnn_detect: images and places for faces, counts and angles");
    require_face_landmarks(known(detector));
    std::vector<mtcnn_face> all;
    std::vector<float> all_angles;
    std::vector<size_t> found_counts;
    for (const std::vector<Face>& found : known(detector).detect(views_of(images, image_count))) {
      found_counts.push_back(found.size());
      for (const Face& face : found) {
        all.push_back(plain(face));
        all_angles.push_back(face.angle);
      }
    }
    mtcnn_face* given = copied(std::span<const mtcnn_face>(all));
    try {
      *angles = copied(std::span<const float>(all_angles));
    } catch (...) {
      std::free(given);
      throw;
    }
    *faces = given;
    std::copy(found_counts.begin(), found_counts.end(), counts);
  });
}

int mtcnn_trace(const mtcnn_detector* detector, const mtcnn_image* image, char** json, float** values, size_t* count) {
  return guarded([&] {
    require(json != nullptr && values != nullptr && count != nullptr, "mtcnn_trace: places for the results");
    const TraceValues trace(known(detector).trace(view_of(image)), known(detector).landmark_names().size());
    char* text = copied(trace.json().dump());
    try {
      *values = copied(std::span<const float>(trace.values()));
    } catch (...) {
      std::free(text);
      throw;
    }
    *count = trace.values().size();
    *json = text;
  });
}

int mtcnn_read_image(const char* path, mtcnn_pixels* image) {
  return guarded([&] {
    require(path != nullptr, "mtcnn_read_image: a path");
    give(read_image(path), image);
  });
}

int mtcnn_decode_image(const void* bytes, size_t size, const char* where, mtcnn_pixels* image) {
  return guarded([&] {
    require(where != nullptr && (bytes != nullptr || size == 0), "mtcnn_decode_image: bytes and a name");
    give(decode_image(std::span(static_cast<const std::byte*>(bytes), size), where), image);
  });
}

int mtcnn_write_image(const char* path, const mtcnn_image* image) {
  return guarded([&] {
    require(path != nullptr, "mtcnn_write_image: a path");
    write_image(path, view_of(image));
  });
}

int mtcnn_stretch(const mtcnn_image* image, const float window[4], int size, mtcnn_pixels* crop) {
  return guarded([&] {
    require(window != nullptr && size > 0, "mtcnn_stretch: a window and a size");
    give(stretched(view_of(image), box_of(window), size), crop);
  });
}

int mtcnn_crop(const mtcnn_image* image, const float box[4], float margin, int size, mtcnn_pixels* crop) {
  return guarded([&] {
    require(box != nullptr && size > 0, "mtcnn_crop: a box and a size");
    give(crop_with_margin(view_of(image), box_of(box), margin, size), crop);
  });
}

int mtcnn_align(const mtcnn_image* image, const float landmarks[10], int size, mtcnn_pixels* crop) {
  return guarded([&] {
    require(landmarks != nullptr && size > 0, "mtcnn_align: landmarks and a size");
    Landmarks points;
    for (size_t i = 0; i < kLandmarkCount; ++i) points.push_back({landmarks[2 * i], landmarks[2 * i + 1]});
    give(align_face(view_of(image), points, size), crop);
  });
}
