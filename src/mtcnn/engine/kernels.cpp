#include "mtcnn/engine/kernels.h"

#include "mtcnn/core/simd.h"

#include <algorithm>
#include <array>
#include <cmath>

#ifdef MTCNN_X86_UNITS
#include <immintrin.h>
#endif

// Vectors only pass between functions that are inlined, so how they would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace mtcnn::engine {
namespace {

// Each namespace says how wide its vectors are; the rest is the same code.

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
#ifdef MTCNN_X86_UNITS
[[gnu::always_inline]] inline void add_pairs(Ints& sums, Ints inputs, const int16_t* weights) {
  sums += reinterpret_cast<Ints>(
      _mm_madd_epi16(reinterpret_cast<__m128i>(inputs), _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights))));
}
#include "mtcnn/engine/word_kernels.inc"
constexpr Kernels kKernels = all_kernels(kUnits, convolve_words, to_words);
#else
constexpr Kernels kKernels = all_kernels(kUnits, nullptr, nullptr);
#endif
#undef MTCNN_VECTOR_WIDTH
#undef MTCNN_VECTOR_SUMS
}  // namespace basic

#ifdef MTCNN_X86_UNITS
MTCNN_BEGIN_AVX2
namespace avx2 {
#define MTCNN_VECTOR_WIDTH 8
#define MTCNN_VECTOR_SUMS 12
#include "mtcnn/engine/kernels.inc"
[[gnu::always_inline]] inline void add_pairs(Ints& sums, Ints inputs, const int16_t* weights) {
  sums += reinterpret_cast<Ints>(_mm256_madd_epi16(reinterpret_cast<__m256i>(inputs),
                                                   _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights))));
}
#include "mtcnn/engine/word_kernels.inc"
constexpr Kernels kKernels = all_kernels("AVX2", convolve_words, to_words);
#undef MTCNN_VECTOR_WIDTH
#undef MTCNN_VECTOR_SUMS
}  // namespace avx2
MTCNN_END_UNITS
MTCNN_BEGIN_AVX512
namespace avx512 {
#define MTCNN_VECTOR_WIDTH 16
#define MTCNN_VECTOR_SUMS 24
#include "mtcnn/engine/kernels.inc"
[[gnu::always_inline]] inline void add_pairs(Ints& sums, Ints inputs, const int16_t* weights) {
  sums += reinterpret_cast<Ints>(_mm512_madd_epi16(reinterpret_cast<__m512i>(inputs), _mm512_loadu_si512(weights)));
}
#include "mtcnn/engine/word_kernels.inc"
constexpr Kernels kKernels = all_kernels("AVX-512", convolve_words, to_words);
#undef MTCNN_VECTOR_WIDTH
#undef MTCNN_VECTOR_SUMS
}  // namespace avx512
MTCNN_END_UNITS
MTCNN_BEGIN_AVX512_VNNI
namespace vnni {
using namespace avx512;
#define MTCNN_VECTOR_WIDTH 16
#define MTCNN_VECTOR_SUMS 24
[[gnu::always_inline]] inline void add_pairs(Ints& sums, Ints inputs, const int16_t* weights) {
  Ints factors{};
  __builtin_memcpy(&factors, weights, sizeof factors);
#ifdef __clang__
  sums = __builtin_ia32_vpdpwssd512(sums, inputs, factors);
#else
  sums = __builtin_ia32_vpdpwssd_v16si(sums, inputs, factors);
#endif
}
#include "mtcnn/engine/word_kernels.inc"
constexpr Kernels kKernels = all_kernels("AVX-512 VNNI", convolve_words, avx512::to_words);
#undef MTCNN_VECTOR_WIDTH
#undef MTCNN_VECTOR_SUMS
}  // namespace vnni
MTCNN_END_UNITS
constexpr std::array kAll = {basic::kKernels, avx2::kKernels, avx512::kKernels, vnni::kKernels};
#else
constexpr std::array kAll = {basic::kKernels};
#endif

size_t usable_count() {
#ifdef MTCNN_X86_UNITS
  if (has_avx512_vnni()) return kAll.size();
#endif
  return usable_versions();
}

}  // namespace

std::span<const Kernels> usable_kernels() { return std::span(kAll).first(usable_count()); }

}  // namespace mtcnn::engine
