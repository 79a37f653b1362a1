#include "mtcnn/engine/kernels.h"

#include "mtcnn/core/simd.h"

#include <algorithm>
#include <array>

// Vectors only pass between functions that are inlined, so how they would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace mtcnn::engine {
namespace {

namespace basic {
#define MTCNN_VECTOR_WIDTH 4
#ifdef __aarch64__
#define MTCNN_VECTOR_SUMS 20
constexpr const char* kUnits = "NEON";
#else
#define MTCNN_VECTOR_SUMS 12
constexpr const char* kUnits = "128-bit";
#endif
#include "mtcnn/engine/kernels.inc"
}  // namespace basic

#ifdef MTCNN_X86_UNITS
MTCNN_BEGIN_AVX2
namespace avx2 {
#define MTCNN_VECTOR_WIDTH 8
#define MTCNN_VECTOR_SUMS 12
#include "mtcnn/engine/kernels.inc"
}  // namespace avx2
MTCNN_END_UNITS
MTCNN_BEGIN_AVX512
namespace avx512 {
#define MTCNN_VECTOR_WIDTH 16
#define MTCNN_VECTOR_SUMS 24
#include "mtcnn/engine/kernels.inc"
}  // namespace avx512
MTCNN_END_UNITS
constexpr std::array kAll = {basic::kernels(basic::kUnits), avx2::kernels("AVX2"), avx512::kernels("AVX-512")};
#else
constexpr std::array kAll = {basic::kernels(basic::kUnits)};
#endif

}  // namespace

std::span<const Kernels> usable_kernels() { return std::span(kAll).first(usable_versions()); }

}  // namespace mtcnn::engine
