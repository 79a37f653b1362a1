#include "mtcnn/engine/byte_kernels.h"

#include "mtcnn/core/simd.h"

#include <algorithm>
#include <array>
#include <cstring>

#ifdef MTCNN_X86_UNITS
#include <immintrin.h>
#endif
#ifdef MTCNN_DOT_PRODUCT_UNITS
#include <arm_neon.h>
#endif

// Vectors only pass between functions that are inlined, so how they would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace mtcnn::engine {
namespace {

// Each namespace says how wide its vectors are and how they are multiplied; the rest is the same code.

namespace plain {
#define MTCNN_VECTOR_WIDTH 16
constexpr int kSumsInRegisters = 0;
constexpr int kMostVectors = 4;
constexpr bool kInputsShifted = false;
#include "mtcnn/engine/byte_vectors.inc"
using Inputs = int32_t;

inline Inputs inputs_at(const uint8_t* bytes) { return vector_at<Inputs>(bytes); }

[[gnu::noinline]] void add_products(Ints& sums, Inputs inputs, const int8_t* weights) {
  uint8_t bytes[kByteGroup];
  std::memcpy(bytes, &inputs, kByteGroup);
  for (int lane = 0; lane < kByteLanes; ++lane) {
    for (int i = 0; i < kByteGroup; ++i) sums[lane] += bytes[i] * weights[lane * kByteGroup + i];
  }
}

#include "mtcnn/engine/byte_kernels.inc"
}  // namespace plain

#ifdef MTCNN_X86_UNITS
MTCNN_BEGIN_AVX2
namespace avx2 {
#define MTCNN_VECTOR_WIDTH 8
constexpr int kSumsInRegisters = 10;
constexpr int kMostVectors = 1;
constexpr bool kInputsShifted = false;
#include "mtcnn/engine/byte_vectors.inc"
using Inputs = __m256i;

[[gnu::always_inline]] inline Inputs inputs_at(const uint8_t* bytes) {
  return _mm256_set1_epi32(vector_at<int32_t>(bytes));
}

/// Sums of two products have 16 bits, and no pair of weights makes them larger: see kMostPair.
[[gnu::always_inline]] inline void add_products(Ints& sums, Inputs inputs, const int8_t* weights) {
  const __m256i pairs = _mm256_maddubs_epi16(inputs, vector_at<__m256i>(weights));
  sums += reinterpret_cast<Ints>(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/// Narrowing works in halves, which the last step puts into order.
[[gnu::always_inline]] inline Bytes to_bytes(const Floats (&values)[kParts]) {
  const auto rounded_down = [](const Floats& value) {
    return _mm256_cvttps_epi32(reinterpret_cast<__m256>(within_byte(value)));
  };
  const __m256i words = _mm256_packs_epi32(rounded_down(values[0]), rounded_down(values[1]));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0);
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words, words), order);
  return reinterpret_cast<Bytes>(_mm256_castsi256_si128(bytes));
}

#include "mtcnn/engine/byte_kernels.inc"
}  // namespace avx2
MTCNN_END_UNITS
MTCNN_BEGIN_AVX512_VNNI
namespace vnni {
#define MTCNN_VECTOR_WIDTH 16
constexpr int kSumsInRegisters = 24;
constexpr int kMostVectors = 4;
constexpr bool kInputsShifted = false;
#include "mtcnn/engine/byte_vectors.inc"
using Inputs = Ints;

[[gnu::always_inline]] inline Inputs inputs_at(const uint8_t* bytes) { return Ints{} + vector_at<int32_t>(bytes); }

[[gnu::always_inline]] inline void add_products(Ints& sums, Inputs inputs, const int8_t* weights) {
#ifdef __clang__
  sums = __builtin_ia32_vpdpbusd512(sums, inputs, vector_at<Ints>(weights));
#else
  sums = __builtin_ia32_vpdpbusd_v16si(sums, inputs, vector_at<Ints>(weights));
#endif
}

#include "mtcnn/engine/byte_kernels.inc"
}  // namespace vnni
MTCNN_END_UNITS
#endif

#ifdef MTCNN_DOT_PRODUCT_UNITS
MTCNN_BEGIN_DOT_PRODUCT
namespace dot_product {
#define MTCNN_VECTOR_WIDTH 4
constexpr int kSumsInRegisters = 20;
constexpr int kMostVectors = 1;
constexpr bool kInputsShifted = true;  ///< by 128: both factors of the instruction have signs
#include "mtcnn/engine/byte_vectors.inc"
using Inputs = int8x16_t;

[[gnu::always_inline]] inline Inputs inputs_at(const uint8_t* bytes) {
  return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(vdupq_n_s32(vector_at<int32_t>(bytes))), vdupq_n_u8(0x80)));
}

[[gnu::always_inline]] inline void add_products(Ints& sums, Inputs inputs, const int8_t* weights) {
  sums = reinterpret_cast<Ints>(vdotq_s32(reinterpret_cast<int32x4_t>(sums), vld1q_s8(weights), inputs));
}

/// Conversions and narrowing keep within the range by themselves.
[[gnu::always_inline]] inline Bytes to_bytes(const Floats (&values)[kParts]) {
  uint16x4_t narrow[kParts];
#pragma GCC unroll 4
  for (int part = 0; part < kParts; ++part)
    narrow[part] = vqmovn_u32(vcvtq_u32_f32(reinterpret_cast<float32x4_t>(values[part])));
  return reinterpret_cast<Bytes>(
      vcombine_u8(vqmovn_u16(vcombine_u16(narrow[0], narrow[1])), vqmovn_u16(vcombine_u16(narrow[2], narrow[3]))));
}
#include "mtcnn/engine/byte_kernels.inc"
}  // namespace dot_product
MTCNN_END_UNITS
#endif

constexpr std::array kAll = {
    plain::byte_kernels("plain"),
#ifdef MTCNN_X86_UNITS
    avx2::byte_kernels("AVX2"),
    vnni::byte_kernels("AVX-512 VNNI"),
#endif
#ifdef MTCNN_DOT_PRODUCT_UNITS
    dot_product::byte_kernels("NEON dot product"),
#endif
};

size_t usable_count() {
#ifdef MTCNN_X86_UNITS
  if (has_avx512_vnni()) return 3;
  return has_avx2() ? 2 : 1;
#else
  return has_dot_product() ? kAll.size() : 1;
#endif
}

}  // namespace

std::span<const ByteKernels> usable_byte_kernels() { return std::span(kAll).first(usable_count()); }

}  // namespace mtcnn::engine
