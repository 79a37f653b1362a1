#include "mtcnn/nets/first_layer_kernels.h"

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
#include "mtcnn/nets/first_layer_kernels.inc"
}  // namespace plain

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MTCNN_VECTOR_VERSIONS
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace v3 {
#define MTCNN_VECTOR_WIDTH 8
#include "mtcnn/nets/first_layer_kernels.inc"
}  // namespace v3
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace v4 {
#define MTCNN_VECTOR_WIDTH 16
#include "mtcnn/nets/first_layer_kernels.inc"
}  // namespace v4
#pragma GCC pop_options
#endif

#ifdef MTCNN_VECTOR_VERSIONS
constexpr std::array kAll = {plain::kernels("128-bit"), v3::kernels("AVX2"), v4::kernels("AVX-512")};
#else
constexpr std::array kAll = {plain::kernels("128-bit")};
#endif

}  // namespace

std::span<const Kernels> usable_kernels() {
  size_t usable = 1;
#ifdef MTCNN_VECTOR_VERSIONS
  if (__builtin_cpu_supports("x86-64-v3")) usable = 2;
  if (__builtin_cpu_supports("x86-64-v4")) usable = 3;
#endif
  return std::span(kAll).first(usable);
}

}  // namespace mtcnn::first_layer_kernels
