#include "mtcnn/train/first_layer_kernels.h"

#include "mtcnn/core/simd.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

// Vectors only pass between functions that are inlined, so how they would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace mtcnn::first_layer_kernels {
namespace {

namespace plain {
#define MTCNN_VECTOR_WIDTH 4
#include "mtcnn/train/first_layer_kernels.inc"
}  // namespace plain

#ifdef MTCNN_X86_UNITS
MTCNN_BEGIN_AVX2
namespace avx2 {
#define MTCNN_VECTOR_WIDTH 8
#include "mtcnn/train/first_layer_kernels.inc"
}  // namespace avx2
MTCNN_END_UNITS
MTCNN_BEGIN_AVX512
namespace avx512 {
#define MTCNN_VECTOR_WIDTH 16
#include "mtcnn/train/first_layer_kernels.inc"
}  // namespace avx512
MTCNN_END_UNITS
constexpr std::array kAll = {plain::kernels("128-bit"), avx2::kernels("AVX2"), avx512::kernels("AVX-512")};
#else
constexpr std::array kAll = {plain::kernels("128-bit")};
#endif

}  // namespace

std::span<const Kernels> usable_kernels() { return std::span(kAll).first(usable_versions()); }

}  // namespace mtcnn::first_layer_kernels
