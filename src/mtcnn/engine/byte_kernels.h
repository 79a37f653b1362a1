#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// The arithmetic of screening: convolutions of bytes with sums in 32 bits, channels last. Sixteen channels are a
/// vector.
namespace mtcnn::engine {

inline constexpr ptrdiff_t kByteLanes = 16;
/// Bytes that are multiplied and summed at once; a kernel's row is filled up to a multiple of it with weights of 0.
inline constexpr int kByteGroup = 4;
/// What the sizes of two weights that are multiplied side by side add up to at most: sums of two products then have 16
/// bits, as some units need.
inline constexpr int kMostPair = 32767 / 255;
/// Bytes that a kernel may read behind its input and values that it may write behind its output.
inline constexpr size_t kByteSlack = 64;

/// What a channel's sum means. t = sum * scale + offset goes through PReLU; a byte is t + zero, rounded down and kept
/// within 0 … 255. All arrays have whole vectors of channels.
struct ByteMeaning {
  const float* scales = nullptr;
  const float* offsets = nullptr;
  const float* slopes = nullptr;  ///< 1 where there is no activation
  const float* zeros = nullptr;
};

/// What a convolution writes: its sums as they are, or what they mean, as floats or as bytes.
enum class ByteOutput { sums, floats, bytes };

/// A convolution with stride 1, as in Convolution.
struct ByteConvolution {
  const uint8_t* input = nullptr;
  ptrdiff_t pixel_stride = 0;
  ptrdiff_t row_stride = 0;
  ptrdiff_t kernel_row[3] = {};
  int kernel_rows = 1;
  int groups = 0;  ///< of a kernel's row
  int width = 0;
  int height = 1;

  const int8_t* weights = nullptr;  ///< [blocks, kernel_rows, groups, vectors, 16, 4]
  int blocks = 0;
  int vectors = 0;  ///< of a block, 1 to 4
  ByteMeaning meaning;

  ByteOutput kind = ByteOutput::bytes;
  void* output = nullptr;       ///< int32_t, float or uint8_t
  ptrdiff_t output_stride = 0;  ///< values from one output pixel to the next; see Convolution
};

/// PReLU, then one row of max-pooling with stride 2 and ceil mode, of sums to bytes.
struct BytePooling {
  const int32_t* rows[3] = {};  ///< [width, stride]
  int row_count = 0;
  int width = 0;
  ptrdiff_t stride = 0;  ///< values of a pixel: channels in whole vectors
  int kernel = 2;        ///< 2 or 3
  ByteMeaning meaning;
  uint8_t* output = nullptr;  ///< [pooled width, channels]
  int channels = 0;
};

/// A convolution of three rows, PReLU and max-pooling of two by two in one go, one row of bytes; up to 16 channels.
struct BytePooledRow {
  const uint8_t* rows[4] = {};  ///< input: four rows, for two of the convolution
  ptrdiff_t pixel_stride = 0;
  int groups = 0;
  const int8_t* weights = nullptr;  ///< [3, groups, 16, 4]
  ByteMeaning meaning;
  uint8_t* output = nullptr;  ///< [width, channels]
  int width = 0;              ///< pooled
  int channels = 0;
};

/// One version of the arithmetic; all give the same sums.
struct ByteKernels {
  const char* units;
  void (*convolve)(const ByteConvolution& job);
  void (*pool)(const BytePooling& job);
  void (*convolve_and_pool)(const BytePooledRow& job);
  /// Inputs of a net, values (pixel - 127.5) / 128, to the nearest pixel's byte.
  void (*to_bytes)(const float* values, ptrdiff_t count, uint8_t* bytes);
};

/// Those that this machine can run: plain code, then those for units that multiply bytes, the fastest last. With plain
/// code alone screening saves no time.
std::span<const ByteKernels> usable_byte_kernels();

}  // namespace mtcnn::engine
