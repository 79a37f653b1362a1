// The module mtcnn-images.so (more_decoders.h): the libraries that most programs never need. Links nothing else of
// ours.
#include "mtcnn/image/module_call.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#ifdef MTCNN_WITH_HEIF
#include <libheif/heif.h>
#endif
#ifdef MTCNN_WITH_JXL
#include <jxl/decode.h>
#endif
#ifdef MTCNN_WITH_GIF
#include <gif_lib.h>
#endif
#ifdef MTCNN_WITH_WEBP
#include <webp/decode.h>
#include <webp/demux.h>
#endif
#ifdef MTCNN_WITH_JPEG
#include <csetjmp>

#include <jpeglib.h>
// After the library's own header, on which it depends.
#include <jerror.h>
#endif

namespace mtcnn {
namespace {

constexpr size_t kPixelBytes = 4;

ModuleAnswer answer(ModuleCall& call, ModuleAnswer kind, const char* message) {
  std::snprintf(call.message, sizeof call.message, "%s", message == nullptr ? "" : message);
  return kind;
}

ModuleAnswer damaged(ModuleCall& call, const char* message) { return answer(call, ModuleAnswer::damaged, message); }

[[maybe_unused]] ModuleAnswer left_out(ModuleCall& call, const char* library, const char* option) {
  const std::string message = std::string("built without ") + library + "; the CMake option " + option + "=ON adds it";
  return answer(call, ModuleAnswer::unsupported, message.c_str());
}

template <auto free_it>
struct Free {
  template <class Object>
  void operator()(Object* object) const {
    free_it(object);
  }
};

/// The answer where that is the size: it was all that was asked for, or it is another than the one measured before.
/// \return nothing where the decoder may go on.
[[maybe_unused]] std::optional<ModuleAnswer> answer_size(ModuleCall& call, int64_t width, int64_t height) {
  if (call.task == ModuleTask::measure) {
    call.width = width;
    call.height = height;
    return ModuleAnswer::done;
  }
  if (width != call.width || height != call.height) return damaged(call, "two sizes");
  return std::nullopt;
}

#ifdef MTCNN_WITH_HEIF
ModuleAnswer heif_failure(ModuleCall& call, const heif_error& error) {
  const bool unsupported = error.code == heif_error_Unsupported_feature ||
                           error.code == heif_error_Unsupported_filetype ||
                           error.code == heif_error_Decoder_plugin_error;
  if (error.code == heif_error_Memory_allocation_error && error.subcode != heif_suberror_Security_limit_exceeded)
    return ModuleAnswer::no_memory;
  return answer(call, unsupported ? ModuleAnswer::unsupported : ModuleAnswer::damaged, error.message);
}

/// libheif turns images itself, as the container says; EXIF does not count then.
ModuleAnswer heif(ModuleCall& call) {
  const std::unique_ptr<heif_context, Free<heif_context_free>> context(heif_context_alloc());
  if (!context) return ModuleAnswer::no_memory;
  heif_error error = heif_context_read_from_memory_without_copy(context.get(), call.bytes, call.size, nullptr);
  if (error.code != heif_error_Ok) return heif_failure(call, error);
  heif_image_handle* found = nullptr;
  error = heif_context_get_primary_image_handle(context.get(), &found);
  if (error.code != heif_error_Ok) return heif_failure(call, error);
  const std::unique_ptr<heif_image_handle, Free<heif_image_handle_release>> handle(found);
  const int width = heif_image_handle_get_width(handle.get());
  const int height = heif_image_handle_get_height(handle.get());
  if (const auto answered = answer_size(call, width, height)) return *answered;
  const std::unique_ptr<heif_decoding_options, Free<heif_decoding_options_free>> options(heif_decoding_options_alloc());
  if (!options) return ModuleAnswer::no_memory;
  options->convert_hdr_to_8bit = 1;
  heif_image* decoded = nullptr;
  error = heif_decode_image(handle.get(), &decoded, heif_colorspace_RGB, heif_chroma_interleaved_RGBA, options.get());
  if (error.code != heif_error_Ok) return heif_failure(call, error);
  const std::unique_ptr<heif_image, Free<heif_image_release>> image(decoded);
  if (heif_image_get_primary_width(decoded) != call.width || heif_image_get_primary_height(decoded) != call.height)
    return damaged(call, "the image has another size than its container says");
  int stride = 0;
  const uint8_t* from = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
  if (from == nullptr) return damaged(call, "no pixels");
  const size_t row = static_cast<size_t>(call.width) * kPixelBytes;
  for (int64_t y = 0; y < call.height; ++y)
    std::memcpy(call.pixels + static_cast<size_t>(y) * row, from + y * stride, row);
  if (heif_image_is_premultiplied_alpha(decoded) != 0) {
    for (uint8_t* pixel = call.pixels; pixel < call.pixels + static_cast<size_t>(call.height) * row;
         pixel += kPixelBytes) {
      const int alpha = pixel[3];
      for (int k = 0; k < 3 && alpha > 0; ++k)
        pixel[k] = static_cast<uint8_t>(std::min(255, (pixel[k] * 255 + alpha / 2) / alpha));
    }
  }
  return ModuleAnswer::done;
}
#else
ModuleAnswer heif(ModuleCall& call) { return left_out(call, "libheif", "MTCNN_WITH_HEIF"); }
#endif

#ifdef MTCNN_WITH_JXL
ModuleAnswer jpeg_xl(ModuleCall& call) {
  const std::unique_ptr<JxlDecoder, Free<JxlDecoderDestroy>> decoder(JxlDecoderCreate(nullptr));
  if (!decoder) return ModuleAnswer::no_memory;
  const bool measure = call.task == ModuleTask::measure;
  const int events = JXL_DEC_BASIC_INFO | (measure ? 0 : JXL_DEC_FULL_IMAGE);
  if (JxlDecoderSubscribeEvents(decoder.get(), events) != JXL_DEC_SUCCESS ||
      JxlDecoderSetUnpremultiplyAlpha(decoder.get(), JXL_TRUE) != JXL_DEC_SUCCESS ||
      JxlDecoderSetInput(decoder.get(), call.bytes, call.size) != JXL_DEC_SUCCESS)
    return damaged(call, "the decoder does not start");
  const JxlPixelFormat format = {kPixelBytes, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
  for (;;) {
    switch (JxlDecoderProcessInput(decoder.get())) {
      case JXL_DEC_BASIC_INFO: {
        JxlBasicInfo info = {};
        if (JxlDecoderGetBasicInfo(decoder.get(), &info) != JXL_DEC_SUCCESS) return damaged(call, "no size");
        if (const auto answered = answer_size(call, info.xsize, info.ysize)) return *answered;
        break;
      }
      case JXL_DEC_NEED_IMAGE_OUT_BUFFER: {
        const size_t bytes = static_cast<size_t>(call.width) * static_cast<size_t>(call.height) * kPixelBytes;
        size_t need = 0;
        if (JxlDecoderImageOutBufferSize(decoder.get(), &format, &need) != JXL_DEC_SUCCESS || need != bytes ||
            JxlDecoderSetImageOutBuffer(decoder.get(), &format, call.pixels, bytes) != JXL_DEC_SUCCESS)
          return damaged(call, "two sizes");
        break;
      }
      case JXL_DEC_FULL_IMAGE:
        return ModuleAnswer::done;
      case JXL_DEC_NEED_MORE_INPUT:
        return damaged(call, "the data ends too early");
      default:
        return damaged(call, "libjxl cannot decode the data");
    }
  }
}
#else
ModuleAnswer jpeg_xl(ModuleCall& call) { return left_out(call, "libjxl", "MTCNN_WITH_JXL"); }
#endif

#ifdef MTCNN_WITH_GIF
struct GifBytes {
  const uint8_t* at;
  size_t left;
};

int read_gif(GifFileType* gif, GifByteType* to, int count) {
  auto& source = *static_cast<GifBytes*>(gif->UserData);
  const size_t size = std::min(static_cast<size_t>(std::max(count, 0)), source.left);
  std::memcpy(to, source.at, size);
  source.at += size;
  source.left -= size;
  return static_cast<int>(size);
}

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

/// Goes to the first frame; the index that means transparent before it, or -1.
bool find_gif_frame(GifFileType& gif, int& transparent) {
  transparent = -1;
  GifRecordType record = UNDEFINED_RECORD_TYPE;
  while (DGifGetRecordType(&gif, &record) == GIF_OK) {
    if (record == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(&gif) == GIF_OK;
    if (record != EXTENSION_RECORD_TYPE) return false;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(&gif, &code, &block) != GIF_OK) return false;
    while (block != nullptr) {
      GraphicsControlBlock control = {};
      if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
        transparent = control.TransparentColor;
      if (DGifGetExtensionNext(&gif, &block) != GIF_OK) return false;
    }
  }
  return false;
}

ModuleAnswer gif(ModuleCall& call) {
  GifBytes source{call.bytes, call.size};
  int failure = 0;
  const std::unique_ptr<GifFileType, CloseGif> file(DGifOpen(&source, read_gif, &failure));
  if (!file) return damaged(call, GifErrorString(failure));
  int transparent = -1;
  if (!find_gif_frame(*file, transparent)) return damaged(call, GifErrorString(file->Error));
  const GifImageDesc& frame = file->Image;
  if (frame.Width < 1 || frame.Height < 1) return damaged(call, "a first frame without pixels");
  // A few old files give no size of their own.
  const int width = file->SWidth > 0 ? file->SWidth : frame.Left + frame.Width;
  const int height = file->SHeight > 0 ? file->SHeight : frame.Top + frame.Height;
  // A code of LZW stands for 4,096 pixels at most; small images may be mostly background.
  constexpr size_t kSmall = size_t{1} << 24;
  const size_t pixels = static_cast<size_t>(width) * static_cast<size_t>(height);
  if (pixels > kSmall && pixels / 4096 > call.size) return damaged(call, "too few bytes for so large an image");
  if (const auto answered = answer_size(call, width, height)) return *answered;
  const ColorMapObject* colours = frame.ColorMap != nullptr ? frame.ColorMap : file->SColorMap;
  if (colours == nullptr) return damaged(call, "there are no colours");
  const size_t row = static_cast<size_t>(width) * kPixelBytes;
  std::memset(call.pixels, 0, row * static_cast<size_t>(height));
  std::vector<GifPixelType> line(static_cast<size_t>(std::max<GifWord>(frame.Width, 1)));
  struct Pass {
    int first, step;
  };
  constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  constexpr Pass kPlain[] = {{0, 1}};
  const Pass* pass = frame.Interlace ? kInterlaced : kPlain;
  const int passes = frame.Interlace ? 4 : 1;
  for (int k = 0; k < passes; ++k) {
    for (int y = pass[k].first; y < frame.Height; y += pass[k].step) {
      if (DGifGetLine(file.get(), line.data(), frame.Width) != GIF_OK)
        return damaged(call, GifErrorString(file->Error));
      const int to_y = frame.Top + y;
      if (to_y < 0 || to_y >= height) continue;
      for (int x = 0; x < frame.Width; ++x) {
        const int to_x = frame.Left + x;
        const int index = line[static_cast<size_t>(x)];
        if (to_x < 0 || to_x >= width || index == transparent || index >= colours->ColorCount) continue;
        uint8_t* to = call.pixels + static_cast<size_t>(to_y) * row + static_cast<size_t>(to_x) * kPixelBytes;
        const GifColorType& colour = colours->Colors[index];
        to[0] = colour.Red;
        to[1] = colour.Green;
        to[2] = colour.Blue;
        to[3] = 255;
      }
    }
  }
  return ModuleAnswer::done;
}
#else
ModuleAnswer gif(ModuleCall& call) { return left_out(call, "giflib", "MTCNN_WITH_GIF"); }
#endif

#ifdef MTCNN_WITH_WEBP
ModuleAnswer animated_webp(ModuleCall& call) {
  const WebPData data = {call.bytes, call.size};
  const std::unique_ptr<WebPDemuxer, Free<WebPDemuxDelete>> demuxer(WebPDemux(&data));
  if (!demuxer) return damaged(call, "libwebp finds no frames");
  const int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  if (const auto answered = answer_size(call, width, height)) return *answered;
  WebPIterator frame = {};
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) return damaged(call, "there is no frame");
  const std::unique_ptr<WebPIterator, void (*)(WebPIterator*)> release(&frame, WebPDemuxReleaseIterator);
  const bool inside = frame.x_offset >= 0 && frame.y_offset >= 0 && frame.width > 0 && frame.height > 0 &&
                      frame.x_offset + int64_t{frame.width} <= width &&
                      frame.y_offset + int64_t{frame.height} <= height;
  if (!inside) return damaged(call, "a frame outside the image");
  const size_t row = static_cast<size_t>(width) * kPixelBytes;
  std::memset(call.pixels, 0, row * static_cast<size_t>(height));
  const size_t start = static_cast<size_t>(frame.y_offset) * row + static_cast<size_t>(frame.x_offset) * kPixelBytes;
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return damaged(call, "libwebp of another version");
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = call.pixels + start;
  config.output.u.RGBA.stride = static_cast<int>(row);
  config.output.u.RGBA.size = row * static_cast<size_t>(height) - start;
  if (WebPDecode(frame.fragment.bytes, frame.fragment.size, &config) != VP8_STATUS_OK)
    return damaged(call, "libwebp cannot decode the first frame");
  return ModuleAnswer::done;
}
#else
ModuleAnswer animated_webp(ModuleCall& call) { return left_out(call, "libwebp", "MTCNN_WITH_WEBP"); }
#endif

#ifdef MTCNN_WITH_JPEG
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf leave;
  bool pixels_missing;
};

[[noreturn]] void leave_jpeg(j_common_ptr info) { std::longjmp(reinterpret_cast<JpegErrors*>(info->err)->leave, 1); }

/// Of all complaints only that of missing pixels counts, and those about data that is wrong.
void note_jpeg(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code != JWRN_JPEG_EOF)
    reinterpret_cast<JpegErrors*>(info->err)->pixels_missing = true;
}

