#pragma once

#include <cstdint>

/// What passes between the library and the module mtcnn-images.so. Both are built together; the name of the function
/// changes where this does.
namespace mtcnn {

/// What the module is asked.
enum class ModuleTask : int32_t { measure, decode, is_whole_jpeg };
/// Kinds of images that the module knows.
enum class ModulePicture : int32_t { heif, jpeg_xl, gif, animated_webp, jpeg };
/// How it went.
enum class ModuleAnswer : int32_t { done, damaged, unsupported, no_memory };

/// One question, and its answer.
struct ModuleCall {
  ModuleTask task;
  ModulePicture picture;
  const uint8_t* bytes;
  uint64_t size;
  int64_t width;  ///< out for `measure`, in for `decode`
  int64_t height;
  uint8_t* pixels;    ///< of `decode`: width * height * 4 bytes, R, G, B, A
  char message[240];  ///< for answers other than done
};

/// The one function of the module.
using ModuleFunction = ModuleAnswer (*)(ModuleCall*);
/// Its name.
inline constexpr const char* kModuleFunction = "mtcnn_images_1";

}  // namespace mtcnn
