#pragma once

#include <stddef.h>
#include <stdint.h>

/// \file
/// The detector from C, and from every language that calls C; the Python package is built on it. The shared library
/// exports these functions and nothing else. It prints nothing, installs no signal handlers and changes no settings of
/// the process. All functions may be called from any number of threads at once.
///
///     mtcnn_detector* detector = NULL;
///     if (mtcnn_make_detector(NULL, "cpu", &detector) != MTCNN_OK) { puts(mtcnn_last_error()); return 1; }
///     mtcnn_face* faces = NULL;
///     size_t count = 0;
///     const mtcnn_image image = {pixels, width, height, 3 * (int64_t)width};
///     if (mtcnn_detect(detector, &image, 1, &faces, &count) == MTCNN_OK) …
///     mtcnn_free(faces);
///     mtcnn_free_detector(detector);
#ifdef __cplusplus
extern "C" {
#endif

#define MTCNN_API __attribute__((visibility("default")))

/// What functions return. Outputs are untouched unless it is MTCNN_OK.
enum {
  MTCNN_OK = 0,
  MTCNN_USAGE = 1,        ///< wrong arguments or options
  MTCNN_NOT_FOUND = 2,    ///< a file or folder that is not there
  MTCNN_UNREADABLE = 3,   ///< exists, but the system would not let us read it
  MTCNN_UNWRITABLE = 4,   ///< no permission, full disk, …
  MTCNN_BAD_FORMAT = 5,   ///< a file whose content is not what it should be
  MTCNN_UNSUPPORTED = 6,  ///< well formed, but of a kind or version that is not handled
  MTCNN_INTERRUPTED = 7,  ///< stopped by the user
  MTCNN_NO_MEMORY = 8,
  MTCNN_BUG = 9  ///< a condition that is written here was broken, or a bug of the library
};

/// The line that says what the last failed call in this thread failed of: where, what was found, what was expected,
/// what to do. Valid until the next failed call in this thread; "" before the first.
MTCNN_API const char* mtcnn_last_error(void);

/// Version "major.minor.patch"; commit; the licences of the library and of what it carries.
MTCNN_API const char* mtcnn_version(void);
MTCNN_API const char* mtcnn_commit(void);
MTCNN_API const char* mtcnn_licences(void);
/// Of the LibTorch that this library links; "" where it links none.
MTCNN_API const char* mtcnn_libtorch_version(void);

/// Takes a line of text; may be called from any thread, never twice at once.
/// \param level  2 = warning, 3 = error
typedef void (*mtcnn_log_sink)(int level, const char* text);

/// Where warnings and errors go that no call returns. NULL, the default, drops them.
MTCNN_API void mtcnn_set_log(mtcnn_log_sink sink);

/// How many threads a search may take, in the whole process; 0, the default, = one a core.
MTCNN_API int mtcnn_set_threads(int count);

/// Frees what a function here has allocated; NULL is allowed.
MTCNN_API void mtcnn_free(void* memory);

/// RGB, 8 bits a channel, rows from the top; pixels of a row without gaps. Width or height may be 0.
typedef struct mtcnn_image {
  const uint8_t* pixels;
  int32_t width;
  int32_t height;
  int64_t row_stride;  ///< bytes from row to row
} mtcnn_image;

/// RGB, without gaps; `pixels` is allocated, see mtcnn_free().
typedef struct mtcnn_pixels {
  uint8_t* pixels;
  int32_t width;
  int32_t height;
} mtcnn_pixels;

/// Image pixels, origin top left. The box is half-open and may leave the image unless the option `clip` is on.
/// Landmarks are x, y of left eye, right eye, nose, left and right mouth corner, as seen in the image. For models with
/// these five points; mtcnn_search() is for all models.
typedef struct mtcnn_face {
  float x1, y1, x2, y2;
  float confidence;
  float landmarks[10];
} mtcnn_face;

typedef struct mtcnn_detector mtcnn_detector;

/// \param model_folder  NULL for the built-in default model.
/// \param device  "cpu"; in a library with LibTorch also "cuda", "cuda:N", "auto" and "cpu:torch".
MTCNN_API int mtcnn_make_detector(const char* model_folder, const char* device, mtcnn_detector** detector);

/// The same nets with other options; the two detectors live independently.
/// \param json  an object of options by their names in docs/configuration.md; what is absent stays.
/// \param where  what error texts call it.
MTCNN_API int mtcnn_with_options(const mtcnn_detector* detector, const char* json, const char* where,
                                 mtcnn_detector** changed);

MTCNN_API void mtcnn_free_detector(mtcnn_detector* detector);

/// All options that are in force, as a JSON object; allocated.
MTCNN_API int mtcnn_options(const mtcnn_detector* detector, char** json);

/// "cpu", "cuda:0" or "cpu:torch"; allocated.
MTCNN_API int mtcnn_device(const mtcnn_detector* detector, char** name);

/// What the model finds, the name of one: "face"; allocated.
MTCNN_API int mtcnn_object(const mtcnn_detector* detector, char** name);

/// The names of a detection's landmarks, in order, as a JSON array; empty for a model without; allocated.
MTCNN_API int mtcnn_landmark_names(const mtcnn_detector* detector, char** json);

/// For a model with any number K of landmarks.
/// \param images  of any sizes
/// \param rows    [all detections, 6 + 2 K]: x1, y1, x2, y2 and confidence as in mtcnn_face, x and y of each landmark,
///                and the angle as mtcnn_detect_turned() gives it; those of the first image first, by falling
///                confidence; allocated.
/// \param counts  [image_count]: how many of them each image has
MTCNN_API int mtcnn_search(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count, float** rows,
                           size_t* counts);

/// mtcnn_search() for images whose pixels lie in the memory of the detector's device, where they are read without a
/// copy to the host. On a GPU they are read in the order of the calling thread's current stream in LibTorch (that of
/// torch in a Python process). MTCNN_USAGE where the option `rotate` is not 0 and the device not "cpu".
MTCNN_API int mtcnn_search_on_device(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count,
                                     float** rows, size_t* counts);

/// MTCNN_UNSUPPORTED for a model with other landmarks than the five of a face.
/// \param images  of any sizes
/// \param faces   all faces, those of the first image first, by falling confidence; allocated.
/// \param counts  [image_count]: how many of them each image has
MTCNN_API int mtcnn_detect(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count,
                           mtcnn_face** faces, size_t* counts);

/// mtcnn_detect() that also tells how faces are turned, for searches with the option `rotate`.
/// \param angles  of all faces, in their order: degrees clockwise from upright, [0, 360); allocated.
MTCNN_API int mtcnn_detect_turned(const mtcnn_detector* detector, const mtcnn_image* images, size_t image_count,
                                  mtcnn_face** faces, size_t* counts, float** angles);

/// The search of one image, step by step (Trace in mtcnn/detect/trace.h).
/// \param json    an object of the steps; an array of floats is {"at": index into values, "shape": [sizes]}; allocated.
///                R-Net gives no landmarks: they are 0. Landmarks are as many as the model has.
/// \param values  [count]; allocated.
MTCNN_API int mtcnn_trace(const mtcnn_detector* detector, const mtcnn_image* image, char** json, float** values,
                          size_t* count);

/// Reads JPEG, PNG, BMP, WebP, TIFF, PNM or JPEG 2000 (HEIC, AVIF, JPEG XL and GIF where the module mtcnn-images.so is
/// there), upright as its EXIF orientation says, on white if transparent.
MTCNN_API int mtcnn_read_image(const char* path, mtcnn_pixels* image);

/// The same from a file's bytes.
/// \param where  what error texts call it.
MTCNN_API int mtcnn_decode_image(const void* bytes, size_t size, const char* where, mtcnn_pixels* image);

/// The format follows the ending of the name.
MTCNN_API int mtcnn_write_image(const char* path, const mtcnn_image* image);

/// The window stretched to size x size pixels, whatever its shape; black outside the image.
/// \param window  x1 y1 x2 y2
MTCNN_API int mtcnn_stretch(const mtcnn_image* image, const float window[4], int size, mtcnn_pixels* crop);

/// The square round a box; black outside the image.
/// \param margin  space on each side, as a share of the box's longer side
MTCNN_API int mtcnn_crop(const mtcnn_image* image, const float box[4], float margin, int size, mtcnn_pixels* crop);

/// The face turned and scaled so that its landmarks come nearest to where recognition nets like ArcFace expect them.
/// \param landmarks  as in mtcnn_face
MTCNN_API int mtcnn_align(const mtcnn_image* image, const float landmarks[10], int size, mtcnn_pixels* crop);

#ifdef __cplusplus
}
#endif
