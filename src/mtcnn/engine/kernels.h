#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// The arithmetic of inference on plain memory: convolutions, dense layers and pooling, channels last.
namespace mtcnn::engine {

inline constexpr int kMostKernelRows = 3;

/// Floats that a kernel may write behind the last value of its output: it stores whole vectors.
inline constexpr size_t kSlack = 16;

/// A convolution with stride 1, or a dense layer (one kernel row as long as the input, a pixel a sample). An output
/// pixel's input is `kernel_rows` runs of `row_length` floats: with channels last, the pixels of a kernel's row lie
/// side by side.
struct Convolution {
  const float* input = nullptr;                ///< of output pixel (0, 0)
  ptrdiff_t pixel_stride = 0;                  ///< floats from one output pixel's input to the next one's
  ptrdiff_t row_stride = 0;                    ///< from one output row's to the next one's
  ptrdiff_t kernel_row[kMostKernelRows] = {};  ///< where a pixel's runs begin, from its first one
  int kernel_rows = 1;
  int row_length = 0;
  int width = 0;  ///< output pixels
  int height = 1;

  const float* parameters = nullptr;  ///< see Layer
  int blocks = 0;
  int vectors = 0;
  bool activated = false;  ///< by PReLU

  float* output = nullptr;
  /// Floats from one output pixel to the next. It may be less than the channels in vectors: as the last block comes
  /// first, what a pixel writes too far is written over by the one behind it.
  ptrdiff_t output_stride = 0;
};

/// Size of the largest 16-bit input of a WordConvolution. With weights whose sizes add up to kMostWordWeights at most,
/// sums have 32 bits.
inline constexpr int kMostWord = 1 << 14;
inline constexpr int kMostWordWeights = (1 << 17) - 1;

/// One row of a convolution, as in Convolution, of 16-bit numbers that are multiplied and summed in pairs.
struct WordConvolution {
  const int16_t* input = nullptr;
  ptrdiff_t pixel_stride = 0;
  ptrdiff_t kernel_row[kMostKernelRows] = {};
  int kernel_rows = 1;
  int pairs = 0;  ///< of a kernel's row; the last one may reach one number beyond the row, and has a weight of 0 there
  int width = 0;  ///< output pixels
  float scale = 1;  ///< what an input of 1 means

  const int16_t* weights = nullptr;  ///< see WordLayer
  const float* meaning = nullptr;
  int blocks = 0;
  int vectors = 0;

  float* output = nullptr;      ///< [width, channels in whole vectors]
  ptrdiff_t output_stride = 0;  ///< floats from one output pixel to the next; at least the channels in whole vectors
};

/// PReLU, then one row of max-pooling with stride 2 and ceil mode.
struct Pooling {
  const float* rows[3] = {};  ///< [width, stride]
  int row_count = 0;          ///< fewer than `kernel` at the lower edge
  int width = 0;
  ptrdiff_t stride = 0;           ///< floats of a pixel: channels in whole vectors
  int kernel = 2;                 ///< 2 or 3
  const float* slopes = nullptr;  ///< [stride]
  bool rising = false;            ///< no slope is negative: the activation may come after the maximum
  float* output = nullptr;        ///< [pooled width, channels]
  int channels = 0;
};

/// Winograd's filtering of 3 x 3 taps in tiles of 4 x 4 output pixels (Winograd 1980; Lavin and Gray 2016), with the
/// points 0, ±kNearPoint, ±kFarPoint and infinity: their products' rounding errors are smaller than those of ±1 and ±2.
inline constexpr int kTile = 4;               ///< output pixels of a tile's side
inline constexpr int kTileInput = kTile + 2;  ///< input pixels of its side
inline constexpr int kTilePlaces = kTileInput * kTileInput;
inline constexpr float kNearPoint = 0.70710678F;
inline constexpr float kFarPoint = 1.41421356F;

/// Transforms a row of tiles of input. Channels come in whole vectors; what is read beyond the last channel does not
/// matter.
struct TileInput {
  const float* input = nullptr;  ///< of the first tile's corner
  ptrdiff_t pixel_stride = 0;
  ptrdiff_t row_stride = 0;
  int columns = 0;  ///< input pixels of a row; pixels beyond count as 0
  int rows = 0;     ///< of input; those beyond count as 0
  int tiles = 0;
  ptrdiff_t channels = 0;   ///< in whole vectors
  float* output = nullptr;  ///< [kTilePlaces, …, tiles, channels]
  ptrdiff_t place_stride = 0;
};

/// Transforms a row of tiles of products back into pixels, and adds the biases.
struct TileOutput {
  const float* products = nullptr;  ///< as TileInput::output
  ptrdiff_t place_stride = 0;
  int tiles = 0;
  ptrdiff_t channels = 0;  ///< in whole vectors
  const float* biases = nullptr;
  const float* slopes = nullptr;  ///< of PReLU; nullptr: no activation
  float* output = nullptr;        ///< [kTile, kTile * tiles, channels]
  ptrdiff_t row_stride = 0;
};

/// One version of the arithmetic.
struct Kernels {
  const char* units;  ///< the vector units that it is made for
  int lanes;          ///< floats of a vector
  int most_vectors;   ///< that a block of output channels may have: 1, 2, 3 and 4 are possible, up to this
  void (*convolve)(const Convolution& job);
  void (*pool)(const Pooling& job);
  void (*to_tiles)(const TileInput& job);
  void (*from_tiles)(const TileOutput& job);
  /// nullptr where 16-bit numbers save no time.
  void (*convolve_words)(const WordConvolution& job);
  /// Rounds floats to 16-bit numbers of at most kMostWord, scaled by a power of two that fits the largest of them.
  /// Reads and writes whole vectors. Returns what 1 means.
  float (*to_words)(const float* values, ptrdiff_t count, int16_t* words);
};

/// Those that this machine can run, the fastest last; floats differ in the order of sums and in fused roundings.
std::span<const Kernels> usable_kernels();

}  // namespace mtcnn::engine