ModuleAnswer whole_jpeg(ModuleCall& call) {
  jpeg_decompress_struct info;
  JpegErrors errors;
  errors.pixels_missing = false;
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = leave_jpeg;
  errors.manager.emit_message = note_jpeg;
  JSAMPARRAY row = nullptr;
  // No object with a destructor lives between here and the end: the library leaves by longjmp.
  if (setjmp(errors.leave) != 0) {
    jpeg_destroy_decompress(&info);
    return ModuleAnswer::damaged;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, call.bytes, static_cast<unsigned long>(call.size));  // NOLINT(google-runtime-int): the library's
  jpeg_read_header(&info, TRUE);
  info.out_color_space = info.jpeg_color_space;  // no conversion
  info.raw_data_out = FALSE;
  jpeg_start_decompress(&info);
  const JDIMENSION row_bytes = info.output_width * static_cast<JDIMENSION>(info.output_components);
  row = (*info.mem->alloc_sarray)(reinterpret_cast<j_common_ptr>(&info), JPOOL_IMAGE, row_bytes, 1);
  while (info.output_scanline < info.output_height && !errors.pixels_missing) jpeg_read_scanlines(&info, row, 1);
  jpeg_destroy_decompress(&info);
  return errors.pixels_missing ? ModuleAnswer::damaged : ModuleAnswer::done;
}
#else
ModuleAnswer whole_jpeg(ModuleCall& call) { return left_out(call, "libjpeg", "MTCNN_WITH_JPEG"); }
#endif

ModuleAnswer answer_call(ModuleCall& call) {
  switch (call.picture) {
    case ModulePicture::heif:
      return heif(call);
    case ModulePicture::jpeg_xl:
      return jpeg_xl(call);
    case ModulePicture::gif:
      return gif(call);
    case ModulePicture::animated_webp:
      return animated_webp(call);
    case ModulePicture::jpeg:
      return whole_jpeg(call);
  }
  return ModuleAnswer::unsupported;
}

}  // namespace
}  // namespace mtcnn

// NOLINTNEXTLINE(readability-identifier-naming): kModuleFunction
extern "C" __attribute__((visibility("default"))) mtcnn::ModuleAnswer mtcnn_images_1(mtcnn::ModuleCall* call) {
  try {
    return mtcnn::answer_call(*call);
  } catch (const std::bad_alloc&) {
    return mtcnn::ModuleAnswer::no_memory;
  }
}
