#pragma once

#include <cstddef>  // so that __GLIBC__ is known
#include <string>

/// Code for vector units that not every machine has, picked when the program runs. Compilers: GCC 11 or Clang 14, or
/// later.
///
///   MTCNN_BEGIN_AVX2
///   … functions that only run where has_avx2() says so …
///   MTCNN_END_UNITS
///
/// MTCNN_X86_UNITS is defined where the x86 ones can be compiled, MTCNN_DOT_PRODUCT_UNITS where that of 64-bit Arm can.
/// NEON needs neither: every 64-bit Arm processor has it, and the compiler's vector types become it.
#define MTCNN_PRAGMA(...) _Pragma(#__VA_ARGS__)
#ifdef __clang__
#define MTCNN_BEGIN_UNITS(features) \
  MTCNN_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define MTCNN_END_UNITS MTCNN_PRAGMA(clang attribute pop)
#else
#define MTCNN_BEGIN_UNITS(features) MTCNN_PRAGMA(GCC push_options) MTCNN_PRAGMA(GCC target(features))
#define MTCNN_END_UNITS MTCNN_PRAGMA(GCC pop_options)
#endif

#if defined(__x86_64__) && defined(__GNUC__)
#define MTCNN_X86_UNITS
#ifdef __clang__
#define MTCNN_AVX512 "avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#define MTCNN_BEGIN_AVX2 MTCNN_BEGIN_UNITS("avx2,fma,bmi,bmi2")
#define MTCNN_BEGIN_AVX512 MTCNN_BEGIN_UNITS(MTCNN_AVX512)
#define MTCNN_BEGIN_AVX512_VNNI MTCNN_BEGIN_UNITS(MTCNN_AVX512 ",avx512vnni")
#else
#define MTCNN_BEGIN_AVX2 MTCNN_BEGIN_UNITS("arch=x86-64-v3")
#define MTCNN_BEGIN_AVX512 MTCNN_BEGIN_UNITS("arch=x86-64-v4,prefer-vector-width=512")
#define MTCNN_BEGIN_AVX512_VNNI MTCNN_BEGIN_UNITS("arch=x86-64-v4,avx512vnni,prefer-vector-width=512")
#endif
#endif

// Clang's arm_neon.h declares the instructions of units that the command line does not name from 16 on.
#if defined(__aarch64__) && defined(__linux__) && defined(__GNUC__) && (!defined(__clang__) || __clang_major__ >= 16)
#define MTCNN_DOT_PRODUCT_UNITS
#ifdef __clang__
#define MTCNN_BEGIN_DOT_PRODUCT MTCNN_BEGIN_UNITS("dotprod")
#else
#define MTCNN_BEGIN_DOT_PRODUCT MTCNN_BEGIN_UNITS("arch=armv8.2-a+dotprod")
#endif
#endif

/// Put before a function with a hot plain loop: the compiler makes a version of it for each generation of x86 vector
/// units and picks one when the program starts. It means nothing on other processors, under sanitizers (which start too
/// late for that), and with C libraries other than glibc, whose loaders cannot pick. Clang knows no generations here,
/// so its second version has AVX2 alone.
#if !defined(MTCNN_X86_UNITS) || !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MTCNN_SIMD_CLONES
#elif !defined(__clang__)
#define MTCNN_SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MTCNN_SIMD_CLONES
#else
#define MTCNN_SIMD_CLONES __attribute__((target_clones("avx2", "default")))
#endif

namespace mtcnn {

/// Whether this machine has the units that code between MTCNN_BEGIN_… and MTCNN_END_UNITS needs, and the environment
/// variable MTCNN_VECTOR leaves them usable: "plain", "avx2", "avx512" or "vnni" ("neon" or "dotprod" on Arm) is the
/// most that is used. It says nothing to functions with MTCNN_SIMD_CLONES.
/// \throws Error{usage} if MTCNN_VECTOR holds something else.
bool has_avx2();
bool has_avx512();
bool has_avx512_vnni();
bool has_dot_product();

/// Of a list with a version for all machines, one for AVX2 and one for AVX-512, in this order: how many can be used, 1
/// to 3.
size_t usable_versions();

/// What is used, by the names of MTCNN_VECTOR.
std::string vector_units();

}  // namespace mtcnn
