#include "mtcnn/image/more_decoders.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/paths.h"
#include "mtcnn/core/text.h"
#include "mtcnn/image/module_call.h"

#include <cstdlib>
#include <filesystem>
#include <new>

#include <dlfcn.h>

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModule = "mtcnn-images.so";

struct Module {
  ModuleFunction call = nullptr;
  std::string problem;  ///< why there is none
};

/// Beside the program or library that this code is in, or where an installation puts it from there.
fs::path module_path() {
  if (const char* given = std::getenv("MTCNN_IMAGE_MODULE"); given != nullptr && *given != '\0') return given;
  Dl_info self = {};
  fs::path folder;
  if (::dladdr(reinterpret_cast<const void*>(&module_path), &self) != 0 && self.dli_fname != nullptr)
    folder = fs::absolute(self.dli_fname).parent_path();
  std::error_code failure;
  // A program started by a bare name is known to the loader by that name alone.
  if (!path_exists(folder / kModule)) {
    const fs::path program = fs::read_symlink("/proc/self/exe", failure).parent_path();
    for (const fs::path& place :
         {program, program / "..", program / ".." / MTCNN_LIBRARY_FOLDER, folder / ".." / MTCNN_LIBRARY_FOLDER}) {
      if (path_exists(place / kModule)) return place / kModule;
    }
  }
  return folder / kModule;
}

Module load() {
  const fs::path path = module_path();
  if (!path_exists(path)) return {nullptr, {}};
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return {nullptr, ::dlerror()};
  auto* function = reinterpret_cast<ModuleFunction>(::dlsym(library, kModuleFunction));
  return function == nullptr ? Module{nullptr, concat(path.string(), " is of another version")} : Module{function, {}};
}

const Module& module() {
  static const Module loaded = load();
  return loaded;
}

struct Words {
  ModulePicture picture;
  const char* name;
  const char* library;
  const char* option;
};

Words words_of(PictureKind kind) {
  switch (kind) {
    case PictureKind::heif:
      return {ModulePicture::heif, "a HEIC or AVIF", "libheif", "MTCNN_WITH_HEIF"};
    case PictureKind::jpeg_xl:
      return {ModulePicture::jpeg_xl, "a JPEG XL", "libjxl", "MTCNN_WITH_JXL"};
    case PictureKind::gif:
      return {ModulePicture::gif, "a GIF", "giflib", "MTCNN_WITH_GIF"};
    default:
      return {ModulePicture::animated_webp, "an animated WebP", "libwebp", "MTCNN_WITH_WEBP"};
  }
}

void call(const Words& words, ModuleCall& request, const std::string& where) {
  const Module& loaded = module();
  if (loaded.call == nullptr) {
    throw Error(
        ErrorCode::unsupported,
        concat("reading ", words.name, " needs ", words.library, ", ",
               loaded.problem.empty() ? "and this program was built without it" : "which cannot be loaded here"),
        {.where = where,
         .found = loaded.problem,
         .hint = concat("convert it to PNG or JPEG, or build with the CMake option ", words.option, "=ON")});
  }
  switch (loaded.call(&request)) {
    case ModuleAnswer::done:
      return;
    case ModuleAnswer::no_memory:
      throw std::bad_alloc();
    case ModuleAnswer::unsupported:
      throw Error(ErrorCode::unsupported, concat("this image (", words.name, ") cannot be decoded here"),
                  {.where = where, .found = as_line(request.message), .hint = "convert it to PNG or JPEG"});
    case ModuleAnswer::damaged:
      break;
  }
  throw Error(ErrorCode::bad_format, concat("this image (", words.name, ") is cut off or damaged"),
              {.where = where, .found = as_line(request.message), .hint = "copy or download the file again"});
}

ModuleCall request_of(ModuleTask task, ModulePicture picture, std::span<const std::byte> bytes) {
  ModuleCall request = {};
  request.task = task;
  request.picture = picture;
  request.bytes = reinterpret_cast<const uint8_t*>(bytes.data());
  request.size = bytes.size();
  return request;
}

}  // namespace

MoreSize more_size(PictureKind kind, std::span<const std::byte> bytes, const std::string& where) {
  const Words words = words_of(kind);
  ModuleCall request = request_of(ModuleTask::measure, words.picture, bytes);
  call(words, request, where);
  return {request.width, request.height};
}

void decode_more(PictureKind kind, std::span<const std::byte> bytes, const MoreSize& size, uint8_t* pixels,
                 const std::string& where) {
  const Words words = words_of(kind);
  ModuleCall request = request_of(ModuleTask::decode, words.picture, bytes);
  request.width = size.width;
  request.height = size.height;
  request.pixels = pixels;
  call(words, request, where);
}

bool is_whole_jpeg(std::span<const std::byte> bytes) {
  if (module().call == nullptr) return false;
  ModuleCall request = request_of(ModuleTask::is_whole_jpeg, ModulePicture::jpeg, bytes);
  return module().call(&request) == ModuleAnswer::done;
}

}  // namespace mtcnn
