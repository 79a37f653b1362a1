#include "mtcnn/engine/byte_kernels.h"

#include <algorithm>
#include <cstring>

// Vectors only pass between functions that are inlined, so how they would be passed does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace mtcnn::engine {
namespace {

namespace plain {
#include "mtcnn/engine/byte_kernels.inc"
}  // namespace plain

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MTCNN_BYTE_UNITS
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,avx512vnni,prefer-vector-width=512")
namespace vnni {
#include "mtcnn/engine/byte_kernels.inc"
}  // namespace vnni
#pragma GCC pop_options
#endif

constexpr ByteKernels kPlain = plain::byte_kernels("plain");
#ifdef MTCNN_BYTE_UNITS
constexpr ByteKernels kVnni = vnni::byte_kernels("AVX-512 VNNI");
#endif

}  // namespace

const ByteKernels& plain_byte_kernels() { return kPlain; }

const ByteKernels* fast_byte_kernels() {
#ifdef MTCNN_BYTE_UNITS
  if (__builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni")) return &kVnni;
#endif
  return nullptr;
}

}  // namespace mtcnn::engine
